import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import type { Mountable } from '@drawbridge/core'
import { drawbridge as forExpress } from '@drawbridge/express'
import { drawbridge as forFastify } from '@drawbridge/fastify'
import { drawbridge as forHono } from '@drawbridge/hono'
import { drawbridge as forNode } from '@drawbridge/node'
import { serve } from '@hono/node-server'
import express, { type RequestHandler } from 'express'
import fastify, { type FastifyInstance } from 'fastify'
import { type Context, Hono } from 'hono'

/** An application in which something else comes before what is mounted, and may read the body. */
export type Application = (mounted: Mountable) => Promise<{ url: string; close(): Promise<void> }>

/** What reads bodies leaves them where the framework's own parsers do, or where hooks hand them on. */
export const leavingTheBody: Readonly<Record<string, Application>> = {
  express: onExpress(),
  'express.json()': onExpress(express.json({ limit: '4mb' })),
  'express.json(), not strict, of any type': onExpress(
    express.json({ limit: '4mb', strict: false, type: '*/*' }),
  ),
  'express.text()': onExpress(express.text({ limit: '4mb', type: '*/*' })),
  'express.raw()': onExpress(express.raw({ limit: '4mb', type: '*/*' })),
  hono: onHono(),
  'c.req.json()': onHono((c) => c.req.json()),
  'c.req.text()': onHono((c) => c.req.text()),
  'c.req.arrayBuffer()': onHono((c) => c.req.arrayBuffer()),
  fastify: onFastify(),
  'node:http': onNode(),
  'a preParsing hook': onFastify((app) => {
    app.addHook('preParsing', async (_request, _reply, payload) => Readable.from([await buffer(payload)]))
  }),
}

/** What reads bodies and keeps them for itself: a mistake of the application. */
export const takingTheBody: Readonly<Record<string, Application>> = {
  'an Express middleware': onExpress((req, _res, next) => void text(req).then(() => next(), next)),
  'c.req.raw.text()': onHono((c) => c.req.raw.text()),
  'a listener of node:http': onNode(async (req) => void (await text(req))),
  'a preHandler hook': onFastify((app) => {
    app.addHook('preHandler', async (request) => {
      await text(request.raw)
    })
  }),
}

function onExpress(...before: RequestHandler[]): Application {
  return async (mounted) => {
    const server = express()
      .use(...before, forExpress(mounted))
      .listen(0, '127.0.0.1')
    await once(server, 'listening')
    return running(server)
  }
}

/** `read` stands for a middleware of the application that wants the body. */
export function onHono(read?: (c: Context) => Promise<unknown>): Application {
  return async (mounted) => {
    const app = new Hono()
    if (read) {
      app.use(async (c, next) => {
        // What cannot be read here is for whoever needs it to refuse.
        await read(c).catch(() => {})
        await next()
      })
    }
    const server = serve({ fetch: app.use(forHono(mounted)).fetch, port: 0, hostname: '127.0.0.1' })
    await once(server, 'listening')
    return running(server)
  }
}

function onFastify(add?: (app: FastifyInstance) => void): Application {
  return async (mounted) => {
    const app = fastify({ forceCloseConnections: true })
    add?.(app)
    await app.register(forFastify(mounted))
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    return { url, close: () => app.close() }
  }
}

function onNode(read: (req: IncomingMessage) => Promise<void> = async () => {}): Application {
  return async (mounted) => {
    const handler = forNode(mounted)
    const server = createServer((req, res) => void read(req).then(() => handler(req, res)))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return running(server)
  }
}

/** Where a server that listens is, and how to stop it. */
export function running(server: ReturnType<typeof serve>): { url: string; close(): Promise<void> } {
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        if ('closeAllConnections' in server) server.closeAllConnections()
      }),
  }
}

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Mountable } from '@drawbridge/core'
import { drawbridge as forExpress } from '@drawbridge/express'
import { drawbridge as forFastify } from '@drawbridge/fastify'
import { drawbridge as forHono } from '@drawbridge/hono'
import { drawbridge as forNode } from '@drawbridge/node'
import { serve } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'

export interface Running {
  close(): Promise<void>
}

/**
 * Puts what is mounted on a port, several each by itself; with a prefix, inside a child app of an app that has routes of
 * its own.
 */
export type Start = (
  mounted: Mountable | readonly Mountable[],
  where: { port: number; prefix: string },
) => Promise<Running>

export const frameworks: Readonly<Record<string, Start>> = {
  async hono(mounted, { port, prefix }) {
    const app = new Hono()
    for (const x of [mounted].flat()) {
      if (prefix) app.route(prefix, new Hono().use(forHono(x)))
      // At the root of the host either way: that is where the well-known documents are.
      app.use(forHono(x))
    }
    app.get('/app', (c) => c.text('the application'))
    return new Promise((resolve) => {
      const server = serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, () =>
        resolve({
          close: () =>
            new Promise((done) => {
              server.close(() => done())
              if ('closeAllConnections' in server) server.closeAllConnections()
            }),
        }),
      )
    })
  },

  async express(mounted, { port, prefix }) {
    const app = express()
    // Body parsers that run first must do no harm.
    app.use(express.json(), express.urlencoded({ extended: true }))
    for (const x of [mounted].flat()) {
      if (prefix) app.use(prefix, express().use(forExpress(x)))
      app.use(forExpress(x))
    }
    app.get('/app', (_, response) => {
      response.send('the application')
    })
    return new Promise((resolve) => {
      const server = app.listen(port, '127.0.0.1', () =>
        resolve({
          close: () =>
            new Promise((done) => {
              server.close(() => done())
              server.closeAllConnections()
            }),
        }),
      )
    })
  },

  async fastify(mounted, { port, prefix }) {
    const app = fastify({ forceCloseConnections: true })
    for (const x of [mounted].flat()) {
      if (prefix) {
        app.register(
          async (child) => {
            await child.register(forFastify(x))
          },
          { prefix },
        )
      }
      await app.register(forFastify(x))
    }
    app.get('/app', () => 'the application')
    await app.listen({ port, host: '127.0.0.1' })
    return { close: () => app.close() }
  },

  // Without a framework there are no child apps, and a prefix makes no difference.
  async node(mounted, { port }) {
    const handlers = [mounted].flat().map((x) => forNode(x))
    const server = createServer((request, response) => {
      const from = (index: number) => {
        const handler = handlers[index]
        if (handler) handler(request, response, () => from(index + 1))
        else if (request.url === '/app') response.end('the application')
        else response.writeHead(404).end()
      }
      from(0)
    })
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    return {
      close: () =>
        new Promise((done) => {
          server.close(() => done())
          server.closeAllConnections()
        }),
    }
  },
}

/** A port that is free now; the issuer has to be known before the server listens. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

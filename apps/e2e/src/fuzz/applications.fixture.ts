import { once } from 'node:events'
import { createRequire } from 'node:module'
import type { Mountable } from '@drawbridge/core'
import { drawbridge as forExpress } from '@drawbridge/express'
import { drawbridge as forFastify } from '@drawbridge/fastify'
import formbody from '@fastify/formbody'
import express5, { type ErrorRequestHandler, type RequestHandler } from 'express'
import fastify from 'fastify'
import { type Application, leavingTheBody, onHono, running } from '../body-readers.ts'

const express4 = createRequire(import.meta.url)('express4') as typeof express5

const parsers: Readonly<Record<string, readonly RequestHandler[]>> = {
  'no parser': [],
  'json() and urlencoded()': [express5.json(), express5.urlencoded({ extended: true })],
  'urlencoded() that is simple': [express5.urlencoded({ extended: false }), express5.json({ strict: false })],
  'text()': [express5.text({ type: '*/*' })],
  'raw()': [express5.raw({ type: '*/*' })],
}

/** Applications with and without something that reads bodies before what is mounted. */
export const applications: Readonly<Record<string, Application>> = {
  ...Object.fromEntries(
    Object.entries({ 'Express 4': express4, 'Express 5': express5 }).flatMap(([version, express]) =>
      Object.entries(parsers).map(([name, before]) => [
        `${version} with ${name}`,
        onExpress(express, before),
      ]),
    ),
  ),
  Hono: onHono(),
  'Hono whose middleware takes JSON': onHono((c) => c.req.json()),
  'Hono whose middleware takes forms': onHono((c) => c.req.parseBody({ all: true })),
  'Hono whose middleware takes text': onHono((c) => c.req.text()),
  Fastify: onFastify(),
  'Fastify with formbody': onFastify(true),
  ...Object.fromEntries(
    ['node:http', 'a preParsing hook'].flatMap((name) => {
      const application = leavingTheBody[name]
      return application ? [[name, application]] : []
    }),
  ),
}

/** What a parser refuses is answered with its status, as every application does; anything else is 500. */
const onError: ErrorRequestHandler = (error: { status?: number }, _request, response, _next) => {
  response.status(error.status ?? 500).end()
}

function onExpress(express: typeof express5, before: readonly RequestHandler[]): Application {
  return async (mounted: Mountable) => {
    const app = express()
    for (const parser of before) app.use(parser)
    const server = app.use(forExpress(mounted)).use(onError).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return running(server)
  }
}

function onFastify(parsesForms = false): Application {
  return async (mounted) => {
    const app = fastify({ forceCloseConnections: true })
    if (parsesForms) await app.register(formbody)
    await app.register(forFastify(mounted))
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    return { url, close: () => app.close() }
  }
}

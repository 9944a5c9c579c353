import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Mountable } from '@drawbridge/core'
import express, { type Express, type RequestHandler } from 'express'
import { expect, it } from 'vitest'
import { drawbridge } from './index.ts'

type Mount = (app: Express, handler: RequestHandler) => unknown

/** What is told at the first request, wherever it is mounted. */
async function toldWhen(mount: Mount): Promise<string[]> {
  const told: string[] = []
  const x: Mountable = {
    routes: ['/api/mcp', '/documents/mcp'].map((path) => ({ path, methods: ['GET'] })),
    handle: async () => new Response('served'),
    notice: (text) => told.push(text),
  }
  const app = express()
  mount(app, drawbridge(x))
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/mcp`
  expect(await (await fetch(url)).text()).toBe('served')
  await fetch(url)
  server.close()
  server.closeAllConnections()
  return told
}

it.each<[string, Mount]>([
  ['a route of its own', (app, handler) => app.all('/api/mcp', handler)],
  ['a path', (app, handler) => app.use('/api', handler)],
  ['a router', (app, handler) => app.use('/api', express.Router().use(handler))],
  ['a route of a router', (app, handler) => app.use('/api', express.Router().all('/mcp', handler))],
  ['a sub-application', (app, handler) => app.use('/api', express().use(handler))],
])('on %s it says what does not come there', async (_, mount) => {
  expect(await toldWhen(mount)).toEqual([
    expect.stringMatching(/requests for \/documents\/mcp do not reach it\. .*app\.use/),
  ])
})

it.each<[string, Mount]>([
  ['the app', (app, handler) => app.use(handler)],
  ['all paths', (app, handler) => app.all('/{*path}', handler)],
  ['a pattern, of which nobody knows', (app, handler) => app.all('/:part/mcp', handler)],
  ['a router at the root', (app, handler) => app.use('/', express.Router().use(handler))],
])('on %s it says nothing', async (_, mount) => {
  expect(await toldWhen(mount)).toEqual([])
})

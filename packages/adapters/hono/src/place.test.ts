import type { Mountable } from '@drawbridge/core'
import { Hono, type MiddlewareHandler } from 'hono'
import { expect, it } from 'vitest'
import { drawbridge } from './index.ts'

/** What is told at the first request, wherever it is mounted. */
async function toldWhen(mount: (app: Hono, handler: MiddlewareHandler) => unknown): Promise<string[]> {
  const told: string[] = []
  const x: Mountable = {
    routes: ['/api/mcp', '/documents/mcp'].map((path) => ({ path, methods: ['GET'] })),
    handle: async () => new Response('served'),
    notice: (text) => told.push(text),
  }
  const app = new Hono()
  mount(app, drawbridge(x))
  expect(await (await app.request('/api/mcp')).text()).toBe('served')
  await app.request('/api/mcp')
  return told
}

it.each<[string, (app: Hono, handler: MiddlewareHandler) => unknown]>([
  ['a route of its own', (app, handler) => app.all('/api/mcp', handler)],
  ['a path', (app, handler) => app.use('/api/*', handler)],
  ['a base path', (app, handler) => app.basePath('/api').use(handler)],
  ['a nested app', (app, handler) => app.route('/api', new Hono().use(handler))],
])('on %s it says what does not come there', async (_, mount) => {
  expect(await toldWhen(mount)).toEqual([
    expect.stringMatching(/requests for \/documents\/mcp do not reach it\. .*app\.use/),
  ])
})

it.each<[string, (app: Hono, handler: MiddlewareHandler) => unknown]>([
  ['the app', (app, handler) => app.use(handler)],
  ['all paths', (app, handler) => app.use('*', handler)],
  ['all paths below the root', (app, handler) => app.all('/*', handler)],
  ['a pattern, of which nobody knows', (app, handler) => app.all('/:part/mcp', handler)],
  ['a nested app at the root', (app, handler) => app.route('/', new Hono().use(handler))],
])('on %s it says nothing', async (_, mount) => {
  expect(await toldWhen(mount)).toEqual([])
})

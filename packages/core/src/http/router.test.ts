import { expect, it } from 'vitest'
import { router } from './router.ts'

const { handle, routes } = router(
  [
    { path: '/tools/open', methods: { GET: () => new Response('read') }, cors: true },
    { path: '/tools/form', methods: { GET: () => new Response('page'), POST: () => new Response('sent') } },
  ],
  '/tools',
)

async function ask(path: string, method: string): Promise<Response> {
  const response = await handle(new Request(`https://mcp.test${path}`, { method }))
  if (!response) throw new Error('left to the application')
  return response
}

it('answers HEAD without a body, and OPTIONS where pages of other origins may call', async () => {
  const head = await ask('/tools/open', 'HEAD')
  expect([head.status, head.body]).toEqual([200, null])
  const preflight = await ask('/tools/open', 'OPTIONS')
  expect(preflight.status).toBe(204)
  expect(preflight.headers.get('access-control-allow-methods')).toBe('GET, OPTIONS')
})

it('names the methods it knows to any other', async () => {
  for (const [path, method, allow] of [
    ['/tools/open', 'POST', 'GET, OPTIONS'],
    ['/tools/form', 'PUT', 'GET, POST'],
    ['/tools/form', 'OPTIONS', 'GET, POST'],
  ] as const) {
    const response = await ask(path, method)
    expect([response.status, response.headers.get('allow')]).toEqual([405, allow])
  }
})

it('knows a path as it is public and as a proxy leaves it, and no other', async () => {
  expect(await (await ask('/tools/form', 'POST')).text()).toBe('sent')
  expect(await (await ask('/form', 'POST')).text()).toBe('sent')
  for (const path of ['/', '/tools', '/tools/form/', '/other/form']) {
    expect(await handle(new Request(`https://mcp.test${path}`)), path).toBeUndefined()
  }
  expect(routes.map(({ path }) => path)).toEqual(['/tools/open', '/open', '/tools/form', '/form'])
})

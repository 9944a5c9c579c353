import { expect, it } from 'vitest'
import { mcp } from './index.ts'
import { countingServers, fakeAuth, manualClock, until } from './mcp.fixture.ts'

/** A server whose store is in the hands of the test. */
function setUp() {
  const clock = manualClock()
  const looks: { well(): void; out(): void }[] = []
  const auth = {
    ...fakeAuth({}),
    ready: () =>
      new Promise<void>((resolve, reject) => {
        looks.push({ well: resolve, out: () => reject(new Error('redis://10.0.0.9 is out')) })
      }),
  }
  const served = mcp({ auth, server: countingServers().create, health: '/health', clock })
  const ask = (method = 'GET') => served.fetch(new Request('http://10.0.0.1/health', { method }))
  /** The store as it is looked at for the nth time. */
  const look = async (nth: number) => {
    await until(() => looks.length === nth)
    const [found] = looks.slice(-1)
    if (!found) throw new Error('nobody looked')
    return found
  }
  return { clock, looks, look, served, ask }
}

it('is 200 while the store answers, and says nothing else, also with a Host that no client may use', async () => {
  const { ask, look, served } = setUp()
  const asked = ask()
  await look(1).then((store) => store.well())
  const answer = await asked
  expect([answer.status, await answer.text()]).toEqual([200, '{"status":"ok"}'])
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(served.routes.at(-1)).toEqual({ path: '/health', methods: ['GET', 'HEAD'] })
  expect((await ask('POST')).status).toBe(405)
  const head = await ask('HEAD')
  expect([head.status, await head.text()]).toEqual([200, ''])
})

it('is 503 while the store is out, and tells no stranger why', async () => {
  const { ask, look } = setUp()
  const asked = ask()
  await look(1).then((store) => store.out())
  const answer = await asked
  expect([answer.status, await answer.text()]).toEqual([503, '{"status":"unavailable"}'])
})

it('is 503 when the store takes longer than two seconds', async () => {
  const { ask, clock, look } = setUp()
  const asked = ask()
  await look(1)
  await clock.advance(2)
  expect((await asked).status).toBe(503)
})

it('looks once a second, however often it is asked', async () => {
  const { ask, clock, look, looks } = setUp()
  const together = Array.from({ length: 50 }, () => ask())
  await look(1).then((store) => store.well())
  expect((await Promise.all(together)).every(({ status }) => status === 200)).toBe(true)
  for (let n = 0; n < 50; n++) await ask()
  expect(looks).toHaveLength(1)
  await clock.advance(1)
  const later = ask()
  await look(2).then((store) => store.out())
  expect((await later).status).toBe(503)
  expect(looks).toHaveLength(2)
})

it('is 503 after close(), without a look', async () => {
  const { ask, looks, served } = setUp()
  await served.close()
  expect((await ask()).status).toBe(503)
  expect(looks).toEqual([])
})

it('is not there unless it is asked for, and takes no path of another', async () => {
  const options = { auth: fakeAuth({}), server: countingServers().create }
  const request = new Request('http://10.0.0.1/health')
  expect(await mcp(options).handle(request)).toBeUndefined()
  for (const health of ['/mcp', '/mcp/', '/.well-known/oauth-protected-resource/mcp']) {
    expect(() => mcp({ ...options, health })).toThrow(/^health: "\/.*" is the path of something else/)
  }
  expect(() => mcp({ ...options, health: 'health' })).toThrow(/^health: "health" is not a path/)
  const open = mcp({ server: countingServers().create, health: '/health', onNotice: () => {} })
  expect((await open.fetch(request)).status).toBe(200)
})

import { expect, it } from 'vitest'
import { resource, world } from '../world.ts'
import { byAddress, limited } from './limiter.fixture.ts'

const limits = { key: byAddress, requests: { anonymous: 3 } }
const request = () => new Request(resource, { method: 'POST' })
const from = (clientAddress: string) => ({ clientAddress })

it('a sender without a token is let in so often, and is then told when to come back', async () => {
  const { auth, clock, events } = limited(limits)
  const ask = () => auth.limitAnonymous?.(request(), from('192.0.2.1'))
  expect([await ask(), await ask(), await ask()]).toEqual([undefined, undefined, undefined])
  const refused = await ask()
  expect(refused?.status).toBe(429)
  expect(await refused?.json()).toMatchObject({ error: 'temporarily_unavailable' })
  expect(events).toContainEqual(expect.objectContaining({ type: 'request.limited', endpoint: 'anonymous' }))
  expect(await auth.limitAnonymous?.(request(), from('192.0.2.2'))).toBeUndefined()
  clock.advance(Number(refused?.headers.get('retry-after')))
  expect(await ask()).toBeUndefined()
})

it('whom the key does not name, nobody counts', async () => {
  const { auth } = limited(limits)
  for (let turn = 0; turn < 10; turn++) expect(await auth.limitAnonymous?.(request())).toBeUndefined()
})

it('each resource has the limit, and a server without limits has none', () => {
  const { auth } = limited(limits)
  expect(auth.at('/mcp').limitAnonymous).toBeTypeOf('function')
  expect(world().auth.limitAnonymous).toBeUndefined()
  const none = limited({ key: byAddress, requests: { anonymous: false } })
  expect(none.auth.limitAnonymous).toBeUndefined()
})

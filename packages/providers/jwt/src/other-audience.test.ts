import { type DrawbridgeEvent, resourceServer } from '@drawbridge/core'
import type { Verifier } from '@drawbridge/core/provider'
import { expect, it } from 'vitest'
import { introspectionVerifier } from './introspection-verifier.ts'
import { fakeClock, issuer, resource, sign, stranger, time, verifier } from './jwt-verifier.fixture.ts'

const elsewhere = 'https://mcp.test/mcp/'

async function eventsOf(checker: Verifier<unknown>, token: string) {
  const events: DrawbridgeEvent[] = []
  const { authenticate } = resourceServer({
    resource,
    authorizationServers: [issuer],
    verifier: checker,
    clock: fakeClock(),
    onEvent: (event) => events.push(event),
    log: false,
  })
  const result = await authenticate(new Request(resource, { headers: { authorization: `Bearer ${token}` } }))
  expect(result).toMatchObject({ ok: false, response: { status: 401 } })
  return events
}

const introspected = (answer: object) =>
  introspectionVerifier({
    endpoint: 'https://login.test/introspect',
    client: { id: 'mcp', secret: 's3cr3t' },
    fetch: (async () =>
      Response.json({ active: true, sub: 'ada', exp: time + 60, ...answer })) as typeof fetch,
    clock: fakeClock(),
  })

const misdirected = [
  {
    type: 'token.misdirected',
    client_id: 'cli',
    detail: expect.stringMatching(/^The token is for https:\/\/mcp\.test\/mcp\/, .*slash/),
  },
  { type: 'token.refused', reason: 'other_resource', detail: 'audience', client_id: 'cli' },
]

it('of a JWT for another resource the operator hears what differs', async () => {
  expect(await eventsOf(verifier(), await sign({ aud: elsewhere }))).toMatchObject(misdirected)
  expect(await eventsOf(verifier(), await sign({ aud: [resource, elsewhere] }))).toMatchObject([
    { type: 'token.misdirected', detail: expect.stringContaining('toleratedAudiences') },
    { type: 'token.refused', reason: 'other_resource', detail: 'foreign_audience' },
  ])
})

it('of one that anybody may have made they hear nothing of it', async () => {
  const forged = await sign({ aud: elsewhere }, { kid: undefined }, stranger)
  expect(await eventsOf(verifier(), forged)).toMatchObject([
    { type: 'token.refused', reason: 'not_verified' },
  ])
  const unsigned = (await sign({ aud: elsewhere })).replace(/[^.]*$/, 'AAAA')
  expect(await eventsOf(verifier(), unsigned)).toMatchObject([
    { type: 'token.refused', reason: 'not_verified' },
  ])
})

it('of a token that was asked about, too', async () => {
  const answer = { aud: elsewhere, client_id: 'cli' }
  expect(await eventsOf(introspected(answer), 'opaque')).toMatchObject(misdirected)
})

it('where the operator named the audience, that is what it is held against', async () => {
  const named = verifier({ audience: 'api://mcp' })
  const [event] = await eventsOf(named, await sign({ aud: resource }))
  expect(event).toMatchObject({ detail: expect.stringContaining('this is api://mcp') })
})

import { memory, NoUpstreamToken, resourceServer, type ScopeOptions } from '@drawbridge/core'
import { apiKeys } from '@drawbridge/core/api-keys'
import { counting, delayed, failing } from '@drawbridge/testing'
import { decodeProtectedHeader } from 'jose'
import { describe, expect, it } from 'vitest'
import { asking, ci, octocat, user, withKeys } from './api-keys.fixture.ts'
import { authOf } from './engine/mass-ending.fixture.ts'
import { whileTimePasses } from './events.fixture.ts'
import { issuer, resource, secret, world } from './world.ts'

const scopes = {
  supported: {
    'files:read': 'Read',
    files: { description: 'Change', implies: ['files:read'] },
    mail: 'Mail',
  },
  default: ['files:read'],
} satisfies ScopeOptions

function challenged(response: Response) {
  return [response.status, /scope="([^"]*)"/.exec(response.headers.get('www-authenticate') ?? '')?.[1]]
}

describe('a server lets a key in beside its own tokens', () => {
  it('as the person that a sign-in would let in, for tools as for events', async () => {
    const { w, keys } = withKeys()
    const tokens = await w.client().login(w.browser(), { user: 'octocat' })
    const signedIn = await authOf(w, tokens.access_token)
    expect(signedIn.extra.subject).toBe(octocat)
    const { key, id } = await keys.create({ ...ci, resource: w.auth, user: signedIn.extra.user })
    const auth = await authOf(w, key)
    expect(auth.extra).toEqual({ subject: octocat, user: signedIn.extra.user, issuer: 'api-key' })
    expect(auth).toMatchObject({ clientId: `api-key:${id}`, scopes: [] })
    expect(w.events.at(-1)).toMatchObject({ type: 'token.accepted', client_id: `api-key:${id}` })
  })

  it('with what its scopes imply; too little is 403 with all that it takes', async () => {
    const { w, keys } = withKeys({ scopes })
    const { key } = await keys.create({ ...ci, resource: w.auth, scopes: ['files'] })
    const result = await w.auth.authenticate(asking(key), { scopes: ['files:read'] })
    expect(result.ok && result.auth.scopes).toEqual(['files', 'files:read'])
    const refused = await w.auth.authenticate(asking(key), { scopes: ['mail'] })
    expect(refused.ok ? undefined : challenged(refused.response)).toEqual([403, 'mail files'])
    if (!result.ok) throw new Error('refused')
    expect(challenged(await w.auth.challenge(result.auth, { scopes: ['mail'] }))).toEqual([403, 'mail files'])
    const typo = keys.create({ ...ci, resource: w.auth, scopes: ['file'] })
    await expect(typo).rejects.toThrow(/keys\.create\.scopes: .*Did you mean "files"/)
  })

  it('at its one resource only', async () => {
    const { w, keys } = withKeys({ resources: { '/mcp': { default: true }, '/other': {} } })
    const other = w.auth.at('/other' as '/mcp')
    const { key } = await keys.create({ ...ci, resource: other })
    expect((await other.authenticate(asking(key, other.resource))).ok).toBe(true)
    const result = await w.auth.authenticate(asking(key))
    expect(result.ok ? 200 : challenged(result.response)[0]).toBe(401)
    expect(w.events.at(-1)).toMatchObject({ type: 'token.refused', detail: 'other_resource' })
  })

  it('without any token of the provider, which is said', async () => {
    const { w, keys } = withKeys()
    await w.client().login(w.browser(), { user: 'octocat' })
    const auth = await authOf(w, (await keys.create(ci)).key)
    await expect(w.auth.upstreamToken(auth)).rejects.toThrow(NoUpstreamToken)
    await expect(w.auth.upstreamToken(auth)).rejects.toThrow(/came with an API key/)
  })

  it('until it is revoked: the next request is refused, and a stream closes', async () => {
    const { w, keys } = withKeys()
    const { key, id } = await keys.create(ci)
    const auth = await authOf(w, key)
    expect(await w.auth.revalidate(auth)).toBe(true)
    await keys.revoke({ subject: octocat, id })
    expect((await w.call(key)).status).toBe(401)
    expect(await w.auth.revalidate(auth)).toBe(false)
  })

  it('in one trip to the store, also when it is time to look what an operator has ended', async () => {
    const storage = counting(delayed(memory(), { milliseconds: 1 }))
    const { w, keys } = withKeys({ storage })
    const { key } = await keys.create(ci)
    await w.call(key)
    const trips: number[] = []
    for (let again = 0; again < 3; again++) {
      w.clock.advance(2)
      storage.reset()
      expect((await w.call(key)).status).toBe(200)
      trips.push(storage.roundTrips)
      expect(storage.log.filter(({ name }) => name !== 'get')).toEqual([])
    }
    expect(trips).toEqual([1, 1, 1])
    storage.reset()
    expect((await w.call(`${key.slice(0, -1)}!`)).status).toBe(401)
    expect((await w.call(`${key}x`)).status).toBe(401)
    expect(storage.log).toEqual([])
  })
})

describe('an outage', () => {
  it('of the store is 503 and never 401, and tells no key', async () => {
    let isOut = false
    const { w, keys } = withKeys({ storage: failing(memory(), () => isOut) })
    const { key } = await keys.create(ci)
    isOut = true
    const response = await whileTimePasses(w, () => w.call(key))
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2'])
    expect(JSON.stringify(w.events)).not.toContain(key.slice(4, 60))
    isOut = false
    expect((await w.call(key)).status).toBe(200)
  })

  it('while a key is made leaves nothing that somebody could use', async () => {
    let isOut = true
    const isNew = ({ name, key }: { name: string; key: string }) =>
      isOut && name === 'put' && key.startsWith('api-key/')
    const { w, keys } = withKeys({ storage: failing(memory(), isNew) })
    await expect(whileTimePasses(w, () => keys.create(ci))).rejects.toMatchObject({ name: 'Unavailable' })
    isOut = false
    expect(await keys.list(octocat)).toEqual([])
  })

  it('of what `permit` asks is 503, too', async () => {
    const { w, keys } = withKeys({}, { permit: () => Promise.reject(new Error('no directory')) })
    const { key } = await keys.create(ci)
    expect((await w.call(key)).status).toBe(503)
    expect(w.events.at(-1)).toMatchObject({ type: 'token.unchecked' })
  })
})

describe('where no key belongs', () => {
  it('it does nothing: at the token endpoint, and at /revoke', async () => {
    const { w, keys } = withKeys()
    const { key } = await keys.create(ci)
    const app = w.client()
    await app.login(w.browser(), { user: 'octocat' })
    expect((await app.refresh(key)).body.error).toBe('invalid_grant')
    const form = { grant_type: 'authorization_code', code: key, code_verifier: 'v'.repeat(43) }
    const body = new URLSearchParams({ ...form, client_id: app.credentials?.client_id ?? '' })
    expect((await w.fetch(`${issuer}/token`, { method: 'POST', body })).status).toBe(400)
    expect((await app.revoke(key)).status).toBe(200)
    expect(w.events.at(-1)).toMatchObject({ type: 'revocation.ignored', reason: 'unknown' })
    expect((await w.call(key)).status).toBe(200)
    expect(JSON.stringify(w.events)).not.toContain(key.slice(4, 60))
  })
})

describe('in a process of its own', () => {
  it('a resource server lets the same keys in, by the same storage', async () => {
    const { w, keys, make } = withKeys()
    const mail = 'https://mail.test/mcp'
    const auth = resourceServer({
      ...{ resource: mail, authorizationServers: [issuer], clock: w.clock, log: false },
      verifier: make(),
    })
    const { key } = await keys.create({ ...ci, resource: auth })
    const result = await auth.authenticate(asking(key, mail))
    expect(result.ok && result.auth.extra.user.login).toBe('octocat')
    await w.auth.grants.revokeAll(octocat)
    expect((await auth.authenticate(asking(key, mail))).ok).toBe(false)
  })

  it('keys come before the server, or after it: both know the same owners', async () => {
    const storage = memory()
    const first = apiKeys({ storage, secret, log: false })
    const { key } = await first.create({ ...ci, user: undefined })
    const { w, keys } = withKeys({ storage })
    await w.auth.ready()
    expect(w.events.map(({ type }) => type)).toEqual(['keys.created'])
    const { access_token } = await w.client().login(w.browser(), { user: 'octocat' })
    expect(decodeProtectedHeader(access_token).alg).toBe('ES256')
    await keys.create(ci)
    expect(await keys.list(octocat)).toHaveLength(2)
    expect(await w.auth.grants.revokeAll(octocat)).toBe(3)
    expect((await w.call(key)).status).toBe(401)
  })

  it("they neither make nor rotate what signs: that is the server's", async () => {
    const storage = memory()
    const w = world({ storage, signingKeys: { algorithm: 'EdDSA' } })
    await w.auth.ready()
    const before = await storage.get('server/keys')
    const keys = apiKeys({ storage, secret, clock: w.clock, log: false })
    const { key } = await keys.create({ ...ci, user: undefined })
    w.clock.advance(80 * 86_400)
    expect((await keys.verify(key, { resource })).status).toBe('valid')
    expect(await storage.get('server/keys')).toEqual(before)
  })
})

describe('what a key tells', () => {
  it('is its making, its end and its use, with its id and never the key', async () => {
    const { w, keys } = withKeys()
    w.events.length = 0
    const { key, id } = await keys.create({ ...ci, user: { ...user, email: 'mona@example.com' } })
    await w.call(key)
    await w.call(`${key}x`)
    await keys.revoke({ key })
    await w.call(key)
    expect(
      w.events.map((event) => ('detail' in event ? `${event.type} ${event.detail}` : event.type)),
    ).toEqual([
      'api_key.created',
      'token.accepted',
      'token.refused malformed',
      'api_key.ended',
      'token.refused unknown',
    ])
    expect(w.events[0]).toMatchObject({ key: id, subject: octocat, resource })
    const text = JSON.stringify(w.events)
    for (const one of [key, key.slice(4, 60), key.slice(-49), 'mona@example.com'])
      expect(text).not.toContain(one)
  })
})

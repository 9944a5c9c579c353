import type { Verifier } from '@drawbridge/core/provider'
import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  type IntrospectionClaims,
  type IntrospectionVerifierOptions,
  introspectionVerifier,
} from './introspection-verifier.ts'

const endpoint = 'https://login.test/introspect'
const resource = 'https://mcp.test/mcp'
const time = 1_700_000_000
const good = { active: true, sub: 'ada', client_id: 'cli', scope: 'a b', exp: time + 600 }

/** A verifier whose endpoint answers what the test says, and tells what it was asked. */
function setUp<User = IntrospectionClaims>(
  answer: unknown,
  options: Partial<IntrospectionVerifierOptions<User>> = {},
) {
  const clock = { seconds: time, now: () => clock.seconds * 1000, sleep: async () => {} }
  const asked: { headers: Headers; body: URLSearchParams; method: string | undefined; url: string }[] = []
  const world = { answer, clock, asked }
  const fake = (async (url: string, init: RequestInit) => {
    asked.push({
      url,
      method: init.method,
      headers: new Headers(init.headers),
      body: new URLSearchParams(String(init.body)),
    })
    if (world.answer === undefined) throw new TypeError('fetch failed')
    if (typeof world.answer === 'number') return Response.json({ error: 'no' }, { status: world.answer })
    return typeof world.answer === 'string' ? new Response(world.answer) : Response.json(world.answer)
  }) as typeof fetch
  const verifier = introspectionVerifier<User>({
    endpoint,
    client: { id: 'mcp', secret: 's3cr3t' },
    fetch: fake,
    clock,
    ...options,
  })
  return Object.assign(world, {
    verifier,
    async outcome(token = 'token') {
      const result = await verifier.verify(token, { resource })
      return result.status === 'invalid' ? `invalid: ${result.reason}` : result.status
    },
  })
}

describe('an active token', () => {
  it('tells who, for whom, and what for', async () => {
    const { verifier } = setUp(good)
    expect(await verifier.verify('token', { resource })).toEqual({
      status: 'valid',
      token: {
        subject: 'https://login.test|ada',
        clientId: 'cli',
        scopes: ['a', 'b'],
        expiresAt: time + 600,
        issuer: 'https://login.test',
        user: good,
      },
    })
  })

  it('without an expiry is good for a few minutes', async () => {
    const { verifier } = setUp({ ...good, exp: undefined })
    expect(await verifier.verify('token', { resource })).toMatchObject({ token: { expiresAt: time + 300 } })
  })

  it('without a subject stands for its client, which is nobody\u2019s user id', async () => {
    const machine = setUp({ ...good, sub: undefined })
    expect(await machine.verifier.verify('t', { resource })).toMatchObject({
      token: { subject: 'https://login.test|client|cli' },
    })
    expect(await setUp({ ...good, sub: undefined, client_id: undefined }).outcome()).toBe(
      'invalid: no_subject',
    )
  })

  it('may say in its own words who it is', async () => {
    const subject: IntrospectionVerifierOptions['subject'] = ({ sub }) => sub
    const { verifier } = setUp({ ...good, sub: 'github|1' }, { subject })
    expect(await verifier.verify('t', { resource })).toMatchObject({ token: { subject: 'github|1' } })
    expect(await setUp({ ...good, sub: undefined }, { subject }).outcome()).toBe('invalid: no_subject')
    expect(await setUp(good, { subject: () => '' }).outcome()).toBe('invalid: no_subject')
    const late = setUp(good, { subject: (async () => 'ada') as never })
    await expect(late.outcome()).rejects.toThrow('subject: answered with a promise. Return the text')
  })

  it('may leave out what it does not know with null', async () => {
    expect(await setUp({ ...good, aud: null, nbf: null, iss: null, cnf: null }).outcome()).toBe('valid')
  })

  it('maps to a user whose type follows', async () => {
    const { verifier } = setUp(good, { user: (claims) => ({ name: String(claims.sub) }) })
    expectTypeOf(verifier).toEqualTypeOf<Verifier<{ name: string }>>()
    expect(await verifier.verify('t', { resource })).toMatchObject({ token: { user: { name: 'ada' } } })
  })
})

describe('a refused token', () => {
  it.each([
    ['inactive', { active: false }, 'invalid: inactive'],
    ['expired', { ...good, exp: time - 31 }, 'invalid: expired'],
    ['not valid yet', { ...good, nbf: time + 31 }, 'invalid: not_yet_valid'],
    ['for another resource', { ...good, aud: 'https://other.test' }, 'invalid: audience'],
    ['for us and another', { ...good, aud: [resource, 'https://other.test'] }, 'invalid: foreign_audience'],
    ['for us', { ...good, aud: [resource] }, 'valid'],
    ['a refresh token', { ...good, token_use: 'refresh_token' }, 'invalid: not_access_token'],
    ['a refresh token, marked otherwise', { ...good, typ: 'Refresh' }, 'invalid: not_access_token'],
    ['bound to a key', { ...good, cnf: { jkt: 'x' } }, 'invalid: sender_constrained'],
    ['of another type', { ...good, token_type: 'DPoP' }, 'invalid: token_type'],
    ['of the right type', { ...good, token_type: 'bearer' }, 'valid'],
  ])('%s', async (_, answer, expected) => {
    expect(await setUp(answer).outcome()).toBe(expected)
  })

  it('of another issuer, when ours is named', async () => {
    const options = { issuer: 'https://login.test' }
    expect(await setUp({ ...good, iss: 'https://other.test' }, options).outcome()).toBe('invalid: issuer')
    expect(await setUp({ ...good, iss: 'https://login.test' }, options).outcome()).toBe('valid')
    expect(await setUp(good, options).outcome()).toBe('valid')
  })

  it('without an audience, when one is asked for', async () => {
    expect(await setUp(good, { requireAudience: true }).outcome()).toBe('invalid: no_audience')
    expect(await setUp({ ...good, aud: resource }, { requireAudience: true }).outcome()).toBe('valid')
  })

  it('that a last look refuses', async () => {
    expect(await setUp(good, { accept: (claims) => claims.sub !== 'ada' }).outcome()).toBe(
      'invalid: not_accepted',
    )
  })

  it('that a last look is still thinking about', async () => {
    const world = setUp(good, { accept: (async () => false) as never })
    await expect(world.outcome()).rejects.toThrow('accept: answered with a promise. Return true or false')
  })

  it('that is not one of theirs is not even shown to them', async () => {
    const world = setUp(good, { recognises: (token) => token.startsWith('acme_') })
    expect(await world.outcome('gho_secret')).toBe('not-mine')
    expect(world.asked).toEqual([])
    expect(await world.outcome('acme_1')).toBe('valid')
  })
})

describe('an outage', () => {
  it.each([
    ['nobody there', undefined],
    ['500', 500],
    ['503', 503],
    ['429', 429],
    ['our own credentials refused', 401],
    ['our own request refused', 400],
    ['a page instead of JSON', '<h1>Sign in</h1>'],
    ['no verdict', { sub: 'ada' }],
    ['a verdict in words', { ...good, active: 'true' }],
    ['a list', []],
    ['null', 'null'],
  ])('%s is nobody\u2019s bad token', async (_, answer) => {
    expect(await setUp(answer).outcome()).toBe('unavailable')
  })
})

describe('the request', () => {
  it('carries the token in the body and our credentials in Basic, form-encoded', async () => {
    const world = setUp(good, { client: { id: 'mcp:1', secret: 'p w/ä' } })
    await world.outcome('tok+en/1')
    const [request] = world.asked
    expect(request).toMatchObject({ url: endpoint, method: 'POST' })
    expect(request?.headers.get('authorization')).toBe(`Basic ${btoa('mcp%3A1:p+w%2F%C3%A4')}`)
    expect([...(request?.body ?? [])]).toEqual([
      ['token', 'tok+en/1'],
      ['token_type_hint', 'access_token'],
    ])
  })

  it('carries them in the body when told so', async () => {
    const world = setUp(good, { client: { id: 'mcp', secret: 's', method: 'client_secret_post' } })
    await world.outcome()
    expect(world.asked[0]?.headers.has('authorization')).toBe(false)
    expect(world.asked[0]?.body.get('client_id')).toBe('mcp')
    expect(world.asked[0]?.body.get('client_secret')).toBe('s')
  })
})

describe('the cache', () => {
  it('is off unless asked for', async () => {
    const world = setUp(good)
    await world.outcome()
    world.answer = { active: false }
    expect(await world.outcome()).toBe('invalid: inactive')
  })

  it('answers for as long as it was told', async () => {
    const world = setUp(good, { cache: { seconds: 60 } })
    await world.outcome()
    world.clock.seconds += 59
    expect(await world.outcome()).toBe('valid')
    expect(world.asked).toHaveLength(1)
    world.clock.seconds += 1
    world.answer = { active: false }
    expect(await world.outcome()).toBe('invalid: inactive')
  })

  it('never answers beyond `exp`', async () => {
    const world = setUp({ ...good, exp: time + 10 }, { cache: { seconds: 60 } })
    await world.outcome()
    world.clock.seconds += 10
    world.answer = { active: false }
    expect(await world.outcome()).toBe('invalid: inactive')
  })

  it('keeps no refusal and no outage', async () => {
    const world = setUp({ active: false }, { cache: { seconds: 60 } })
    expect(await world.outcome()).toBe('invalid: inactive')
    world.answer = 503
    expect(await world.outcome()).toBe('unavailable')
    world.answer = good
    expect(await world.outcome()).toBe('valid')
  })

  it('judges each resource by itself', async () => {
    const world = setUp({ ...good, aud: resource }, { cache: { seconds: 60 } })
    expect(await world.outcome()).toBe('valid')
    expect(await world.verifier.verify('token', { resource: 'https://other.test' })).toMatchObject({
      status: 'invalid',
    })
    expect(world.asked).toHaveLength(1)
  })

  it('is bounded', async () => {
    const world = setUp(good, { cache: { seconds: 60, maximum: 2 } })
    for (const token of ['a', 'b', 'c', 'a']) await world.outcome(token)
    expect(world.asked.map(({ body }) => body.get('token'))).toEqual(['a', 'b', 'c', 'a'])
  })

  it('hands out claims that nobody else can change', async () => {
    const { verifier } = setUp({ ...good, roles: ['reader'] }, { cache: { seconds: 60 } })
    const roles = async (): Promise<unknown> => {
      const result = await verifier.verify('token', { resource })
      if (result.status !== 'valid') throw new Error(result.status)
      const { roles } = result.token.user
      result.token.user.roles = ['admin']
      return roles
    }
    expect([await roles(), await roles(), await roles()]).toEqual([['reader'], ['reader'], ['reader']])
  })
})

describe('options', () => {
  it.each([
    [{ endpoint: undefined }, /^endpoint: is missing/],
    [{ endpoint: 'http://login.test/introspect' }, /^endpoint: .*not https/],
    [{ client: undefined }, /^client\.id: .*DRAWBRIDGE_INTROSPECTION_CLIENT_ID/],
    [{ client: { secret: 's' } }, /^client\.id: .*DRAWBRIDGE_INTROSPECTION_CLIENT_ID/],
    [{ client: { id: 'mcp' } }, /^client\.secret: .*DRAWBRIDGE_INTROSPECTION_CLIENT_SECRET/],
    [{ client: { id: 'a', secret: 'b', method: 'none' as never } }, /^client\.method: /],
    [{ audience: '' }, /^audience: /],
    [{ id: 'acme', subject: (() => 'ada') as never }, /^id, subject: are given together/],
    [{ cache: { seconds: -1 } }, /^cache\.seconds: /],
  ])('%j is refused', (options: Partial<IntrospectionVerifierOptions>, message) => {
    expect(() => introspectionVerifier({ endpoint, client: { id: 'a', secret: 'b' }, ...options })).toThrow(
      message,
    )
  })

  it('never repeats the secret', () => {
    expect(() =>
      introspectionVerifier({ endpoint: 'http://login.test', client: { id: 'a', secret: 'hunter2' } }),
    ).not.toThrow('hunter2')
  })
})

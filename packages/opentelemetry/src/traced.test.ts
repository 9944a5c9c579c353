import { type Auth, memory, oauthServer, UpstreamEnded } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { authDecoratorContract, fakeAuth, serverDecoratorContract } from '@drawbridge/testing'
import { SpanStatusCode } from '@opentelemetry/api'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { traced } from './index.ts'
import { sdk, withActiveSpans } from './sdk.fixture.ts'

withActiveSpans()

const users = { alice: { subject: 'github|1', scopes: ['read'], user: { login: 'alice' } } }

function setUp(options: Partial<Parameters<typeof fakeAuth<{ login: string }>>[0]> = {}) {
  const telemetry = sdk()
  const plain = fakeAuth({ users, ...options })
  return { ...telemetry, plain, auth: traced(plain, telemetry) }
}

const request = (token?: string, path = '/mcp') =>
  new Request(`http://localhost${path}`, {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  })

describe('handle', () => {
  it('leaves requests that are none of ours alone', async () => {
    const { auth, spans } = setUp()
    expect(await auth.handle(request(undefined, '/users/7'))).toBeUndefined()
    expect(spans()).toEqual([])
  })

  it('names the span by method and route, and invents no methods', async () => {
    const { auth, spans } = setUp()
    const path = '/.well-known/oauth-protected-resource/mcp'
    expect(await (await auth.handle(request(undefined, path)))?.json()).toMatchObject({
      resource: 'http://localhost/mcp',
    })
    await auth.handle(new Request(`http://localhost${path}?x=1`, { method: 'BREW' }))
    expect(spans().map(({ name, attributes }) => [name, attributes])).toEqual([
      [
        `GET ${path}`,
        {
          'drawbridge.operation': 'handle',
          'http.request.method': 'GET',
          'http.route': path,
          'http.response.status_code': 200,
        },
      ],
      [`_OTHER ${path}`, expect.objectContaining({ 'http.response.status_code': 405 })],
    ])
  })

  it('marks what the server could not do as an error, and no refusal', async () => {
    const { plain, ...telemetry } = setUp()
    for (const status of [400, 503]) {
      const auth = traced<Auth>({ ...plain, handle: async () => new Response(null, { status }) }, telemetry)
      expect((await auth.handle(request(undefined, auth.routes[0]?.path)))?.status).toBe(status)
    }
    expect(
      telemetry.spans().map(({ status, attributes }) => [status.code, attributes['error.type']]),
    ).toEqual([
      [SpanStatusCode.UNSET, undefined],
      [SpanStatusCode.ERROR, '503'],
    ])
  })
})

describe('authenticate', () => {
  it.each([
    ['alice', undefined, 'accepted'],
    ['mallory', undefined, 'refused'],
    [undefined, undefined, 'refused'],
    ['alice', ['write'], 'insufficient_scope'],
  ])('of %j needing %j is %s', async (token, scopes, outcome) => {
    const { auth, plain, spans } = setUp()
    const result = await auth.authenticate(request(token), { scopes })
    expect(result.ok).toBe((await plain.authenticate(request(token), { scopes })).ok)
    expect(spans()).toMatchObject([{ name: 'authenticate', attributes: { 'drawbridge.outcome': outcome } }])
  })

  it('tells a preflight and an outage from a refusal', async () => {
    const { plain, auth, ...telemetry } = setUp()
    await auth.authenticate(new Request('http://localhost/mcp', { method: 'OPTIONS' }))
    const response = new Response(null, { status: 503 })
    const out = { ok: false, credentials: 'unchecked', response } as const
    await traced<Auth>({ ...plain, authenticate: async () => out }, telemetry).authenticate(request('alice'))
    expect(telemetry.spans()).toMatchObject([
      { attributes: { 'drawbridge.outcome': 'preflight' }, status: { code: SpanStatusCode.UNSET } },
      { attributes: { 'drawbridge.outcome': 'unavailable' }, status: { code: SpanStatusCode.ERROR } },
    ])
  })

  it('is part of the trace that is under way, and what it calls is part of it', async () => {
    const { plain, tracerProvider, meterProvider, spans } = setUp()
    const tracer = tracerProvider.getTracer('application')
    const auth = traced<Auth>(
      {
        ...plain,
        authenticate: (asked, need) =>
          tracer.startActiveSpan('redis', (span) => {
            span.end()
            return plain.authenticate(asked, need)
          }),
      },
      { tracerProvider, meterProvider },
    )
    await tracer.startActiveSpan('POST /mcp', async (span) => {
      await auth.authenticate(request('alice'))
      span.end()
    })
    const parents = Object.fromEntries(
      spans().map(({ name, parentSpanContext }) => [
        name,
        spans().find((span) => span.spanContext().spanId === parentSpanContext?.spanId)?.name,
      ]),
    )
    expect(parents).toEqual({ redis: 'authenticate', authenticate: 'POST /mcp', 'POST /mcp': undefined })
  })
})

describe('what is thrown', () => {
  it('is thrown on, and told by name only', async () => {
    const error = new UpstreamEnded('ended for token gho_secret')
    const { auth, spans, points } = setUp({ upstreamToken: () => Promise.reject(error) })
    const result = await auth.authenticate(request('alice'))
    if (!result.ok) throw new Error('refused')
    await expect(auth.upstreamToken?.(result.auth)).rejects.toBe(error)
    const [, span] = spans()
    expect(span).toMatchObject({ name: 'upstreamToken', status: { code: SpanStatusCode.ERROR }, events: [] })
    expect(span?.attributes).toEqual({
      'drawbridge.operation': 'upstreamToken',
      'error.type': 'UpstreamEnded',
    })
    expect(JSON.stringify([span?.attributes, span?.status])).not.toContain('gho_secret')
    expect(await points('drawbridge.operation.duration')).toContainEqual({
      attributes: { 'drawbridge.operation': 'upstreamToken', 'error.type': 'UpstreamEnded' },
      count: 1,
    })
  })
})

describe('the Auth', () => {
  it('keeps its type and its other members', async () => {
    const { auth, plain } = setUp()
    expectTypeOf(auth).toEqualTypeOf(plain)
    expect(auth.routes).toBe(plain.routes)
    expect(auth.resource).toBe('http://localhost/mcp')
    expect(auth.upstreamToken).toBeUndefined()
    const result = await auth.authenticate(request('alice'))
    if (!result.ok) throw new Error('refused')
    expect(await auth.revalidate(result.auth)).toBe(true)
    expect((await auth.challenge(result.auth, { scopes: ['write'] })).status).toBe(403)
  })

  it('of several resources is traced at each, and still has no default', async () => {
    const telemetry = sdk()
    const auth = traced(
      oauthServer({
        issuer: 'https://mcp.test',
        secret: 'Vq3x8m0TtS2yYk7sPzR5uWb1cDf4gHj6KlN9oQeXaZA=',
        storage: memory(),
        provider: github({ clientId: 'a', clientSecret: 'b' }),
        resources: { '/files': { scopes: ['files:read'] }, '/mail': { scopes: ['mail:send'] } },
      }),
      telemetry,
    )
    expect('authenticate' in auth).toBe(false)
    expect((await auth.at('/mail').authenticate(request('x'))).ok).toBe(false)
    expect(await auth.grants.list('github|1')).toEqual([])
    expect(telemetry.spans().map(({ attributes }) => attributes)).toEqual([
      expect.objectContaining({ 'drawbridge.outcome': 'refused' }),
    ])
  })
})

describe('whatever it wraps gets everything, and so does the caller', () => {
  for (const c of authDecoratorContract())
    it(`an Auth: ${c.name}`, () => c.run((auth) => traced(auth, sdk())))
  for (const c of serverDecoratorContract())
    it(`a server: ${c.name}`, () => c.run((server) => traced(server, sdk())))
  it('frozen or not', async () => {
    const auth = traced(Object.freeze(fakeAuth({ users })), sdk())
    expect((await auth.authenticate(request('alice'))).ok).toBe(true)
  })
})

import { type DrawbridgeEvent, memory, oauthProxy } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import {
  type AppMode,
  browser,
  devGitHub,
  fakeClock,
  network,
  oauthClient,
  signIn,
} from '@drawbridge/testing'
import { expect, it } from 'vitest'
import { openTelemetry, traced } from './index.ts'
import { sdk, withActiveSpans } from './sdk.fixture.ts'

withActiveSpans()

const issuer = 'https://mcp.test'

async function signedIn(mode: AppMode = 'oauth-app') {
  const telemetry = sdk()
  const { tracerProvider, meterProvider, spans } = telemetry
  const listener = openTelemetry({ meterProvider })
  const events: DrawbridgeEvent[] = []
  const clock = fakeClock()
  const provider = devGitHub({
    clock,
    apps: [{ clientId: 'dev-client', clientSecret: 'dev-secret', mode }],
  })
  const fetch = network({
    'https://github.test': provider.fetch,
    [issuer]: async (request) => {
      const answer = await auth.handle(request)
      if (answer) return answer
      const result = await auth.authenticate(request)
      return result.ok ? Response.json({}) : result.response
    },
  })
  const auth = traced(
    oauthProxy({
      issuer,
      secret: 'Vq3x8m0TtS2yYk7sPzR5uWb1cDf4gHj6KlN9oQeXaZA=',
      clock,
      storage: memory({ clock }),
      provider: github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: 'https://github.test' }),
      fetch: fetch as typeof globalThis.fetch,
      onEvent: (event) => {
        events.push(event)
        listener(event)
      },
    }),
    { tracerProvider, meterProvider },
  )
  const app = oauthClient({ mcpUrl: `${issuer}/mcp`, fetch })
  await app.register()
  const pending = await app.authorize()
  const callback = await signIn(browser({ fetch, clock }), pending.url, { user: 'octocat' })
  const { body: tokens } = await app.exchange(pending, callback)
  const call = (token: string | undefined) =>
    fetch(`${issuer}/mcp`, { method: 'POST', headers: { authorization: `Bearer ${token}` } })
  return { ...telemetry, spans, auth, app, call, tokens, pending, callback, events, provider, clock }
}

it('a sign-in is a span for each step, joined by the correlation', async () => {
  const { spans, call, tokens, events } = await signedIn()
  expect((await call(tokens.access_token)).status).toBe(200)
  const told = spans().map(({ name, attributes }) => [
    name,
    attributes['http.response.status_code'] ?? attributes['drawbridge.outcome'],
    attributes['drawbridge.event'],
  ])
  expect(told).toEqual([
    ['authenticate', 401, undefined],
    ['GET /.well-known/oauth-protected-resource/mcp', 200, undefined],
    ['GET /.well-known/oauth-authorization-server', 200, undefined],
    ['POST /register', 201, 'client.registered'],
    ['GET /authorize', 302, 'authorize.started'],
    ['GET /consent', 200, 'consent.shown'],
    ['POST /consent', 303, 'consent.approved'],
    ['GET /callback/github', 302, 'grant.created'],
    ['POST /token', 200, 'grant.redeemed'],
    ['authenticate', 'accepted', 'token.accepted'],
  ])
  const joined = spans().slice(3)
  expect(new Set(joined.map(({ attributes }) => attributes['drawbridge.correlation']))).toEqual(
    new Set([events.find(({ type }) => type === 'grant.created')?.correlation]),
  )
})

it('no span and no metric holds a credential', async () => {
  const { spans, points, app, call, tokens, pending, callback, provider, auth } = await signedIn()
  const refreshed = await app.refresh(tokens.refresh_token)
  await call('eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJnaXRodWJ8MSJ9.c2lnbmF0dXJl')
  await app.revoke(refreshed.body.refresh_token)
  await auth.handle(new Request(`${issuer}/callback/github?state=${pending.code_verifier}`))
  const text = JSON.stringify([
    spans().map(({ name, attributes, events, status }) => [name, attributes, events, status]),
    await points('drawbridge.events'),
    await points('drawbridge.operation.duration'),
  ])
  const credentials = [
    tokens.access_token,
    tokens.refresh_token,
    refreshed.body.refresh_token,
    pending.code_verifier,
    pending.state,
    callback.searchParams.get('code'),
    'c2lnbmF0dXJl',
    'dev-secret',
    ...provider.requests.flatMap(({ parameters }) => [parameters.code, parameters.state]),
  ].filter((value) => value != null)
  expect(credentials.length).toBeGreaterThan(10)
  for (const credential of credentials) expect(text).not.toContain(credential)
})

it('metrics count what happened, with few series', async () => {
  const { points, app, call, tokens, events } = await signedIn()
  const first = await app.refresh(tokens.refresh_token)
  await app.refresh(tokens.refresh_token)
  await app.refresh('dbr_nonsense')
  await call(tokens.access_token)
  await call('nonsense')
  await app.revoke(first.body.refresh_token)

  expect(await points('drawbridge.grants')).toEqual([
    { attributes: { 'drawbridge.outcome': 'created' }, count: 1 },
    { attributes: { 'drawbridge.outcome': 'redeemed' }, count: 1 },
    { attributes: { 'drawbridge.outcome': 'ended', 'drawbridge.reason': 'revoked' }, count: 1 },
  ])
  expect(await points('drawbridge.refreshes')).toEqual([
    { attributes: { 'drawbridge.outcome': 'rotated' }, count: 1 },
    { attributes: { 'drawbridge.outcome': 'replayed' }, count: 1 },
    { attributes: { 'drawbridge.outcome': 'refused', 'drawbridge.reason': 'unknown' }, count: 1 },
  ])
  expect(await points('drawbridge.upstream.operations')).toEqual([
    {
      attributes: {
        'drawbridge.outcome': 'revoked',
        'drawbridge.reason': 'done',
        'drawbridge.provider': 'github',
      },
      count: 1,
    },
  ])
  const counted = await points('drawbridge.events')
  expect(counted.reduce((sum, { count }) => sum + count, 0)).toBe(events.length)
  expect(counted).toContainEqual({
    attributes: { 'drawbridge.event': 'token.refused', 'drawbridge.reason': 'issued_elsewhere' },
    count: 1,
  })
  for (const { attributes } of [...counted, ...(await points('drawbridge.operation.duration'))]) {
    for (const name of ['drawbridge.correlation', 'drawbridge.grant', 'drawbridge.client_id'])
      expect(attributes).not.toHaveProperty(name)
  }
})

it('the duration of each operation is measured', async () => {
  const { points, auth, call, tokens } = await signedIn()
  await call(tokens.access_token)
  const headers = { authorization: `Bearer ${tokens.access_token}` }
  const result = await auth.authenticate(new Request(`${issuer}/mcp`, { headers }))
  if (!result.ok) throw new Error('refused')
  expect(await auth.revalidate(result.auth)).toBe(true)
  expect((await auth.upstreamToken(result.auth)).provider).toBe('github')
  const measured = await points('drawbridge.operation.duration')
  expect(measured).toEqual(
    expect.arrayContaining([
      {
        attributes: {
          'drawbridge.operation': 'handle',
          'http.request.method': 'POST',
          'http.route': '/token',
          'http.response.status_code': 200,
        },
        count: 1,
      },
      {
        attributes: {
          'drawbridge.operation': 'authenticate',
          'drawbridge.outcome': 'accepted',
          'drawbridge.resource': `${issuer}/mcp`,
        },
        count: 2,
      },
      { attributes: { 'drawbridge.operation': 'revalidate', 'drawbridge.outcome': 'accepted' }, count: 1 },
      { attributes: { 'drawbridge.operation': 'upstreamToken', 'drawbridge.provider': 'github' }, count: 1 },
    ]),
  )
})

it('a provider token that the provider refused is looked for anew, behind spans as without', async () => {
  const { auth, tokens, clock } = await signedIn('github-app')
  const headers = { authorization: `Bearer ${tokens.access_token}` }
  const result = await auth.authenticate(new Request(`${issuer}/mcp`, { headers }))
  if (!result.ok) throw new Error('refused')
  const { access_token: rejected } = await auth.upstreamToken(result.auth)
  clock.advance(60)
  const { access_token } = await auth.upstreamToken(result.auth, { rejected })
  expect(access_token).not.toBe(rejected)
})

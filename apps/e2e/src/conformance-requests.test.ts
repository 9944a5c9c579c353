import { signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { withCode } from './endpoints/token.fixture.ts'
import { issuer, resource, world } from './world.ts'

// What docs/conformance.md lists and no other test shows: how requests are read.

/** Where an authorization request leads. */
async function asked(change: Record<string, string | readonly string[] | undefined>, metadata = {}) {
  const w = world()
  const app = w.client()
  await app.register(metadata)
  const pending = await app.authorize(change)
  const response = await w.fetch(pending.url, { redirect: 'manual' })
  return { response, location: response.headers.get('location') ?? '' }
}

describe('the authorization endpoint', () => {
  it('ignores parameters that it does not know', async () => {
    const { location } = await asked({ nonsense: 'x', claims: '{}', authorization_details: '[]' })
    expect(location).toContain(`${issuer}/consent?`)
  })

  it('takes a parameter without a value for none', async () => {
    for (const name of ['scope', 'resource', 'prompt', 'response_mode', 'login_hint']) {
      expect((await asked({ [name]: '' })).location, name).toContain(`${issuer}/consent?`)
    }
    const { location } = await asked({ code_challenge: '', state: '' })
    const back = new URL(location).searchParams
    expect([back.get('error'), back.has('state')]).toEqual(['invalid_request', false])
  })

  it('says what it wants when it cannot do with a challenge method', async () => {
    const { location } = await asked({ code_challenge_method: 'plain' })
    expect(new URL(location).searchParams.get('error_description')).toContain('code_challenge_method=S256')
  })

  it('wants to be told the redirect URI by a client that has several', async () => {
    const several = { redirect_uris: ['http://127.0.0.1/a', 'http://127.0.0.1/b'] }
    const { response } = await asked({ redirect_uri: undefined }, several)
    expect([response.status, response.headers.get('location')]).toEqual([400, null])
  })

  it('answers no preflight, and says of no redirect and no page that another origin may read it', async () => {
    const w = world()
    const app = w.client()
    await app.register()
    const { url } = await app.authorize()
    const headers = { origin: 'https://app.test', accept: 'text/html' }
    const preflight = await w.fetch(url, {
      method: 'OPTIONS',
      headers: { ...headers, 'access-control-request-method': 'GET' },
    })
    expect(preflight.status).toBe(405)
    expect(preflight.headers.get('access-control-allow-methods')).toBeNull()
    for (const change of [{}, { client_id: 'gone' }, { scope: 'unheard-of' }]) {
      const asking = (await app.authorize(change)).url
      const answer = await w.fetch(asking, { headers, redirect: 'manual' })
      expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  it('nor does an error in JSON, or a wrong method', async () => {
    const w = world()
    const gone = `${issuer}/authorize?client_id=gone`
    const json = await w.fetch(gone, { headers: { origin: 'https://app.test', accept: 'application/json' } })
    expect([json.status, json.headers.get('access-control-allow-origin')]).toEqual([400, null])
    const wrong = await w.fetch(gone, { method: 'DELETE', headers: { origin: 'https://app.test' } })
    expect([wrong.status, wrong.headers.get('access-control-allow-origin')]).toEqual([405, null])
    expect(wrong.headers.get('access-control-expose-headers')).toBeNull()
  })

  it('keeps the query of a redirect URI, and gives the state back in whatever letters', async () => {
    const w = world()
    const redirectUri = 'https://app.test/cb?tenant=a%20b&x='
    const app = w.client({ redirectUri })
    await app.register()
    const state = 'a b+c%20&=?#/ü€\u{1F511}"<'
    const pending = await app.authorize({ state })
    const back = await signIn(w.browser(), pending.url, { user: 'octocat' })
    expect(back.href).toMatch(/^https:\/\/app\.test\/cb\?tenant=a%20b&x=&/)
    expect(back.searchParams.getAll('state')).toEqual([state])
    expect((await app.exchange(pending, back)).status).toBe(200)
  })
})

describe('the token endpoint', () => {
  it('ignores parameters that it does not know, and takes one without a value for none', async () => {
    const { app, pending, callback } = await withCode(world())
    const tokens = await app.exchange(pending, callback, { nonsense: 'x', resource: '', client_secret: '' })
    expect(tokens.status).toBe(200)
    const refreshed = await app.refresh(tokens.body.refresh_token, { scope: '', audience: 'https://x.test' })
    expect(refreshed.body.scope).toBe('read:user')
  })

  it('reads nothing from the URL, a secret least of all', async () => {
    const w = world()
    const { app, registration, pending, callback } = await withCode(w, {
      token_endpoint_auth_method: 'client_secret_post',
    })
    const { client_id = '', client_secret = '' } = registration.body
    const form = {
      grant_type: 'authorization_code',
      code: callback.searchParams.get('code') ?? '',
      code_verifier: pending.code_verifier,
      redirect_uri: pending.redirect_uri,
    }
    const send = (query: Record<string, string>, body: Record<string, string>) =>
      w.fetch(`${issuer}/token?${new URLSearchParams(query)}`, {
        method: 'POST',
        body: new URLSearchParams(body),
      })
    expect((await send({ client_id, client_secret }, form)).status).toBe(401)
    expect((await send({ client_secret }, { ...form, client_id })).status).toBe(401)
    expect((await send(form, { client_id, client_secret })).status).toBe(400)
    expect((await app.exchange(pending, callback)).status).toBe(200)
  })

  it('is for POST', async () => {
    const { fetch } = world()
    for (const method of ['GET', 'PUT']) {
      const answer = await fetch(`${issuer}/token?grant_type=refresh_token`, { method })
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST, OPTIONS'])
    }
  })

  it('has nothing for the grant types that OAuth 2.1 left out', async () => {
    const { fetch } = world()
    const metadata = await (await fetch(`${issuer}/.well-known/oauth-authorization-server`)).json()
    expect(metadata.response_types_supported).toEqual(['code'])
    expect(metadata.grant_types_supported).not.toContain('password')
    expect(metadata.grant_types_supported).not.toContain('implicit')
  })
})

it('every address in the metadata is https and without a fragment, and no issuer may be otherwise', async () => {
  const { fetch } = world()
  const metadata = await (await fetch(`${issuer}/.well-known/oauth-authorization-server`)).json()
  const addresses = Object.entries<unknown>(metadata).filter(([name]) =>
    /_endpoint$|_uri$|^issuer$/.test(name),
  )
  expect(addresses.length).toBeGreaterThan(5)
  for (const [name, address] of addresses) expect(address, name).toMatch(/^https:\/\/mcp\.test[^#]*$/)
  for (const wrong of ['http://mcp.test', 'https://mcp.test/#a', 'https://mcp.test?a=b']) {
    expect(() => world({ issuer: wrong }), wrong).toThrow(/issuer/)
  }
  expect(() => world({ resource: 'http://mcp.test/mcp' })).toThrow(/resource/)
})

it('a resource without a path is named without a slash', async () => {
  const w = world({ resource: '/' })
  const { headers } = await w.fetch(issuer, { method: 'POST' })
  const at = /resource_metadata="([^"]+)"/.exec(headers.get('www-authenticate') ?? '')?.[1] ?? ''
  expect((await (await w.fetch(at)).json()).resource).toBe(w.auth.resource)
  expect(w.auth.resource).toBe(issuer)
  expect(resource).not.toBe(issuer)
})

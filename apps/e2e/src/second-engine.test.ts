import { Unavailable } from '@drawbridge/core'
import { oauthClient, signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import type { Engine } from '../../../packages/core/src/engine/engine.ts'
import type { Verifier } from '../../../packages/core/src/resource-server/verifier.ts'
import { mapEngine } from './map-engine.ts'
import { setUp } from './second-engine.fixture.ts'
import { issuer, resource } from './world.ts'

describe('an engine with its tokens in a Map, behind our consent', () => {
  it('lets an unknown client in, as its user, and out again', async () => {
    const w = setUp()
    const tokens = await w.app.login(w.browser(), { user: 'octocat' })
    expect(tokens).toMatchObject({ token_type: 'Bearer', scope: 'read:user' })
    const answer = await w.call(tokens.access_token)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({
      clientId: w.app.credentials?.client_id,
      scopes: ['read:user'],
      resource,
      extra: { subject: expect.stringMatching(/^github\|\d+$/), issuer, user: { login: 'octocat' } },
    })

    const refreshed = await w.app.refresh(tokens.refresh_token)
    expect(refreshed.status).toBe(200)
    expect(refreshed.body.refresh_token).not.toBe(tokens.refresh_token)
    expect((await w.call(refreshed.body.access_token)).status).toBe(200)

    expect((await w.app.revoke(refreshed.body.refresh_token)).status).toBe(200)
    for (const dead of [tokens.access_token, refreshed.body.access_token]) {
      expect((await w.call(dead)).status).toBe(401)
    }
    expect((await w.app.refresh(refreshed.body.refresh_token)).body.error).toBe('invalid_grant')
    expect(w.told()).toEqual(
      expect.arrayContaining(['consent.approved', 'token.refused grant_ended', 'refresh.refused unknown']),
    )
  })

  it('is asked nothing before the client, the redirect and the verifier are right', async () => {
    const w = setUp()
    await w.app.register()
    const pending = await w.app.authorize()
    const callback = await signIn(w.browser(), pending.url, { user: 'octocat' })
    const stranger = oauthClient({ mcpUrl: resource, fetch: w.fetch })
    await stranger.register()
    expect((await stranger.exchange(pending, callback)).body.error).toBe('invalid_grant')
    const wrong = { ...pending, code_verifier: 'x'.repeat(43) }
    expect((await w.app.exchange(wrong, callback)).body.error).toBe('invalid_grant')
    const first = await w.app.exchange(pending, callback)
    expect(first.status).toBe(200)
    expect((await w.app.exchange(pending, callback)).body.error).toBe('invalid_grant')

    expect((await stranger.revoke(first.body.refresh_token)).status).toBe(200)
    expect((await w.call(first.body.access_token)).status).toBe(200)
    expect((await w.app.revoke('nonsense')).status).toBe(200)
    expect(w.told()).toEqual(
      expect.arrayContaining([
        'code.refused other_client',
        'code.refused code_verifier',
        'revocation.ignored other_client',
        'revocation.ignored unknown',
      ]),
    )
  })

  it('has a reload of the callback go where the first went, until the code is redeemed', async () => {
    const w = setUp()
    await w.app.register()
    const pending = await w.app.authorize()
    const person = w.browser()
    const callback = await signIn(person, pending.url, { user: 'octocat' })
    const again = w.asked.find((url) => url.startsWith(`${issuer}/callback/`)) ?? ''
    const until = ({ origin }: URL) => origin === callback.origin
    expect((await person.open(again, { until })).leftFor?.href).toBe(callback.href)
    expect((await w.app.exchange(pending, callback)).status).toBe(200)
    const third = await person.open(again, { until })
    expect(third.leftFor).toBeUndefined()
    expect(third.text).toContain('close this')
  })
})

describe('what only our own engine has', () => {
  it('is neither mounted, nor named, nor offered without it', async () => {
    const w = setUp()
    expect((await w.fetch(`${issuer}/jwks`)).status).not.toBe(200)
    expect(w.endpoints.routes.map(({ path }) => path)).not.toContain('/jwks')
    const metadata = await (await w.fetch(`${issuer}/.well-known/oauth-authorization-server`)).json()
    expect(metadata).not.toHaveProperty('jwks_uri')
    expect(metadata).toHaveProperty('registration_endpoint')
    expect(w.auth.upstreamToken).toBeUndefined()
  })

  it('registration neither, where an engine registers nobody', async () => {
    const { registerClient, ...engine } = mapEngine()
    const w = setUp({ engine })
    const metadata = await (await w.fetch(`${issuer}/.well-known/oauth-authorization-server`)).json()
    expect(metadata).not.toHaveProperty('registration_endpoint')
    expect(w.endpoints.routes.map(({ path }) => path)).not.toContain('/register')
    const unknown = await w.fetch(`${issuer}/authorize?client_id=nobody`)
    expect(unknown.headers.get('link')).toBeNull()
  })
})

describe('an engine at the gate', () => {
  it('that is out is 503, and no reason to sign in again', async () => {
    const loadAccessToken = async () => {
      throw new Unavailable('its database')
    }
    const w = setUp({ engine: { ...mapEngine(), loadAccessToken } })
    expect((await w.call('map-access-x')).status).toBe(503)
    expect(w.told()).toContain('token.unchecked')
  })

  it('leaves a token that is none of its own to the verifiers', async () => {
    const machine = {
      subject: 'machine',
      clientId: 'cron',
      scopes: ['read:user'],
      expiresAt: 4_000_000_000,
      issuer: 'elsewhere',
      user: {},
    }
    const verify: Verifier['verify'] = async (token: string) =>
      token === 'elsewhere' ? { status: 'valid', token: machine } : { status: 'not-mine' }
    const w = setUp({ accept: [{ verify }] })
    expect((await w.call('elsewhere')).status).toBe(200)
    expect((await w.call('nowhere')).status).toBe(401)
    expect((await w.call('map-access-x')).status).toBe(401)
    expect(w.told()).toEqual([
      'token.accepted',
      'token.refused issued_elsewhere',
      'token.refused grant_ended',
    ])
  })

  it.each([[{ cnf: { jkt: 'thumbprint' } }], [{ token_type: 'DPoP' as const }]])(
    'has a token that is bound to a key refused: %j',
    async (bound) => {
      const engine = mapEngine()
      const loadAccessToken: Engine['loadAccessToken'] = async (token) => {
        const loaded = await engine.loadAccessToken(token)
        return loaded && !loaded.refused ? { ...loaded, ...bound } : loaded
      }
      const w = setUp({ engine: { ...engine, loadAccessToken } })
      const { access_token } = await w.app.login(w.browser(), { user: 'octocat' })
      expect((await w.call(access_token)).status).toBe(401)
    },
  )

  it("refuses a token for another resource, and says nothing of that one's scopes", async () => {
    const engine = mapEngine()
    const w = setUp({ engine })
    const { access_token } = await w.app.login(w.browser(), { user: 'octocat' })
    for (const grant of engine.grants.values()) grant.resource = 'https://other.test/mcp'
    expect((await w.call(access_token)).status).toBe(401)
    expect(w.told()).toContain('token.refused other_resource')
  })
})

describe('an engine that signs people in by itself', () => {
  const host = 'https://login.test'

  it('takes the checked request over: neither consent nor a callback is ours', async () => {
    const engine = mapEngine()
    const { completeLogin, ...rest } = engine
    const begun: string[] = []
    const w = setUp({
      engine: {
        ...rest,
        async authorize({ redirect_uri, state, ...asked }, client) {
          const request = { ...asked, redirect_uri, state }
          const { code } = await completeLogin({
            client,
            request,
            provider: 'own',
            subject: 'own|1',
            claims: { login: 'ada' },
            scopes: asked.scopes,
          })
          begun.push(client.client_id)
          const answer = new URLSearchParams({ code, iss: issuer, ...(state !== undefined && { state }) })
          return `${host}/?${new URLSearchParams({ to: `${redirect_uri}?${answer}` })}`
        },
      },
      pages: {
        [host]: (request) => {
          const to = new URL(request.url).searchParams.get('to') ?? ''
          return new Response(null, { status: 302, headers: { location: to } })
        },
      },
    })
    await w.app.register()
    const pending = await w.app.authorize()
    const page = await w.fetch(pending.url, { redirect: 'manual' })
    expect(page.status).toBe(302)
    const left = await w.fetch(page.headers.get('location') ?? '', { redirect: 'manual' })
    const { status, body } = await w.app.exchange(pending, new URL(left.headers.get('location') ?? ''))
    expect(status).toBe(200)
    expect(await (await w.call(body.access_token)).json()).toMatchObject({ extra: { subject: 'own|1' } })
    expect(begun).toEqual([w.app.credentials?.client_id])
    const paths = w.endpoints.routes.map(({ path }) => path)
    expect(paths).not.toContain('/consent')
    expect(paths).not.toContain('/callback/github')
  })

  it('is not reached by a request that is not good', async () => {
    const { completeLogin, ...rest } = mapEngine()
    const authorize = async () => {
      throw new Error('reached')
    }
    const w = setUp({ engine: { ...rest, authorize } })
    await w.app.register()
    const { url } = await w.app.authorize()
    const bad = new URL(url)
    bad.searchParams.delete('code_challenge')
    const answer = await w.fetch(bad, { redirect: 'manual' })
    expect(new URL(answer.headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_request')
    const elsewhere = new URL(url)
    elsewhere.searchParams.set('redirect_uri', 'https://evil.test/callback')
    expect((await w.fetch(elsewhere, { redirect: 'manual' })).status).toBe(400)
  })
})

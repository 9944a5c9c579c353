import { memory } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { browser, chooseButton, fakeClock, network, signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { begun } from './sign-in-steps.ts'
import { issuer, secret, upstreamHost, world } from './world.ts'

const redirect_uri = 'http://127.0.0.1:33418/callback'
const other = 'https://other.test'

describe('two servers that were given one secret, and know one client', () => {
  const desk = { client_id: 'desk', redirect_uris: [redirect_uri] }

  it("do not take each other's sealed requests", async () => {
    const here = world({ clients: [desk] })
    const there = world({ issuer: other, clients: [desk] })
    const { url } = await here.client({ credentials: { client_id: 'desk' } }).authorize()
    const page = await here.browser().open(url)
    expect(chooseButton(page)).toBeDefined()
    const answer = await there.auth.handle(new Request(`${other}/consent${new URL(page.url).search}`))
    expect(answer?.status).toBe(400)
  })

  it("so that a token of one is not for the other's resource, with scopes its client may not have there", async () => {
    const scopes = { supported: ['notes:read', 'notes:delete'], default: ['notes:read'] }
    const clock = fakeClock()
    const lenient = world({ clock, clients: [desk], scopes })
    const strict = world({ clock, issuer: other, clients: [{ ...desk, scope: 'notes:read' }], scopes })
    const pending = await lenient
      .client({ credentials: { client_id: 'desk' } })
      .authorize({ scope: 'notes:read notes:delete' })
    const start = await lenient.auth.handle(new Request(pending.url))
    const handle = new URL(start?.headers.get('location') ?? '').search
    const send = async (request: Request) =>
      (await strict.auth.handle(request)) ?? new Response(null, { status: 404 })
    const fetch = network({ [upstreamHost]: strict.provider.fetch, [other]: send })
    const back = await signIn(browser({ fetch, clock }), `${other}/consent${handle}`, {
      user: 'octocat',
      redirectUri: redirect_uri,
    }).catch(() => undefined)
    const body = new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: 'desk',
      code: back?.searchParams.get('code') ?? '',
      code_verifier: pending.code_verifier,
      redirect_uri: pending.redirect_uri,
    })
    const answer = await send(new Request(`${other}/token`, { method: 'POST', body }))
    const { access_token = '..', scope } = await answer.json()
    const { iss, aud } = JSON.parse(Buffer.from(access_token.split('.')[1] || 'e30', 'base64url').toString())
    expect({ iss, aud, scope }).toEqual({ iss: undefined, aud: undefined, scope: undefined })
  })
})

describe('two servers that share the store as well', () => {
  it('whom the one for members refuses does not get in by the other', async () => {
    const clock = fakeClock()
    const storage = memory({ clock })
    const login = { clientId: 'dev-client', clientSecret: 'dev-secret', host: upstreamHost }
    const members = world({ clock, storage, provider: github({ ...login, allow: { users: ['octocat'] } }) })
    const open = world({ clock, storage, issuer: other, provider: github(login) })
    const app = members.client()
    await app.register()
    const pending = await app.authorize()
    const handle = new URL(
      (await members.auth.handle(new Request(pending.url)))?.headers.get('location') ?? '',
    ).search
    const send = async (request: Request) =>
      (await open.auth.handle(request)) ?? new Response(null, { status: 404 })
    const fetch = network({ [upstreamHost]: open.provider.fetch, [other]: send })
    const back = await signIn(browser({ fetch, clock }), `${other}/consent${handle}`, {
      user: 'hubot',
      redirectUri: pending.redirect_uri,
    }).catch(() => undefined)
    const client_id = app.credentials?.client_id ?? ''
    const body = new URLSearchParams({
      grant_type: 'authorization_code',
      client_id,
      code: back?.searchParams.get('code') ?? '',
      code_verifier: pending.code_verifier,
      redirect_uri: pending.redirect_uri,
    })
    const { refresh_token = '' } = await (
      await send(new Request(`${other}/token`, { method: 'POST', body }))
    ).json()
    const refreshed = await app.refresh(refresh_token)
    const call = await members.call(refreshed.body.access_token)
    expect(call.status).toBe(401)
  })
})

describe('an instance that does not know the newer secret of another one yet', () => {
  it('says so, and does not only call the link expired', async () => {
    const { w, handle } = await (async () => {
      const w = await begun()
      const newer = w.instance({ secret: ['m9Wq2ZrT6yBv1XcN8kLp4SdF7gHj3aQeUoIi5tYwRzE=', secret] })
      const answer = await newer.handle(new Request(w.pending.url))
      return { w, handle: new URL(answer?.headers.get('location') ?? '').search }
    })()
    w.events.length = 0
    const page = await w.person.open(`${issuer}/consent${handle}`)
    expect(page.status).not.toBe(200)
    expect(w.events.map(({ type }) => type)).toContain('keys.unknown_secret')
  })
})

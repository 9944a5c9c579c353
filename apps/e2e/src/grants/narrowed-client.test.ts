import { chooseButton, signIn } from '@drawbridge/testing'
import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import { type World, world } from '../world.ts'

const scopes = ['files:read', 'files:write', 'files:delete']
const all = scopes.join(' ')

async function begun(w: World) {
  const app = w.client()
  await app.register()
  const narrow = (scope: string | null) => w.auth.clients.update(app.credentials?.client_id ?? '', { scope })
  return { app, narrow }
}

async function signedIn(w: World) {
  const { app, narrow } = await begun(w)
  const tokens = await app.login(w.browser(), { user: 'octocat', parameters: { scope: all } })
  expect(tokens.scope).toBe(all)
  return { app, narrow, ...tokens }
}

describe('a client whose scope an operator has narrowed', () => {
  it('refreshes to what it may still have, also when it names all it was granted', async () => {
    const w = world({ scopes })
    const { app, narrow, refresh_token } = await signedIn(w)
    await narrow('files:read files:write')
    for (const scope of [undefined, all, 'files:write files:delete files:read']) {
      const { status, body } = await app.refresh(refresh_token, { scope })
      expect(status).toBe(200)
      expect(body.scope?.split(' ').sort()).toEqual(['files:read', 'files:write'])
      expect(decodeJwt(body.access_token ?? '').scope).toBe(body.scope)
    }
    expect((await app.refresh(refresh_token, { scope: 'files:read' })).body.scope).toBe('files:read')
  })

  it('hears that it may not have a scope, as of one it was never granted, and stays signed in', async () => {
    const w = world({ scopes })
    const { app, narrow, refresh_token } = await signedIn(w)
    await narrow('files:read')
    const { status, body } = await app.refresh(refresh_token, { scope: 'files:delete' })
    expect([status, body.error]).toEqual([400, 'invalid_scope'])
    expect(w.events.at(-1)).toMatchObject({ type: 'refresh.refused', reason: 'scope' })
    expect((await app.refresh(refresh_token)).body.scope).toBe('files:read')
  })

  it('to nothing of what it was granted has its user sign in anew', async () => {
    const w = world({ scopes: [...scopes, 'mail:read'] })
    const { app, narrow, refresh_token } = await signedIn(w)
    await narrow('mail:read')
    const { status, body } = await app.refresh(refresh_token)
    expect([status, body.error]).toEqual([400, 'invalid_grant'])
    const parameters = { scope: `${all} mail:read` }
    expect((await app.login(w.browser(), { user: 'octocat', parameters })).scope).toBe('mail:read')
  })

  it('and widened again has lost nothing', async () => {
    const w = world({ scopes })
    const { app, narrow, refresh_token } = await signedIn(w)
    await narrow('files:read')
    const { body } = await app.refresh(refresh_token)
    expect(body.scope).toBe('files:read')
    await narrow(null)
    expect((await app.refresh(body.refresh_token)).body.scope).toBe(all)
  })

  it('keeps what the resource requires', async () => {
    const w = world({ scopes: { supported: scopes, required: ['files:read'] } })
    const { app, narrow, refresh_token } = await signedIn(w)
    await narrow('files:write')
    const { body } = await app.refresh(refresh_token)
    expect(body.scope).toBe('files:read files:write')
    expect((await w.call(body.access_token)).status).toBe(200)
  })

  it('before consent is not given more, and asks anew', async () => {
    const w = world({ scopes })
    const { app, narrow } = await begun(w)
    const pending = await app.authorize({ scope: all })
    const { url } = await w.browser().open(pending.url)
    await narrow('files:read')
    expect((await w.browser().open(url)).status).toBe(400)
    expect(w.events.at(-1)).toMatchObject({ type: 'consent.refused', reason: 'no_longer_allowed' })
    const parameters = { scope: all }
    expect((await app.login(w.browser(), { user: 'octocat', parameters })).scope).toBe('files:read')
  })

  it('between consent and callback gets no code', async () => {
    const w = world({ scopes })
    const { app, narrow } = await begun(w)
    const pending = await app.authorize({ scope: all })
    const person = w.browser()
    const until = ({ pathname }: URL) => pathname.startsWith('/callback/')
    let page = await person.open(pending.url)
    for (const user of [undefined, 'octocat']) {
      const button = chooseButton(page, { user })
      if (button) page = await person.submit(page, button, {}, { until })
    }
    await narrow('files:read')
    const cookie =
      person.cookies.header(new URL(page.leftFor ?? ''), { method: 'GET', crossSite: true }) ?? ''
    const answer = await w.auth.handle(new Request(page.leftFor ?? '', { headers: { cookie } }))
    const back = new URL(answer?.headers.get('location') ?? '').searchParams
    expect([back.get('error'), back.has('code')]).toEqual(['server_error', false])
    expect(w.events.map(({ type }) => type)).not.toContain('grant.created')
  })

  it('between callback and token redeems nothing, and the code is good again when that is taken back', async () => {
    const w = world({ scopes })
    const { app, narrow } = await begun(w)
    const pending = await app.authorize({ scope: all })
    const callback = await signIn(w.browser(), pending.url, { user: 'octocat' })
    await narrow('files:read')
    const { status, body } = await app.exchange(pending, callback)
    expect([status, body.error]).toEqual([400, 'invalid_grant'])
    expect(w.events.at(-1)).toMatchObject({ type: 'code.refused', reason: 'scope' })
    await narrow(null)
    expect((await app.exchange(pending, callback)).body.scope).toBe(all)
  })

  it('in the options is held to it as much', async () => {
    const desk = { client_id: 'desk', redirect_uris: ['http://127.0.0.1:33418/callback'] }
    const w = world({ scopes, clients: [desk] })
    const app = w.client({ credentials: { client_id: 'desk' } })
    const parameters = { scope: all }
    const { refresh_token } = await app.login(w.browser(), { user: 'octocat', parameters })
    const later = w.instance({ clients: [{ ...desk, scope: 'files:read' }] })
    const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token, client_id: 'desk' })
    const answer = await later.handle(new Request('https://mcp.test/token', { method: 'POST', body: form }))
    expect(await answer?.json()).toMatchObject({ scope: 'files:read' })
  })
})

it('a client that may not refresh any more does not, and has its user sign in anew, for less', async () => {
  const w = world({ scopes })
  const { app, refresh_token } = await signedIn(w)
  const id = app.credentials?.client_id ?? ''
  await w.auth.clients.update(id, { grant_types: ['authorization_code'] })
  const { status, body } = await app.refresh(refresh_token)
  expect([status, body.error]).toEqual([400, 'invalid_grant'])
  expect(w.events.at(-1)).toMatchObject({ type: 'refresh.refused', reason: 'grant_type' })
  expect(await app.login(w.browser(), { user: 'octocat' })).not.toHaveProperty('refresh_token')
})

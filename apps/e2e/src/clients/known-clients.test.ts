import { signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { type ClientKey, clientKey, signsWith } from '../client-keys.ts'
import { front } from '../front.ts'
import { type Published, published } from '../published.ts'
import { type World, world } from '../world.ts'

const keysUrl = 'https://app.test/keys.json'
const documentUrl = 'https://app.test/client.json'
const redirect_uris = ['http://127.0.0.1:33418/callback']

const publish = (web: Published, ...keys: ClientKey[]) =>
  web.put(keysUrl, { keys: keys.map(({ jwk }) => jwk) })

/** A client that says where its keys are, signed in: by registration, or by a document. */
async function withKeysElsewhere(kind: 'registered' | 'document') {
  const web = published()
  const key = await clientKey()
  publish(web, key)
  web.put(documentUrl, {
    client_id: documentUrl,
    redirect_uris,
    token_endpoint_auth_method: 'private_key_jwt',
    jwks_uri: keysUrl,
  })
  const w: World = world({ egress: web.egress })
  const f = front(w)
  const app = f.client()
  const registration = { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: keysUrl }
  const { body } =
    kind === 'registered' ? await app.register(registration) : { body: { client_id: documentUrl } }
  const client_id = body.client_id ?? ''
  signsWith(app, client_id, key, w.clock)
  const tokens = await app.login(f.browser(), { user: 'octocat' })
  return { w, f, web, key, app, client_id, tokens }
}

describe.each(['registered', 'document'] as const)('the keys of a %s client that are elsewhere', (kind) => {
  it('are fetched once, and kept', async () => {
    const { app, tokens, web } = await withKeysElsewhere(kind)
    expect((await app.refresh(tokens.refresh_token)).status).toBe(200)
    expect(web.asked().filter((url) => url === keysUrl)).toHaveLength(1)
  })

  it('are fetched anew for a key that is not among them, once a minute', async () => {
    const { w, app, tokens, web, client_id } = await withKeysElsewhere(kind)
    const next = await clientKey()
    publish(web, next)
    w.clock.advance(61)
    signsWith(app, client_id, next, w.clock)
    expect((await app.refresh(tokens.refresh_token)).status).toBe(200)
    const asked = web.asked().length
    signsWith(app, client_id, await clientKey(), w.clock)
    for (let tries = 0; tries < 3; tries++) {
      w.clock.advance(10)
      expect((await app.refresh(tokens.refresh_token)).body.error).toBe('invalid_client')
    }
    expect(web.asked().length).toBe(asked)
  })

  it('that were withdrawn let nobody in any more', async () => {
    const { w, app, tokens, web, key, client_id } = await withKeysElsewhere(kind)
    publish(web, await clientKey())
    w.clock.advance(3600)
    signsWith(app, client_id, key, w.clock)
    const refused = await app.refresh(tokens.refresh_token)
    expect([refused.status, refused.body.error]).toEqual([401, 'invalid_client'])
  })

  it('hold for a day while their host is out of order; then, and where nobody knows them, it is 503', async () => {
    const { w, f, app, tokens, web } = await withKeysElsewhere(kind)
    web.out()
    w.clock.advance(20 * 3600)
    const second = await app.refresh(tokens.refresh_token)
    expect(second.status).toBe(200)
    f.to(w.instance())
    const unknown = await app.refresh(second.body.refresh_token)
    expect([unknown.status, unknown.body.error]).toEqual([503, 'temporarily_unavailable'])
    expect(Number(unknown.headers.get('retry-after'))).toBeGreaterThan(0)
    f.to(w.auth)
    w.clock.advance(2 * 24 * 3600)
    expect((await app.refresh(second.body.refresh_token)).status).toBe(503)
    web.out(false)
    w.clock.advance(61)
    expect((await app.refresh(second.body.refresh_token)).status).toBe(200)
  })
})

describe('somebody who has this server fetch from a host as much as it may', () => {
  it('does not shut out a client there that people have let in, also at an instance that never saw it', async () => {
    const web = published()
    web.put(documentUrl, { client_id: documentUrl, redirect_uris })
    const w = world({ egress: web.egress })
    const f = front(w)
    const app = f.client()
    app.credentials = { client_id: documentUrl }
    await app.login(f.browser(), { user: 'octocat' })
    f.to(w.instance())
    const stranger = f.client()
    for (let count = 0; count < 61; count++) {
      stranger.credentials = { client_id: `https://app.test/${count}` }
      await f.browser().open((await stranger.authorize()).url.href)
    }
    expect(w.events).toContainEqual(expect.objectContaining({ type: 'document.failed', reason: 'budget' }))
    expect(await app.login(f.browser(), { user: 'hubot' })).toMatchObject({ token_type: 'Bearer' })
  })
})

it('a set of keys that its owner has emptied lets nobody in any more', async () => {
  const { w, app, tokens, web } = await withKeysElsewhere('registered')
  web.put(keysUrl, { keys: [] })
  w.clock.advance(3600)
  const refused = await app.refresh(tokens.refresh_token)
  expect([refused.status, refused.body.error]).toEqual([401, 'invalid_client'])
})

describe('a document that is gone', () => {
  it('ends a client that signs, and not one that does not', async () => {
    const { w, app, tokens, web } = await withKeysElsewhere('document')
    web.answer(documentUrl, { status: 410 })
    w.clock.advance(24 * 3600)
    const refused = await app.refresh(tokens.refresh_token)
    expect([refused.status, refused.body.error]).toEqual([401, 'invalid_client'])
  })
})

it('a host that is out of order while somebody signs in costs the login nothing: the page may be reloaded', async () => {
  const web = published()
  web.put(documentUrl, { client_id: documentUrl, redirect_uris })
  const w = world({ egress: web.egress })
  const f = front(w)
  const app = f.client()
  app.credentials = { client_id: documentUrl }
  const person = f.browser()
  const pending = await app.authorize()
  f.to(w.auth)
  const page = await person.open(pending.url.href)
  expect(page.status).toBe(200)
  web.out()
  f.to(w.instance())
  const troubled = await signIn(person, pending.url, { user: 'octocat' }).catch(
    (error: Error) => error.message,
  )
  expect(troubled).toMatch(/could not be looked up/)
  web.out(false)
  w.clock.advance(61)
  const callback = await signIn(person, pending.url, { user: 'octocat' })
  expect((await app.exchange(pending, callback)).status).toBe(200)
})

import { signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { clientKey, signsWith } from '../client-keys.ts'
import { front } from '../front.ts'
import { issuer } from '../world.ts'
import { appOf, document, url, withDocuments } from './document.fixture.ts'

describe('a document that offers to sign', () => {
  const signing = (key: { jwk: object }, more: Record<string, unknown> = {}) =>
    document({ token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [key.jwk] }, ...more })
  const either = { token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'] }

  it('and nothing else is held to it', async () => {
    const key = await clientKey()
    const { w } = withDocuments({}, signing(key))
    const app = appOf(w)
    const pending = await app.authorize()
    const callback = await signIn(w.browser(), pending.url, { user: 'octocat' })
    const refused = await app.exchange(pending, callback)
    expect([refused.status, refused.body.error]).toEqual([401, 'invalid_client'])
    expect(w.events).toContainEqual(expect.objectContaining({ type: 'code.refused', reason: 'client_auth' }))
    signsWith(app, url, key, w.clock)
    expect((await app.exchange(pending, callback)).status).toBe(200)
  })

  it('and did has nothing of it revoked by whoever holds a token and does not sign', async () => {
    const key = await clientKey()
    const { w } = withDocuments({}, signing(key))
    const app = appOf(w)
    signsWith(app, url, key, w.clock)
    const { access_token, refresh_token } = await app.login(w.browser(), { user: 'octocat' })
    const thief = appOf(w)
    for (const token of [access_token, refresh_token]) {
      const refused = await thief.revoke(token)
      expect([refused.status, refused.body.error]).toEqual([401, 'invalid_client'])
    }
    expect((await w.call(access_token)).status).toBe(200)
    expect((await app.revoke(access_token)).status).toBe(200)
    expect((await w.call(access_token)).status).toBe(401)
  })

  it('or not may do either, and what it did is bound: better later, never worse', async () => {
    const key = await clientKey('RS256')
    const { w } = withDocuments({}, signing(key, either))
    const app = appOf(w)
    const { refresh_token } = await app.login(w.browser(), { user: 'octocat' })
    const second = await app.refresh(refresh_token)
    expect(second.status).toBe(200)
    signsWith(app, url, key, w.clock)
    const third = await app.refresh(second.body.refresh_token)
    expect(third.status).toBe(200)
    app.credentials = { client_id: url }
    expect((await app.refresh(third.body.refresh_token)).body.error).toBe('invalid_client')
    signsWith(app, url, key, w.clock)
    expect((await app.refresh(third.body.refresh_token)).status).toBe(200)
  })

  it('whose keys are replaced lets the new one in, and not the old', async () => {
    const [old, next] = [await clientKey(), await clientKey()]
    const { w, web } = withDocuments({}, signing(old))
    const app = appOf(w)
    signsWith(app, url, old, w.clock)
    const { refresh_token } = await app.login(w.browser(), { user: 'octocat' })
    web.put(url, signing(next))
    w.clock.advance(61)
    signsWith(app, url, next, w.clock)
    const second = await app.refresh(refresh_token)
    expect(second.status).toBe(200)
    signsWith(app, url, old, w.clock)
    expect((await app.refresh(second.body.refresh_token)).body.error).toBe('invalid_client')
  })

  it('where its host serves an error page for it, signs nobody out at an instance that never saw it', async () => {
    const key = await clientKey()
    const { w, web } = withDocuments({}, signing(key))
    const f = front(w)
    const app = f.client()
    signsWith(app, url, key, w.clock)
    const { refresh_token } = await app.login(f.browser(), { user: 'octocat' })
    web.answer(url, { status: 200, headers: { 'content-type': 'text/html' }, body: '<h1>Sorry</h1>' })
    f.to(w.instance())
    const troubled = await app.refresh(refresh_token)
    expect([troubled.status, troubled.body.error]).toEqual([503, 'temporarily_unavailable'])
    web.put(url, signing(key))
    w.clock.advance(61)
    expect((await app.refresh(refresh_token)).status).toBe(200)
  })

  it('and was held to it, is held to it also when it ends what it was given (RFC 7009 2.1)', async () => {
    const key = await clientKey()
    const { w } = withDocuments({}, signing(key, either))
    const app = appOf(w)
    signsWith(app, url, key, w.clock)
    const { access_token, refresh_token } = await app.login(w.browser(), { user: 'octocat' })
    app.credentials = { client_id: url }
    for (const token of [access_token, refresh_token]) {
      const refused = await app.revoke(token)
      expect([refused.status, refused.body.error]).toEqual([401, 'invalid_client'])
    }
    expect((await w.call(access_token)).status).toBe(200)
    signsWith(app, url, key, w.clock)
    expect((await app.revoke(refresh_token)).status).toBe(200)
    expect((await w.call(access_token)).status).toBe(401)
  })

  it('at an address with quotes in it is told what is wrong in characters that may stand there', async () => {
    const odd = 'https://app.test/"quoted"/client.json'
    const key = await clientKey()
    const { w, web } = withDocuments()
    web.put(new URL(odd).href, signing(key, { client_id: odd }))
    const client_assertion = await key.sign(odd, issuer, w.clock.now(), { claims: { iss: 'somebody' } })
    const answer = await w.fetch(`${issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: 'x',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion,
      }),
    })
    const { error, error_description } = (await answer.json()) as Record<string, string>
    expect(error).toBe('invalid_client')
    expect(error_description).toMatch(/iss is missing or wrong/)
    // RFC 6749 5.2
    expect(error_description).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/)
  })

  it('whose client_id leads to JSON that describes no client of that name is nobody, and no outage', async () => {
    const key = await clientKey()
    const { w, web } = withDocuments({}, signing(key))
    const other = 'https://app.test/other.json'
    web.put(other, { keys: [key.jwk] })
    const app = appOf(w, other)
    signsWith(app, other, key, w.clock)
    const answer = await app.refresh('made-up')
    expect([answer.status, answer.body.error]).toEqual([401, 'invalid_client'])
  })

  it('with keys that we do not take is a public client where it offers that, too', async () => {
    const { w } = withDocuments(
      {},
      document({ ...either, token_endpoint_auth_signing_alg: 'ES512', jwks: { keys: [] } }),
    )
    expect(await appOf(w).login(w.browser(), { user: 'octocat' })).toMatchObject({ token_type: 'Bearer' })
  })
})

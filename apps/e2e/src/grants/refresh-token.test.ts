import { describe, expect, it } from 'vitest'
import { signedIn, through } from '../refresh.fixture.ts'
import { world } from '../world.ts'

describe('a forged token is refused and changes nothing', () => {
  it.each([
    ['another secret', (token: string) => `${token.slice(0, -43)}${'x'.repeat(43)}`],
    ['another r', (token: string) => `${token.slice(0, -66)}${'x'.repeat(22)}${token.slice(-44)}`],
    ['a generation to come', (token: string) => token.replace(/\.0\./, '.1.')],
    ['a generation far away', (token: string) => token.replace(/\.0\./, '.999999999.')],
    ['a generation written otherwise', (token: string) => token.replace(/\.0\./, '.00.')],
    [
      'another grant',
      (token: string) => token.replace(/^dbr_./, (start) => (start === 'dbr_x' ? 'dbr_y' : 'dbr_x')),
    ],
    ['trailing bytes', (token: string) => `${token}x`],
    ['nothing of ours', () => 'nonsense'],
  ])('%s', async (_, forge) => {
    const { app, first, call } = await signedIn()
    expect((await app.refresh(forge(first.refresh_token))).body.error).toBe('invalid_grant')
    expect((await call(first.access_token)).status).toBe(200)
    expect((await app.refresh(first.refresh_token)).status).toBe(200)
  })
})

describe('a refresh token belongs to its client', () => {
  it('and is refused to any other, without harm', async () => {
    const { app, first, client } = await signedIn()
    const thief = client()
    await thief.register()
    expect((await thief.refresh(first.refresh_token)).body.error).toBe('invalid_grant')
    expect((await app.refresh(first.refresh_token)).status).toBe(200)
  })

  it('which must prove itself when it has a secret', async () => {
    const { app, first } = await signedIn({}, { token_endpoint_auth_method: 'client_secret_basic' })
    const right = app.credentials
    if (!right) throw new Error('not registered')
    app.credentials = { client_id: right.client_id }
    expect((await app.refresh(first.refresh_token)).body.error).toBe('invalid_client')
    app.credentials = right
    expect((await app.refresh(first.refresh_token)).status).toBe(200)
  })

  it('which may prove itself better than before, and then has to', async () => {
    const desk = { client_id: 'desk', redirect_uris: ['http://127.0.0.1/callback'] }
    const client_secret = 'k3Jd8sLq0pWz5xVn7bMc2aHt9yRf4eUg'
    const w = world({ clients: [desk] })
    const { refresh_token } = await w
      .client({ credentials: { client_id: 'desk' } })
      .login(w.browser(), { user: 'octocat' })
    const confidential = w.instance({ clients: [{ ...desk, client_secret }] })
    const strong = w.client({
      credentials: { client_id: 'desk', client_secret },
      fetch: through(confidential, w.fetch),
    })
    const second = await strong.refresh(refresh_token)
    expect(second.status).toBe(200)
    // The registration is public again, or somebody found an instance where it is.
    const weak = w.client({ credentials: { client_id: 'desk' } })
    expect((await weak.refresh(second.body.refresh_token)).body.error).toBe('invalid_client')
    expect((await strong.refresh(second.body.refresh_token)).status).toBe(200)
  })

  it('a client that is gone is told to register again', async () => {
    const { app, first } = await signedIn()
    app.credentials = { client_id: 'pruned' }
    const answer = await app.refresh(first.refresh_token)
    expect([answer.status, answer.body.error]).toEqual([401, 'invalid_client'])
  })
})

describe('scope and resource', () => {
  const options = { scopes: { supported: ['files:read', 'files:write'] } }

  it('a narrower scope holds for that access token alone, and at the gate', async () => {
    const { app, first, call } = await signedIn(options)
    const narrow = await app.refresh(first.refresh_token, { scope: 'files:read' })
    expect(narrow.body.scope).toBe('files:read')
    expect(await (await call(narrow.body.access_token)).json()).toMatchObject({ scopes: ['files:read'] })
    expect((await app.refresh(narrow.body.refresh_token)).body.scope).toBe('files:read files:write')
  })

  it.each([
    ['a wider scope', { scope: 'files:read admin' }, 'invalid_scope'],
    ['another resource', { resource: 'https://other.test/mcp' }, 'invalid_target'],
  ])('%s is refused and leaves the token good', async (_, change, error) => {
    const { app, first } = await signedIn(options)
    const refused = await app.refresh(first.refresh_token, change)
    expect([refused.status, refused.body.error]).toEqual([400, error])
    expect((await app.refresh(first.refresh_token)).status).toBe(200)
  })

  it('offline_access, which some clients repeat, does no harm', async () => {
    const { app, first } = await signedIn(options)
    expect((await app.refresh(first.refresh_token, { scope: 'files:read offline_access' })).body.scope).toBe(
      'files:read',
    )
  })
})

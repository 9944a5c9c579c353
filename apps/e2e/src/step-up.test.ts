import { memory, resourceServer, type Storage } from '@drawbridge/core'
import { describe, expect, it } from 'vitest'
import { issuer, resource, type World, world } from './world.ts'

const stepwise = { supported: ['files:read', 'files:write'], default: ['files:read'] }
const scopes = { ...stepwise, stepUp: 'refuse-refresh' as const }

async function signedIn(options: Parameters<typeof world>[0] = { scopes }) {
  const w = world(options)
  const app = w.client()
  const tokens = await app.login(w.browser(), { user: 'octocat', parameters: { scope: 'files:read' } })
  return { ...w, w, app, tokens }
}

/** What a client gets that calls something beyond its scopes. */
async function forbidden(
  auth: World['auth'],
  access_token: string | undefined,
  need: readonly string[] = ['files:write'],
) {
  const headers = { authorization: `Bearer ${access_token}` }
  const result = await auth.authenticate(new Request(resource, { headers }), { scopes: need })
  expect(result.ok ? 200 : result.response.status).toBe(403)
}

describe('the refresh after a 403', () => {
  it('is answered as ever where nothing is said, and nothing is kept about the 403', async () => {
    const storage = memory()
    const { auth, app, tokens } = await signedIn({ scopes: stepwise, storage })
    await forbidden(auth, tokens.access_token)
    expect(await storage.list('step-up/')).toEqual({ keys: [] })
    expect((await app.refresh(tokens.refresh_token)).status).toBe(200)
  })

  it('is answered where the option is gone, though others still have it', async () => {
    const { auth, app, tokens, instance } = await signedIn()
    await forbidden(auth, tokens.access_token)
    const { refresh_token } = tokens
    const form = { grant_type: 'refresh_token', refresh_token, client_id: app.credentials?.client_id ?? '' }
    const request = new Request(`${issuer}/token`, { method: 'POST', body: new URLSearchParams(form) })
    expect((await instance({ scopes: stepwise }).handle(request))?.status).toBe(200)
  })

  it('is refused once, and nothing else happens', async () => {
    const { auth, app, tokens, call, events } = await signedIn()
    await forbidden(auth, tokens.access_token)
    const first = await app.refresh(tokens.refresh_token)
    expect([first.status, first.body.error]).toEqual([400, 'server_error'])
    expect(first.headers.get('cache-control')).toBe('no-store')
    expect(events.at(-1)).toMatchObject({ type: 'refresh.refused', reason: 'step_up' })
    expect((await call(tokens.access_token)).status).toBe(200)
    const second = await app.refresh(tokens.refresh_token)
    expect([second.status, second.body.scope]).toEqual([200, 'files:read'])
    expect((await app.refresh(second.body.refresh_token)).status).toBe(200)
    const told = events.map(({ type }) => type)
    expect(told.filter((type) => type === 'refresh.rotated')).toHaveLength(2)
    expect(told).not.toContain('grant.doubted')
    expect(told).not.toContain('grant.ended')
  })

  it('is refused also by another instance than the one that answered 403', async () => {
    const { app, tokens, instance } = await signedIn()
    await forbidden(instance(), tokens.access_token)
    expect((await app.refresh(tokens.refresh_token)).body.error).toBe('server_error')
    expect((await app.refresh(tokens.refresh_token)).status).toBe(200)
  })

  it('of several at once is refused one time at most', async () => {
    const { auth, app, tokens } = await signedIn()
    await forbidden(auth, tokens.access_token)
    const answers = await Promise.all(Array.from({ length: 5 }, () => app.refresh(tokens.refresh_token)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 400])
  })

  it('is not refused again while a client tries the same once more, and is later', async () => {
    const { auth, app, tokens, clock } = await signedIn()
    await forbidden(auth, tokens.access_token)
    expect((await app.refresh(tokens.refresh_token)).body.error).toBe('server_error')
    await forbidden(auth, tokens.access_token)
    const next = await app.refresh(tokens.refresh_token)
    expect(next.status).toBe(200)
    clock.advance(21)
    await forbidden(auth, next.body.access_token)
    expect((await app.refresh(next.body.refresh_token)).body.error).toBe('server_error')
  })

  it.each([
    ['comes later', 21, {}, ['files:write'], 0],
    ['says what it wants', 0, { scope: 'files:read' }, ['files:write'], 0],
    ['is due, since the token is at its end', 0, {}, ['files:write'], 3500],
    ['could not be followed by more, since nobody is granted it', 0, {}, ['nobody:has'], 0],
  ])('is answered when it %s', async (_, wait, parameters, need, age) => {
    const { auth, app, tokens, clock } = await signedIn()
    clock.advance(age)
    await forbidden(auth, tokens.access_token, need)
    clock.advance(wait)
    expect((await app.refresh(tokens.refresh_token, parameters)).status).toBe(200)
  })

  it('is answered when it brings what was needed: the token had been asked for with less than was granted', async () => {
    const w = world({ scopes })
    const app = w.client()
    const parameters = { scope: 'files:read files:write' }
    const { refresh_token } = await app.login(w.browser(), { user: 'octocat', parameters })
    const narrow = (await app.refresh(refresh_token, { scope: 'files:read' })).body
    await forbidden(w.auth, narrow.access_token)
    expect((await app.refresh(narrow.refresh_token)).body.scope).toBe('files:read files:write')
  })

  it('is answered when another sign-in would not help, since no provider grants what was needed', async () => {
    const supported = { 'files:read': '', locked: { upstream: {} } }
    const { auth, app, tokens } = await signedIn({ scopes: { ...scopes, supported } })
    await forbidden(auth, tokens.access_token, ['locked'])
    expect((await app.refresh(tokens.refresh_token)).status).toBe(200)
  })

  it('is answered when another sign-in would not help, since the client may not have more', async () => {
    const desk = { client_id: 'desk', redirect_uris: ['http://127.0.0.1:33418/callback'] }
    const w = world({ scopes, clients: [{ ...desk, scope: 'files:read' }] })
    const app = w.client({ credentials: { client_id: 'desk' } })
    const tokens = await app.login(w.browser(), { user: 'octocat' })
    await forbidden(w.auth, tokens.access_token)
    expect((await app.refresh(tokens.refresh_token)).status).toBe(200)
  })

  it('is not spent by somebody else, nor by a token that is no good', async () => {
    const { auth, app, tokens, client, clock } = await signedIn()
    const { refresh_token } = (await app.refresh(tokens.refresh_token)).body
    clock.advance(3400)
    await forbidden(auth, (await app.refresh(refresh_token)).body.access_token)
    const thief = client()
    await thief.register()
    expect((await thief.refresh(refresh_token)).body.error).toBe('invalid_grant')
    expect((await app.refresh(`${refresh_token}x`)).body.error).toBe('invalid_grant')
    expect((await app.refresh(refresh_token, { resource: `${issuer}/other` })).body.error).toBe(
      'invalid_target',
    )
    expect((await app.refresh(refresh_token)).body.error).toBe('server_error')
  })

  it('leaves reuse what it is: a token replaced long ago still ends the grant', async () => {
    const { auth, app, tokens, clock, events } = await signedIn()
    let current = tokens.refresh_token
    for (let times = 0; times < 2; times++) {
      clock.advance(3500)
      current = (await app.refresh(current)).body.refresh_token ?? ''
    }
    const fresh = await app.refresh(current)
    await forbidden(auth, fresh.body.access_token)
    expect((await app.refresh(tokens.refresh_token)).body.error).toBe('invalid_grant')
    expect(events.some(({ type }) => type === 'grant.ended')).toBe(true)
  })

  it('belongs to one grant: another of the same user and client is answered', async () => {
    const { w, auth, app, tokens } = await signedIn()
    const other = await app.login(w.browser(), { user: 'octocat', parameters: { scope: 'files:read' } })
    await forbidden(auth, other.access_token)
    expect((await app.refresh(tokens.refresh_token)).status).toBe(200)
    expect((await app.refresh(other.refresh_token)).body.error).toBe('server_error')
  })
})

describe('a store that fails', () => {
  const without = (operation: 'get' | 'put'): Storage & { out: boolean } => {
    const inner = memory()
    const storage = {
      out: false,
      ...inner,
      [operation]: (...given: [string, never, never]) => {
        if (storage.out && given[0].startsWith('step-up/')) throw new Error('out')
        return inner[operation](...given)
      },
    }
    return storage
  }

  it.each(['put', 'get'] as const)(
    'at %s costs nobody anything: 403 stays 403, and the refresh is answered',
    async (operation) => {
      const storage = without(operation)
      const { auth, app, tokens } = await signedIn({
        scopes,
        storage,
        clock: { now: Date.now, sleep: async () => {} },
      })
      storage.out = true
      await forbidden(auth, tokens.access_token)
      expect((await app.refresh(tokens.refresh_token)).status).toBe(200)
    },
  )
})

it('is no option of a server whose refresh tokens are somebody else’s', () => {
  const verifier = { verify: async () => ({ status: 'not-mine' as const }) }
  expect(() => resourceServer({ resource, authorizationServers: [issuer], verifier, scopes })).toThrow(
    /^scopes\.stepUp: is about refresh tokens/,
  )
})

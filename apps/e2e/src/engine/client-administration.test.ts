import { memory } from '@drawbridge/core'
import { signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { connect, type Installation, isIn, keysOf } from '../administration.fixture.ts'
import { front } from '../front.ts'
import { world } from '../world.ts'

const hour = 3600
const day = 24 * hour

describe('clients', () => {
  it('are listed in pages, each once, without their secrets', async () => {
    const w = world()
    const registered: string[] = []
    const secrets: string[] = []
    for (let index = 0; index < 7; index++) {
      const app = w.client()
      const { body } = await app.register({
        client_name: `Program ${index}`,
        token_endpoint_auth_method: index % 2 ? 'client_secret_basic' : 'none',
      })
      registered.push(body.client_id ?? '')
      if (body.client_secret) secrets.push(body.client_secret)
    }
    const found = []
    let cursor: string | undefined
    do {
      const page = await w.auth.clients.list({ cursor, limit: 2 })
      expect(page.clients.length).toBeLessThanOrEqual(2)
      found.push(...page.clients)
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(found.map(({ client_id }) => client_id).sort()).toEqual(registered.sort())
    expect(secrets).toHaveLength(3)
    for (const secret of secrets) expect(JSON.stringify(found)).not.toContain(secret)
    expect(JSON.stringify(found)).not.toMatch(/hash/)
  })

  it('each say whether anybody let them in, and when they were last used', async () => {
    const w = world()
    const app = w.client()
    await app.register()
    const id = app.credentials?.client_id ?? ''
    const now = w.clock.now() / 1000
    expect(await w.auth.clients.get(id)).toMatchObject({ approved: false, expires_at: now + day })
    w.clock.advance(hour)
    await app.login(w.browser(), { user: 'octocat' })
    expect(await w.auth.clients.get(id)).toMatchObject({
      client_id: id,
      client_name: 'Test client',
      redirect_uris: ['http://127.0.0.1:33418/callback'],
      token_endpoint_auth_method: 'none',
      client_id_issued_at: now,
      approved: true,
      used_at: now + hour,
      expires_at: now + hour + 90 * day,
    })
  })

  it.each(['nobody', '', '../server/keys', 'a/b'])('%j is none', async (id) => {
    const w = world()
    const user = await connect(w)
    expect(await w.auth.clients.get(id)).toBeUndefined()
    expect(await w.auth.clients.delete(id)).toBe(false)
    expect(await isIn(w, user)).toBe(true)
  })

  it('deleted, are unknown at once, and so are the tokens of all their users; nobody else is concerned', async () => {
    const w = world()
    const other = front(w, w.instance())
    const one = await connect(w)
    const app = one.app
    const two = { app, ...(await app.login(w.browser(), { user: 'hubot' })) }
    const remaining = await connect(w)
    for (const { access_token } of [one, two]) expect((await other.call(access_token)).status).toBe(200)
    const pending = await app.authorize()
    const callback = await signIn(w.browser(), pending.url, { user: 'octocat' })

    const id = app.credentials?.client_id ?? ''
    expect(await w.auth.clients.delete(id)).toBe(true)
    for (const { access_token } of [one, two]) expect((await other.call(access_token)).status).toBe(401)
    expect((await app.refresh(one.refresh_token)).body.error).toBe('invalid_client')
    expect((await app.exchange(pending, callback)).body.error).toBe('invalid_client')
    expect((await w.browser().open(pending.url)).status).toBe(400)
    expect(await w.auth.clients.get(id)).toBeUndefined()
    expect(await w.auth.clients.delete(id)).toBe(false)
    expect(await isIn(w, remaining)).toBe(true)
    expect(await w.auth.grants.list('github|1002')).toEqual([])
  })

  it('named in the options cannot be deleted, but all they were given can be taken back', async () => {
    const redirect_uri = 'http://127.0.0.1:33418/callback'
    const w = world({ clients: [{ client_id: 'ours', redirect_uris: [redirect_uri] }] })
    const app = w.client({ credentials: { client_id: 'ours' } })
    const user = { app, ...(await app.login(w.browser(), { user: 'octocat' })) }
    expect(await w.auth.clients.delete('ours')).toBe(false)
    expect(await isIn(w, user)).toBe(false)
    expect(await isIn(w, { app, ...(await app.login(w.browser(), { user: 'octocat' })) })).toBe(true)
  })

  it('are deleted to the end although one record does not open', async () => {
    const storage = memory()
    const w = world({ storage })
    const app = w.client()
    await app.register()
    const users: Installation[] = []
    for (let more = 0; more < 40; more++) {
      users.push({ app, ...(await app.login(w.browser(), { user: 'octocat' })) })
    }
    const [damaged = ''] = await keysOf(storage, 'grant/')
    const stored = await storage.get(damaged)
    const ifVersion = stored?.version ?? ''
    const version = await storage.put(damaged, `${stored?.value.slice(0, -4)}AAAA`, { ifVersion })
    await expect(w.auth.clients.delete(app.credentials?.client_id ?? '')).rejects.toMatchObject({
      name: 'Unavailable',
    })
    await storage.delete(damaged, { ifVersion: version ?? '' })
    for (const { access_token } of users) expect((await w.call(access_token)).status).toBe(401)
  })
})

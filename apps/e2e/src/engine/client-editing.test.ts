import { type ConfigurationError, memory } from '@drawbridge/core'
import { describe, expect, it } from 'vitest'
import { issuer, type World, world } from '../world.ts'

const hour = 3600
const redirect_uri = 'http://127.0.0.1:33418/callback'
const redirect_uris = [redirect_uri]

const told = ({ events }: World) => events.filter(({ type }) => type.startsWith('client.'))
const credentialsOf = ({
  client,
  client_secret,
}: Awaited<ReturnType<World['auth']['clients']['create']>>) => ({
  client_id: client.client_id,
  client_secret,
  token_endpoint_auth_method: client.token_endpoint_auth_method,
})
const signedIn = (w: World, app: ReturnType<World['client']>) => app.login(w.browser(), { user: 'octocat' })

describe('a client that an operator makes', () => {
  it.each(['none', 'client_secret_basic', 'client_secret_post'] as const)(
    'signs people in at once, also on other instances: %s',
    async (token_endpoint_auth_method) => {
      const w = world({ registration: { enabled: false } })
      const made = await w.auth.clients.create({ redirect_uris, token_endpoint_auth_method })
      expect(made.client_secret === undefined).toBe(token_endpoint_auth_method === 'none')
      expect(made.client).toMatchObject({ source: 'created', approved: true, expires_at: 0 })
      const { refresh_token } = await signedIn(w, w.client({ credentials: credentialsOf(made) }))
      w.clock.advance(20 * 24 * hour)
      expect((await w.client({ credentials: credentialsOf(made) }).refresh(refresh_token)).status).toBe(200)
      expect(await w.instance().clients.get(made.client.client_id)).toMatchObject({ expires_at: 0 })
    },
  )

  it('is told of, listed, and shows its secret to nobody again', async () => {
    const w = world()
    const { client, client_secret = '' } = await w.auth.clients.create(
      { redirect_uris, client_name: 'Reports', scope: 'read:user' },
      { secretLifetime: hour, lifetime: 2 * hour },
    )
    const now = w.clock.now() / 1000
    expect(client).toEqual({
      client_id: expect.stringMatching(/^[\w-]{24}$/),
      source: 'created',
      client_name: 'Reports',
      redirect_uris,
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code', 'refresh_token'],
      scope: 'read:user',
      client_id_issued_at: now,
      client_secret_expires_at: now + hour,
      approved: true,
      used_at: now,
      expires_at: now + 2 * hour,
    })
    expect(await w.auth.clients.list()).toEqual({ clients: [client] })
    expect(await w.auth.clients.get(client.client_id)).toEqual(client)
    expect(told(w)).toEqual([
      expect.objectContaining({ type: 'client.created', client_id: client.client_id }),
    ])
    const shown = JSON.stringify([w.events, await w.auth.clients.list(), client])
    expect(shown).not.toContain(client_secret)
    expect(shown).not.toMatch(/hash/)
  })

  it('is known to the people who sign in, and leads where the operator says', async () => {
    const w = world({ redirectUris: { allow: ['https://*.acme.dev/*'] } })
    const own = { client_name: 'Reports', redirect_uris: ['acmereports://callback'] }
    const { client } = await w.auth.clients.create({ ...own, token_endpoint_auth_method: 'none' })
    const app = w.client({ credentials: { client_id: client.client_id } })
    const pending = await app.authorize({ redirect_uri: 'acmereports://callback' })
    const page = await w.browser().open(pending.url)
    expect(page.text).toContain('Known app')
    expect(page.text).not.toContain('Not verified')
  })

  it('is wrong at once, with the name of the field, and nothing is made', async () => {
    const w = world({ scopes: ['files:read'] })
    for (const [metadata, field] of [
      [{ redirect_uris: ['http://evil.test/'] }, 'redirect_uris'],
      [{ redirect_uris, scope: 'admin' }, 'scope'],
      [{ redirect_uris, grant_types: ['authorization_code', 'client_credentials'] }, 'grant_types'],
    ] as const) {
      await expect(w.auth.clients.create(metadata)).rejects.toMatchObject({
        name: 'ConfigurationError',
        option: `clients.create().${field}`,
      } satisfies Partial<ConfigurationError>)
    }
    for (const options of [{ lifetime: 0 }, { secretLifetime: 1.5 }, { lifetime: '60' }, { lifetme: 1 }]) {
      const create = w.auth.clients.create({ redirect_uris }, options as object)
      await expect(create).rejects.toThrow(/^clients\.create\(\)\./)
    }
    expect(await w.auth.clients.list()).toEqual({ clients: [] })
    expect(w.events).toEqual([])
  })
})

describe('a change of a client', () => {
  it('is seen by the next request of anybody, and told with the names of what is new', async () => {
    const w = world()
    const app = w.client()
    await app.register({ client_name: 'Old' })
    const id = app.credentials?.client_id ?? ''
    const other = 'http://127.0.0.1:33418/other'
    const changed = await w.auth.clients.update(id, {
      client_name: 'New',
      redirect_uris: [other],
      scope: null,
    })
    expect(changed).toMatchObject({
      client_id: id,
      client_name: 'New',
      redirect_uris: [other],
      source: 'registered',
    })
    expect(told(w).at(-1)).toMatchObject({
      type: 'client.changed',
      fields: 'redirect_uris scope client_name',
    })
    const pending = await app.authorize()
    expect((await w.browser().open(pending.url)).status).toBe(400)
    const good = await app.authorize({ redirect_uri: other })
    expect((await w.browser().open(good.url)).text).toContain('New')
    w.events.length = 0
    expect(await w.auth.clients.update(id, {})).toEqual(await w.auth.clients.get(id))
    expect(w.events).toEqual([])
  })

  it('that takes the redirect away while somebody signs in sends nobody there', async () => {
    const w = world()
    const app = w.client()
    await app.register()
    const pending = await app.authorize()
    const person = w.browser()
    const page = await person.open(pending.url)
    await w.auth.clients.update(app.credentials?.client_id ?? '', { redirect_uris: ['http://127.0.0.1:1/x'] })
    const deny = page.forms.flatMap(({ buttons }) => buttons).find(({ value }) => value === 'deny')
    if (!deny) throw new Error('no way to say no')
    const after = await person.submit(page, deny)
    expect([after.status, after.leftFor]).toEqual([400, undefined])
  })

  it('of no client does nothing, and of one in the options is made there', async () => {
    const w = world({ clients: [{ client_id: 'ours', redirect_uris }] })
    for (const id of ['nobody', '', '../server/keys', 'x'.repeat(5000)]) {
      expect(await w.auth.clients.update(id, { client_name: 'x' })).toBeUndefined()
      expect(await w.auth.clients.rotateSecret(id)).toBeUndefined()
    }
    await expect(w.auth.clients.update('ours', { client_name: 'x' })).rejects.toThrow(
      'clients.update("ours"): is a client of the options. Change it in `clients`, and restart.',
    )
    await expect(w.auth.clients.rotateSecret('ours')).rejects.toThrow(/is a client of the options/)
    expect(w.events).toEqual([])
  })
})

describe('a new secret', () => {
  const start = async (registration: object = {}, storage = memory()) => {
    const w = world({ registration, storage })
    const made = await w.auth.clients.create({ redirect_uris })
    const { client_id } = made.client
    const { refresh_token } = await signedIn(w, w.client({ credentials: credentialsOf(made) }))
    /** Whether a secret works, at an endpoint that changes nothing. */
    const works = async (client_secret = '') => {
      const answer = await w.fetch(`${issuer}/revoke`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}` },
        body: new URLSearchParams({ token: 'nothing' }),
      })
      return answer.status === 200
    }
    return { ...w, client_id, first: made.client_secret, refresh_token, works }
  }

  it('takes the place of the old one at once, and everybody stays signed in', async () => {
    const w = await start()
    const rotated = await w.auth.clients.rotateSecret(w.client_id)
    expect([await w.works(w.first), await w.works(rotated?.client_secret)]).toEqual([false, true])
    expect(w.events.at(-2)).toMatchObject({ type: 'client.refused', reason: 'secret' })
    const app = w.client({ credentials: { client_id: w.client_id, client_secret: rotated?.client_secret } })
    expect((await app.refresh(w.refresh_token)).status).toBe(200)
    expect(told(w)).toContainEqual(
      expect.objectContaining({ type: 'client.secret_rotated', client_id: w.client_id, keep_old: 0 }),
    )
    expect(JSON.stringify(w.events)).not.toContain(rotated?.client_secret)
  })

  it('lets the old one work for as long as was said, on every instance', async () => {
    const w = await start()
    const rotated = await w.auth.clients.rotateSecret(w.client_id, { keepOld: hour })
    const ends = w.clock.now() / 1000 + hour
    expect(rotated?.client.old_client_secret_expires_at).toBe(ends)
    expect((await w.instance().clients.get(w.client_id))?.old_client_secret_expires_at).toBe(ends)
    w.clock.advance(hour - 1)
    expect([await w.works(w.first), await w.works(rotated?.client_secret)]).toEqual([true, true])
    w.clock.advance(1)
    expect([await w.works(w.first), await w.works(rotated?.client_secret)]).toEqual([false, true])
    expect(w.events).toContainEqual(
      expect.objectContaining({ reason: 'secret_expired', client_id: w.client_id }),
    )
    expect(await w.works('x'.repeat(43))).toBe(false)
  })

  it('again ends all older ones, at the latest when that one says', async () => {
    const w = await start()
    const second = await w.auth.clients.rotateSecret(w.client_id, { keepOld: 24 * hour })
    const third = await w.auth.clients.rotateSecret(w.client_id, { keepOld: hour })
    w.clock.advance(hour - 1)
    expect([await w.works(w.first), await w.works(second?.client_secret)]).toEqual([true, true])
    w.clock.advance(1)
    expect([await w.works(w.first), await w.works(second?.client_secret)]).toEqual([false, false])
    const fourth = await w.auth.clients.rotateSecret(w.client_id, { keepOld: hour })
    await w.auth.clients.rotateSecret(w.client_id)
    for (const secret of [third, fourth]) expect(await w.works(secret?.client_secret)).toBe(false)
  })

  it('does not prolong an old one that expires', async () => {
    const w = world()
    const { client } = await w.auth.clients.create({ redirect_uris }, { secretLifetime: hour })
    const rotated = await w.auth.clients.rotateSecret(client.client_id, { keepOld: 24 * hour })
    expect(rotated?.client).toMatchObject({
      client_secret_expires_at: 0,
      old_client_secret_expires_at: w.clock.now() / 1000 + hour,
    })
  })

  it('may expire, and of a client that registered does when registrations say so', async () => {
    const w = await start({ secretLifetime: 24 * hour })
    const now = w.clock.now() / 1000
    const ended = async (id: string, options?: object) =>
      (await w.auth.clients.rotateSecret(id, options))?.client.client_secret_expires_at
    expect(await ended(w.client_id)).toBe(0)
    expect(await ended(w.client_id, { secretLifetime: hour })).toBe(now + hour)
    const app = w.client()
    const { body } = await app.register({ token_endpoint_auth_method: 'client_secret_basic' })
    expect(await ended(body.client_id ?? '')).toBe(now + 24 * hour)
    expect(await ended(body.client_id ?? '', { secretLifetime: hour })).toBe(now + hour)
  })

  it('cannot be had too often while old ones work, nor by a public client, nor for nonsense', async () => {
    const w = await start()
    const rotate = (options?: object) => w.auth.clients.rotateSecret(w.client_id, options)
    for (let more = 0; more < 5; more++) await rotate({ keepOld: hour })
    const current = await rotate({ keepOld: 0 })
    for (let more = 0; more < 5; more++) await rotate({ keepOld: hour })
    await expect(rotate({ keepOld: hour })).rejects.toThrow(/5 older secrets that work/)
    expect(await w.works(current?.client_secret)).toBe(true)
    for (const options of [
      { keepOld: -1 },
      { keepOld: 0.5 },
      { keepOld: '60' },
      { keep: 1 },
      { secretLifetime: 0 },
    ]) {
      await expect(rotate(options)).rejects.toThrow(/^clients\.rotateSecret\(".*"\)\./)
    }
    const { client } = await w.auth.clients.create({ redirect_uris, token_endpoint_auth_method: 'none' })
    await expect(w.auth.clients.rotateSecret(client.client_id)).rejects.toThrow(/without a secret/)
  })
})

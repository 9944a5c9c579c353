import { memory, type Storage } from '@drawbridge/core'
import { chooseButton, counting, type OAuthClient, signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { issuer, world } from './world.ts'

const letters = [...'abcdefghijklmnopqrstuvwxyz0123456789']

/** As many parameters as fit into the largest body that is read. */
function manyParameters(): string {
  const names = letters.flatMap((a) => letters.flatMap((b) => letters.map((c) => a + b + c)))
  return names.slice(0, 16_000).join('&')
}

it.each(['/token', '/revoke', '/authorize', '/consent'])(
  'a body of sixteen thousand parameters keeps nobody else waiting (%s)',
  async (path) => {
    const { fetch } = world()
    const body = manyParameters()
    const post = () =>
      fetch(issuer + path, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body,
      })
    await post()
    const began = performance.now()
    const response = await post()
    // It takes some ten milliseconds; comparing each name with each took a hundred times that.
    expect(performance.now() - began).toBeLessThan(500)
    expect(response.status).toBeLessThan(500)
  },
)

const redirect_uri = 'http://127.0.0.1:33418/callback'

/** As much as one registration may say. */
function largest(): Record<string, unknown> {
  const redirect_uris = Array.from(
    { length: 6 },
    (_, index) => `https://app.test/${index}${'x'.repeat(1000)}`,
  )
  return { redirect_uris: [redirect_uri, ...redirect_uris], client_name: 'n'.repeat(200) }
}

/** Everything that lies in a store, and how much it is. */
async function contents(storage: Storage): Promise<{ keys: string[]; bytes: number }> {
  const { keys } = await storage.list('', { limit: 100_000 })
  const values = await Promise.all(keys.map(async (key) => (await storage.get(key))?.value.length ?? 0))
  return { keys, bytes: values.reduce((sum, length) => sum + length, 0) }
}

describe('registrations by nobody in particular', () => {
  it('of the largest size, however many, keep the store below a bound', async () => {
    const storage = memory()
    const { client } = world({ storage, registration: { unapproved: 20 } })
    for (let more = 0; more < 100; more++) expect((await client().register(largest())).status).toBe(201)
    const { keys, bytes } = await contents(storage)
    expect(keys.length).toBeLessThanOrEqual(20)
    expect(bytes).toBeLessThan(20 * 12_000)
  })

  it('cost the same however many there are, and nothing is listed', async () => {
    const storage = counting(memory())
    const { client } = world({ storage, registration: { unapproved: 50 } })
    await client().register()
    const costs = new Set<number>()
    for (let more = 0; more < 100; more++) {
      storage.reset()
      await client().register()
      costs.add(storage.operations)
      expect(storage.log.map(({ name }) => name)).not.toContain('list')
    }
    expect([...costs]).toEqual([5])
  })

  it('displace the oldest that nobody approved, and say so', async () => {
    const { client, auth, events, clock } = world({ registration: { unapproved: 4 } })
    const registered: string[] = []
    for (let more = 0; more < 6; more++) {
      clock.advance(1)
      const { body } = await client().register()
      registered.push(body.client_id ?? '')
    }
    const known = await Promise.all(registered.map((id) => auth.clients.get(id)))
    expect(known.map((one) => one !== undefined)).toEqual([false, false, true, true, true, true])
    expect(events.filter(({ type }) => type === 'client.evicted')).toMatchObject(
      registered.slice(0, 2).map((client_id) => ({ client_id })),
    )
  })

  it('never displace a client that somebody approved, nor its users', async () => {
    const { client, browser, call, auth } = world({ registration: { unapproved: 4 } })
    const app = client()
    const tokens = await app.login(browser(), { user: 'octocat' })
    for (let more = 0; more < 40; more++) await client().register()
    expect((await call(tokens.access_token)).status).toBe(200)
    expect((await app.refresh(tokens.refresh_token)).status).toBe(200)
    await app.login(browser(), { user: 'hubot' })
    expect(await auth.clients.get(app.credentials?.client_id ?? '')).toMatchObject({ approved: true })
  })

  it('leave the person whose client was displaced with a page that says what to do', async () => {
    const { client, browser, clock } = world({ registration: { unapproved: 4 } })
    const app = client()
    await app.register()
    const { url } = await app.authorize()
    const person = browser()
    const page = await person.open(url)
    clock.advance(1)
    for (let more = 0; more < 4; more++) await client().register()
    for (const gone of [await browser().open(url), await person.open(page.url)]) {
      expect(gone.status).toBe(400)
      expect(gone.text).toContain('not registered')
    }
    const button = chooseButton(page)
    if (!button) throw new Error('no button')
    const pressed = await person.submit(page, button, {}, { until: (to) => to.hostname === 'github.test' })
    expect([pressed.status, pressed.leftFor]).toEqual([400, undefined])
    expect(pressed.text).toContain('not registered')
  })

  it('lose to an approval that comes at the same time: who signed in stays', async () => {
    const { client, browser, call } = world({ registration: { unapproved: 4 } })
    const app = client()
    await app.register()
    const pending = await app.authorize()
    const callback = await signIn(browser(), pending.url, { user: 'octocat' })
    const [exchange] = await Promise.all([
      app.exchange(pending, callback),
      ...Array.from({ length: 8 }, () => client().register()),
    ])
    expect(exchange.status).toBe(200)
    expect((await call(exchange.body.access_token)).status).toBe(200)
    expect((await app.refresh(exchange.body.refresh_token)).status).toBe(200)
  })

  it('at one moment all succeed, each as a client of its own', async () => {
    const { client, auth } = world({ registration: { unapproved: 100 } })
    const apps = Array.from({ length: 20 }, () => client())
    const answers = await Promise.all(apps.map((app) => app.register()))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
    const listed = await auth.clients.list()
    const names = new Set(answers.map(({ body }) => body.client_id))
    expect(listed.clients.every(({ client_id }) => names.has(client_id))).toBe(true)
    for (const { client_id } of listed.clients) {
      expect(await auth.clients.get(client_id)).toMatchObject({ client_id, approved: false })
    }
    expect(listed.clients.length).toBeGreaterThan(15)
  })

  it('that are larger than a record may be are refused, naming the field', async () => {
    const { fetch } = world()
    const redirect_uris = Array.from(
      { length: 19 },
      (_, index) => `https://app.test/${index}${'x'.repeat(1900)}`,
    )
    const answer = await post(fetch, { redirect_uris })
    expect(answer.status).toBe(400)
    const body = await answer.json()
    expect(body.error).toBe('invalid_client_metadata')
    expect(body.error_description).toContain('redirect_uris')
    const long = await post(fetch, { redirect_uris: [`https://app.test/${'x'.repeat(3000)}`] })
    expect([long.status, (await long.json()).error]).toEqual([400, 'invalid_redirect_uri'])
  })

  it('that repeat themselves are kept once', async () => {
    const { client } = world()
    const { body } = await client().register({
      redirect_uris: Array.from({ length: 20 }, () => redirect_uri),
      grant_types: Array.from({ length: 500 }, () => 'authorization_code'),
      contacts: ['a@example.com', 'a@example.com'],
    })
    expect(body).toMatchObject({
      redirect_uris: [redirect_uri],
      grant_types: ['authorization_code'],
      contacts: ['a@example.com'],
    })
  })
})

describe('registrations that the operator tells apart', () => {
  const key = ({ clientAddress }: { clientAddress?: string | undefined }) => clientAddress

  async function from(auth: ReturnType<typeof world>['auth'], clientAddress: string): Promise<string> {
    const response = await auth.handle(
      new Request(`${issuer}/register`, {
        method: 'POST',
        body: JSON.stringify({ redirect_uris: [redirect_uri] }),
      }),
      { clientAddress },
    )
    if (response?.status !== 201) throw new Error(`refused: ${response?.status}`)
    return (await response.json()).client_id
  }

  it('from one place displace their own oldest, and are never refused', async () => {
    const storage = memory()
    const { auth } = world({ storage, registration: { key, unapproved: 400 } })
    const other = await from(auth, '192.0.2.1')
    for (let more = 0; more < 200; more++) await from(auth, '192.0.2.7')
    const { keys } = await contents(storage)
    expect(keys.length).toBeLessThanOrEqual(41)
    expect(await auth.clients.get(other)).toBeDefined()
  })

  it('without a key are told apart from nobody', async () => {
    const storage = memory()
    const { client } = world({ storage, registration: { key, unapproved: 400 } })
    for (let more = 0; more < 200; more++) await client().register()
    expect((await contents(storage)).keys.length).toBeGreaterThan(100)
  })
})

function post(fetch: ReturnType<typeof world>['fetch'], body: unknown) {
  return fetch(`${issuer}/register`, { method: 'POST', body: JSON.stringify(body) })
}

describe('authorization requests', () => {
  const writes = (storage: ReturnType<typeof counting>) =>
    storage.log.filter(({ name }) => name === 'put' || name === 'delete')

  async function registered(options: Parameters<typeof world>[0] = {}) {
    const storage = counting(options.storage ?? memory())
    const w = world({ ...options, storage })
    const app: OAuthClient = w.client()
    await app.register()
    storage.reset()
    return { ...w, app, storage }
  }

  it('and the page that asks write nothing, however many', async () => {
    const { app, browser, storage } = await registered()
    const person = browser()
    for (let more = 0; more < 20; more++) {
      expect((await person.open((await app.authorize()).url)).status).toBe(200)
    }
    expect(writes(storage)).toEqual([])
  })

  it('that somebody decides write one record each', async () => {
    const { app, browser, storage } = await registered()
    const person = browser()
    const page = await person.open((await app.authorize({ state: 's'.repeat(4096) })).url)
    const button = chooseButton(page)
    if (!button) throw new Error('no button')
    const until = (url: URL) => url.hostname === 'github.test'
    for (let twice = 0; twice < 2; twice++) {
      expect((await person.submit(page, button, {}, { until })).leftFor?.search.length).toBeLessThan(1000)
    }
    expect(writes(storage)).toHaveLength(1)
    expect((await contents(storage)).keys.filter((one) => one.startsWith('transaction/'))).toHaveLength(1)
  })

  it('with a state beyond 4 kB are refused on a page, since such a state cannot be sent back', async () => {
    const { app, fetch, storage, events } = await registered()
    const { url } = await app.authorize({ state: 's'.repeat(60_000) })
    const answer = await fetch(url.origin + url.pathname, {
      method: 'POST',
      body: url.searchParams,
      redirect: 'manual',
    })
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
    expect(await answer.text()).toContain('state')
    expect(writes(storage)).toEqual([])
    expect(events.at(-1)).toMatchObject({ type: 'authorize.refused', reason: 'invalid_request' })
  })

  it('carry a state of 4 kB back, to the byte', async () => {
    const { app, browser } = await registered()
    const state = 's"€'.repeat(682).slice(0, 1364)
    const back = await signIn(browser(), (await app.authorize({ state })).url, { user: 'octocat' })
    expect(back.searchParams.get('state')).toBe(state)
  })
})

import {
  type DrawbridgeEvent,
  memory,
  type OAuthServerWithDefault,
  type Storage,
  Unavailable,
} from '@drawbridge/core'
import type { GitHubUser } from '@drawbridge/github'
import { failing, fakeClock, type OAuthClient, type Page, signIn } from '@drawbridge/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Front, front } from './front.ts'
import { secret as first, issuer, resource, type World, world } from './world.ts'

type Instance = OAuthServerWithDefault<GitHubUser>

const next = 'n8Xw2LrQe5Tz0YvB7uKc4MfJ9hGd1SaPi6OxRtVyUjE='
const third = 'b0Ff5Zc9Wm2Qk7Ln4Ux1Hs8Dv3Gj6Ty0Re5Ap2Io7BqM='
const minute = 60
const hour = 60 * minute
const day = 24 * hour

/** The id by which events and reports call a secret. */
async function idOf(secret: string): Promise<string> {
  const { auth } = world({ secret })
  await auth.ready()
  const [id = ''] = Object.keys((await auth.maintain()).remaining)
  return id
}

/** How the secrets of a deployment change: each step beside the one before, and nothing lost. */
function phases(w: World): { before: Instance; added: Instance; promoted: Instance; after: Instance } {
  return {
    before: w.auth,
    added: w.instance({ secret: [first, next] }),
    promoted: w.instance({ secret: [next, first] }),
    after: w.instance({ secret: next }),
  }
}

interface Session {
  app: OAuthClient
  refresh_token: string
  access_token: string
}

async function session(f: Front, metadata?: Record<string, unknown>): Promise<Session> {
  const app = f.client()
  if (metadata) await app.register(metadata)
  return { app, ...(await app.login(f.browser(), { user: 'octocat' })) }
}

/** The same user, whose client now talks to another instance. */
function moved(w: World, user: Session, instance: Instance): Session {
  const app = front(w, instance).client()
  app.credentials = user.app.credentials
  return { ...user, app }
}

/** A refresh that has to succeed. */
async function refreshed(user: Session): Promise<void> {
  const { status, body } = await user.app.refresh(user.refresh_token)
  expect([status, body.error]).toEqual([200, undefined])
  Object.assign(user, body)
}

const typesOf = (events: readonly DrawbridgeEvent[]) => new Set(events.map(({ type }) => type))

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('a secret that is none is refused at construction, and never repeated in the message', () => {
  it.each<[string, unknown, RegExp]>([
    ['none at all', undefined, /missing or empty.*DRAWBRIDGE_SECRET.*openssl rand/],
    ['an empty text', '', /missing or empty/],
    ['an empty list', [], /missing or empty/],
    ['an empty one among several', [first, ''], /empty one among several/],
    ['a variable that was not set, among several', [undefined, first], /empty one among several/],
    ['a comma too many', `${first},`, /empty one among several/],
    ['a password', 'correct horse battery', /about 15 random bytes.*32/],
    ['31 bytes in hex', '0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeef', /about 31 random/],
    ['a long one that says the same again and again', 'abcdefghij'.repeat(20), /about 7 random bytes/],
    ['sixteen bytes in hex, twice', '0123456789abcdef0123456789abcdf5'.repeat(2), /about 16 random bytes/],
    ['one character', 'a'.repeat(200), /about 0 random bytes/],
    [
      'few characters',
      'abbabaabbaababbabaababbaabbabaababbabaabbaababbaabbabaabbaababbaba',
      /repeats few|random bytes/,
    ],
    ['a good one and a short one', [first, 'short'], /about 3 random bytes in one of several/],
    ['bytes instead of text', [new Uint8Array(32)], /is an Uint8Array/],
  ])('%s', (_, secret, message) => {
    vi.stubEnv('DRAWBRIDGE_SECRET', '')
    let thrown: unknown
    try {
      world({ secret: secret as string })
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({ name: 'ConfigurationError', option: 'secret' })
    const text = String((thrown as Error).message)
    expect(text).toMatch(message)
    for (const one of [secret].flat()) {
      if (typeof one === 'string' && one.length > 4) expect(text).not.toContain(one)
    }
  })

  it.each([
    ['base64', first],
    ['base64url', first.replaceAll('=', '').replaceAll('+', '-').replaceAll('/', '_')],
    ['hex', '0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0'],
  ])('%s of 32 bytes is good', async (_, secret) => {
    await expect(world({ secret }).auth.ready()).resolves.toBeUndefined()
  })
})

describe('DRAWBRIDGE_SECRET and DRAWBRIDGE_ISSUER', () => {
  const unset = { secret: undefined, issuer: undefined }

  it('stand in for the options', async () => {
    vi.stubEnv('DRAWBRIDGE_SECRET', first)
    vi.stubEnv('DRAWBRIDGE_ISSUER', issuer)
    const w = world(unset)
    expect(w.auth.resource).toBe(resource)
    const user = await session(front(w))
    expect((await front(w, w.instance({ secret: first })).call(user.access_token)).status).toBe(200)
  })

  it('several, separated by commas, with the spaces and line ends that files bring', async () => {
    const w = world()
    const user = await session(front(w))
    vi.stubEnv('DRAWBRIDGE_SECRET', ` ${next}, ${first}\n`)
    const renewed = w.instance({ secret: undefined })
    await renewed.ready()
    await refreshed(moved(w, user, renewed))
    expect((await renewed.maintain()).remaining).toHaveProperty(await idOf(next))
  })

  it('mean the same when they are passed on as an option', async () => {
    const w = world()
    await w.auth.ready()
    vi.stubEnv('DRAWBRIDGE_SECRET', `${next},${first}`)
    await w.instance({ secret: process.env.DRAWBRIDGE_SECRET }).ready()
    await w.instance({ secret: [process.env.DRAWBRIDGE_SECRET ?? ''] }).ready()
  })

  it('an option wins', async () => {
    const w = world()
    await w.auth.ready()
    vi.stubEnv('DRAWBRIDGE_SECRET', next)
    vi.stubEnv('DRAWBRIDGE_ISSUER', 'https://elsewhere.test')
    const same = w.instance()
    await same.ready()
    expect(same.resource).toBe(resource)
  })

  it.each([
    ['not a URL', /DRAWBRIDGE_ISSUER|issuer: "not a URL"/],
    ['http://mcp.test', /issuer: .*not https/],
    ['', /issuer: is missing.*DRAWBRIDGE_ISSUER/],
  ])('are checked like options: issuer %j', (value, message) => {
    vi.stubEnv('DRAWBRIDGE_ISSUER', value)
    expect(() => world({ issuer: undefined })).toThrow(message)
  })
})

describe('a secret is added, promoted, retired', () => {
  it('and nobody notices: not who was away for three weeks, nor who refreshes all the time, on any instance', async () => {
    const w = world()
    const { before, added, promoted, after } = phases(w)
    const f = front(w)
    const away = await session(f)
    const confidential = await session(f, { token_endpoint_auth_method: 'client_secret_basic' })
    const busy = await session(f)
    const everywhere = async (...instances: Instance[]) => {
      for (const instance of [...instances, ...instances]) {
        f.to(instance)
        await refreshed(busy)
        expect((await f.call(busy.access_token)).status).toBe(200)
        await refreshed(await session(f))
      }
    }
    await everywhere(before)
    w.clock.advance(7 * day)
    await everywhere(before, added)
    w.clock.advance(7 * day)
    await everywhere(added, promoted)

    const held = await promoted.maintain()
    expect(held.unreadable).toBe(0)
    expect(held.resealed).toBeGreaterThan(5)
    expect(held.remaining[await idOf(next)]).toBe(held.records)
    expect(Object.keys(held.remaining)).toEqual([await idOf(next)])

    await after.ready()
    await everywhere(promoted, after)
    for (const user of [away, confidential]) {
      f.to(after)
      await refreshed(user)
      expect((await f.call(user.access_token)).status).toBe(200)
    }
    expect(typesOf(w.events)).not.toContain('keys.unknown_secret')
    expect(w.events.filter(({ type }) => type === 'grant.ended' || type === 'refresh.refused')).toEqual([])
  })

  it.each<[string, (keyof ReturnType<typeof phases>)[]]>([
    ['before and after it was added', ['before', 'added']],
    ['before and after its promotion', ['added', 'promoted']],
    ['before and after the earlier one was removed', ['promoted', 'after']],
  ])('instances %s give parallel refreshes one and the same answer', async (_, names) => {
    const w = world()
    const all = phases(w)
    const users = [await session(front(w)), await session(front(w))]
    if (names.includes('after')) await all.promoted.maintain()
    const instances = names.map((name) => all[name])
    for (const user of users) {
      const answers = await Promise.all(
        instances.flatMap((instance) =>
          Array.from({ length: 10 }, () => moved(w, user, instance).app.refresh(user.refresh_token)),
        ),
      )
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
      const successors = new Set(answers.map(({ body }) => body.refresh_token))
      expect(successors.size).toBe(1)
      for (const instance of instances) {
        for (const { body } of answers) {
          expect((await front(w, instance).call(body.access_token)).status).toBe(200)
        }
        const [successor] = successors
        expect((await moved(w, user, instance).app.refresh(successor)).status).toBe(200)
      }
    }
  })

  it('an answer that was lost just before comes again just after', async () => {
    const w = world()
    const { added, promoted } = phases(w)
    const f = front(w, added)
    const user = await session(f)
    const lost = await user.app.refresh(user.refresh_token)
    f.to(promoted)
    await promoted.maintain()
    w.clock.advance(50 * minute)
    const again = await user.app.refresh(user.refresh_token)
    expect(again.body.refresh_token).toBe(lost.body.refresh_token)
    expect(typesOf(w.events)).toContain('refresh.lost_response')
  })

  it('an answer that was lost just before the earlier one was removed comes again just after', async () => {
    const w = world()
    const { added, promoted, after } = phases(w)
    const f = front(w, added)
    const user = await session(f)
    const lost = await user.app.refresh(user.refresh_token)
    await promoted.maintain()
    f.to(after)
    expect((await user.app.refresh(user.refresh_token)).body.refresh_token).toBe(lost.body.refresh_token)
    expect(typesOf(w.events)).not.toContain('keys.unknown_secret')
  })

  it('several times in a row', async () => {
    const w = world()
    const user = await session(front(w))
    for (const secrets of [
      [next, first],
      [third, next],
      [first, third],
    ]) {
      w.clock.advance(10 * day)
      await w.instance({ secret: secrets }).maintain()
      const there = moved(w, user, w.instance({ secret: secrets[0] }))
      await refreshed(there)
      Object.assign(user, { ...there, app: user.app })
    }
    expect((await front(w).call(user.access_token)).status).toBe(200)
  })
})

describe('what is under way when the secret changes', () => {
  /** A login in its four steps, each on an instance of its own. */
  async function login(f: Front, instances: readonly [Instance, Instance, Instance, Instance, Instance]) {
    const [registers, asks, approves, callsBack, redeems] = instances
    const app = f.client()
    f.to(registers)
    await app.register({ token_endpoint_auth_method: 'client_secret_post' })
    const pending = await app.authorize()
    const person = f.browser()
    const button = (page: Page, value?: string) => {
      const buttons = page.forms.flatMap(({ buttons: all }) => all)
      const found = buttons.find((one) => (value ? one.value === value : one.value !== 'deny'))
      if (!found) throw new Error(`no button on ${page.status} ${page.text}`)
      return found
    }
    f.to(asks)
    const consent = await person.open(pending.url)
    f.to(approves)
    const provider = await person.submit(consent, button(consent, 'approve'))
    f.to(callsBack)
    const atClient = (url: URL) => url.port === '33418'
    const back = await person.submit(provider, button(provider, 'octocat'), {}, { until: atClient })
    if (!back.leftFor) throw new Error(`not back: ${back.status} ${back.text}`)
    f.to(redeems)
    const { status, body } = await app.exchange(pending, back.leftFor)
    expect([status, body.error]).toEqual([200, undefined])
    expect((await f.call(body.access_token)).status).toBe(200)
    expect((await app.refresh(body.refresh_token)).status).toBe(200)
  }

  it.each([0, 1, 2, 3, 4])('a login goes on: promoted after step %i, and back again', async (step) => {
    const w = world()
    const { added, promoted } = phases(w)
    const f = front(w)
    const order = <T>(a: T, b: T) => [0, 1, 2, 3, 4].map((at) => (at <= step ? a : b)) as [T, T, T, T, T]
    await login(f, order(added, promoted))
    await login(f, order(promoted, added))
    expect(typesOf(w.events)).not.toContain('consent.refused')
  })

  it.each([0, 1, 2, 3, 4])('a login goes on: added after step %i', async (step) => {
    const w = world()
    const { before, added } = phases(w)
    const order = [0, 1, 2, 3, 4].map((at) => (at <= step ? before : added))
    await login(front(w), order as unknown as Parameters<typeof login>[1])
  })

  it('a login survives that each of its records is sealed anew between being read and being written', async () => {
    const inner = memory()
    const seen = new Map<string, number>()
    const storage: Storage = {
      ...inner,
      async get(key) {
        const stored = await inner.get(key)
        const times = (seen.get(key) ?? 0) + 1
        seen.set(key, times)
        // What another instance's maintain() does: the same record under another version.
        if (stored && times % 2 === 1) await inner.put(key, stored.value, { ifVersion: stored.version })
        return stored
      },
    }
    const w = world({ storage })
    const { before } = phases(w)
    await login(front(w), [before, before, before, before, before])
  })

  it('a consent page from before the removal of its secret is over, and the client asks again', async () => {
    const w = world()
    const { added, promoted, after } = phases(w)
    const f = front(w, added)
    const app = f.client()
    await app.register()
    const pending = await app.authorize()
    const person = f.browser()
    const page = await person.open(pending.url)
    await promoted.maintain()
    f.to(after)
    const approve = page.forms.flatMap(({ buttons }) => buttons).find(({ value }) => value === 'approve')
    if (!approve) throw new Error('nothing to press')
    for (const over of [await person.submit(page, approve), await person.open(page.url)]) {
      expect(over.status).toBe(400)
      expect(over.text).toContain('no longer valid')
    }
    const callback = await signIn(person, pending.url, { user: 'octocat' })
    expect((await app.exchange(pending, callback)).status).toBe(200)
  })

  it('fifty refreshes while everything is sealed anew: fifty answers, one successor', async () => {
    const w = world()
    const { added, promoted } = phases(w)
    const f = front(w, added)
    const user = await session(f)
    const others = await Promise.all(Array.from({ length: 10 }, () => session(f)))
    const [answers, report] = await Promise.all([
      Promise.all(Array.from({ length: 50 }, () => user.app.refresh(user.refresh_token))),
      promoted.maintain(),
      ...others.map(refreshed),
    ])
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1)
    expect(report.unreadable).toBe(0)
    w.clock.advance(2 * hour)
    for (const other of others) await refreshed(other)
  })
})

describe('an instance that lacks the secret', () => {
  /** A user whose records only the next secret opens, logins on their way, and an instance without that secret. */
  async function lacking() {
    const w = world({
      github: {
        apps: [{ clientId: 'dev-client', clientSecret: 'dev-secret', name: 'App', mode: 'github-app' }],
      },
    })
    const promoted = w.instance({ secret: [next, first] })
    const good = front(w, promoted)
    const user = await session(good)
    const pending = await user.app.authorize()
    const callback = await signIn(good.browser(), pending.url, { user: 'octocat' })
    const consent = await good.browser().open((await user.app.authorize()).url)
    const approving = good.browser()
    const page = await approving.open((await user.app.authorize()).url)
    const approve = page.forms.flatMap(({ buttons }) => buttons).find(({ value }) => value === 'approve')
    if (!approve) throw new Error('nothing to press')
    const until = (url: URL) => url.hostname === 'github.test'
    const approved = (await approving.submit(page, approve, {}, { until })).leftFor
    const state = approved?.searchParams.get('state')
    const without = w.instance({ secret: third })
    w.events.length = 0
    const ticking = setInterval(() => w.clock.advance(0.2), 1)
    return {
      w,
      promoted,
      good,
      user,
      pending,
      callback,
      consent,
      state,
      without,
      stop: () => clearInterval(ticking),
    }
  }

  it('answers 503 everywhere, says so in an event, and costs nobody anything', async () => {
    const { w, good, user, pending, callback, consent, state, without, stop } = await lacking()
    const { app } = moved(w, user, without)
    const bad = front(w, without)
    for (const { status, body, headers } of [
      await app.refresh(user.refresh_token),
      await app.exchange(pending, callback),
      await app.revoke(user.refresh_token),
      await app.revoke(user.access_token),
    ]) {
      expect([status, body.error]).toEqual([503, 'temporarily_unavailable'])
      expect(headers.get('retry-after')).toMatch(/^\d+$/)
    }
    const call = await bad.call(user.access_token)
    expect([call.status, call.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)])
    for (const url of [
      String(pending.url),
      `${issuer}/callback/github?state=${state}&code=x`,
      `${issuer}/jwks`,
    ]) {
      expect((await bad.browser().open(url)).status, url).toBe(503)
    }
    // What nobody has decided is no record, but the client's to ask again.
    expect((await bad.browser().open(consent.url)).status).toBe(400)
    await expect(without.grants.list('github|1001')).rejects.toThrow(Unavailable)
    await expect(without.grants.revokeAll('github|1001')).rejects.toThrow(Unavailable)
    stop()
    const told = w.events.filter(({ type }) => type === 'keys.unknown_secret')
    expect(told).toContainEqual(expect.objectContaining({ key_id: await idOf(next) }))
    expect(
      w.events.filter(({ type }) =>
        /^(grant\.ended|refresh\.refused|code\.refused|keys\.(created|rotated))$/.test(type),
      ),
    ).toEqual([])

    expect((await user.app.exchange(pending, callback)).status).toBe(200)
    expect((await good.call(user.access_token)).status).toBe(200)
    await refreshed(user)
  })

  it('also for the token of the provider, and when a stream asks whether it may stay open', async () => {
    const { promoted, user, without, stop } = await lacking()
    const request = new Request(resource, { headers: { authorization: `Bearer ${user.access_token}` } })
    const result = await promoted.authenticate(request)
    if (!result.ok) throw new Error('refused')
    await expect(without.upstreamToken(result.auth)).rejects.toThrow(Unavailable)
    await expect(without.revalidate(result.auth)).rejects.toThrow(Unavailable)
    stop()
    expect((await promoted.upstreamToken(result.auth)).access_token).toMatch(/^ghu_/)
    expect(await promoted.revalidate(result.auth)).toBe(true)
  })

  it('that was promoted elsewhere while it ran: what it can still read goes on, the rest is 503', async () => {
    const w = world()
    const f = front(w)
    const promoted = w.instance({ secret: [next, first] })
    const [stays, leaves] = [await session(f), await session(f)]
    const left = moved(w, leaves, promoted)
    await refreshed(left)
    const ticking = setInterval(() => w.clock.advance(0.2), 1)
    w.clock.advance(6 * minute)
    expect((await f.call(stays.access_token)).status).toBe(200)
    await refreshed(stays)
    expect((await f.call(left.access_token)).status).toBe(503)
    expect((await leaves.app.refresh(left.refresh_token)).status).toBe(503)
    await promoted.maintain()
    w.clock.advance(6 * minute)
    // It keeps the keys it knows, and can no longer read any grant.
    expect((await f.call(stays.access_token)).status).toBe(503)
    expect((await stays.app.refresh(stays.refresh_token)).status).toBe(503)
    clearInterval(ticking)
    await refreshed(left)
    await refreshed(moved(w, stays, promoted))
  })
})

describe('ready()', () => {
  it('names a lost secret by its id, and what to do', async () => {
    const w = world()
    await w.auth.ready()
    const error = await w
      .instance({ secret: next })
      .ready()
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'ConfigurationError', option: 'secret' })
    expect(String(error)).toContain(await idOf(first))
    expect(String(error)).toMatch(/\[next, previous\].*empty storage/)
    expect(String(error)).not.toContain(first)
  })

  it('is content as soon as one of several opens', async () => {
    const w = world()
    await w.auth.ready()
    await w.instance({ secret: [third, next, first] }).ready()
  })

  it('tells an outage of the store from a wrong secret', async () => {
    const w = world({ storage: failing(memory(), () => true) })
    const ticking = setInterval(() => w.clock.advance(1), 1)
    await expect(w.auth.ready()).rejects.toThrow(Unavailable)
    clearInterval(ticking)
  })

  it('a damaged record is neither: it is left alone, and nothing new is made in its place', async () => {
    const storage = memory()
    const w = world({ storage })
    await w.auth.ready()
    const stored = await storage.get('server/keys')
    if (!stored) throw new Error('no keys')
    const damaged = `${stored.value.slice(0, -6)}AAAAAA`
    await storage.put('server/keys', damaged, { ifVersion: stored.version })
    const later = w.instance()
    await expect(later.ready()).rejects.toThrow(/does not open/)
    expect((await storage.get('server/keys'))?.value).toBe(damaged)
  })
})

describe('maintain()', () => {
  it('reports nothing at all rather than too little: an outage in the middle is thrown', async () => {
    let broken = false
    const w = world({
      storage: failing(memory(), ({ name, key }) => broken && name === 'put' && key.startsWith('grant/')),
    })
    await session(front(w))
    const { promoted } = phases(w)
    broken = true
    const ticking = setInterval(() => w.clock.advance(1), 1)
    await expect(promoted.maintain()).rejects.toThrow(Unavailable)
    broken = false
    await expect(promoted.maintain()).resolves.toMatchObject({ unreadable: 0 })
    clearInterval(ticking)
  })

  it('counts what no secret opens, and goes on', async () => {
    const w = world()
    await session(front(w))
    await session(front(w, w.instance({ secret: [third, first] })))
    const report = await w.instance({ secret: [next, first] }).maintain()
    // A client, a grant, the connection of the same user, and a transaction.
    expect(report.unreadable).toBe(4)
    expect(report.resealed).toBe(report.records)
    expect(report.resealed).toBe(4)
  })

  it('prolongs nothing', async () => {
    const clock = fakeClock()
    const storage = memory({ clock })
    const w = world({ clock, storage })
    const { promoted, after } = phases(w)
    const user = await session(front(w))
    clock.advance(29 * day)
    await promoted.maintain()
    expect((await storage.list('grant/')).keys).toHaveLength(1)
    clock.advance(2 * day)
    expect((await storage.list('grant/')).keys).toEqual([])
    expect((await moved(w, user, after).app.refresh(user.refresh_token)).body.error).toBe('invalid_grant')
  })

  it.each(['revoked', 'refreshed'] as const)('never overwrites a grant that was just %s', async (what) => {
    const inner = memory()
    let meanwhile: (() => Promise<void>) | undefined
    const w = world({ storage: inner, secret: [first, next] })
    const user = await session(front(w))
    const slow: Storage = {
      ...inner,
      async get(key) {
        const stored = await inner.get(key)
        if (!key.startsWith('grant/')) return stored
        const act = meanwhile
        meanwhile = undefined
        await act?.()
        return stored
      },
    }
    const other = world({ storage: slow, secret: [next, first] })
    meanwhile = async () => {
      if (what === 'revoked') await user.app.revoke(user.refresh_token)
      else await refreshed(user)
    }
    await other.auth.maintain()
    expect(meanwhile).toBeUndefined()
    const promoted = w.instance({ secret: [next, first] })
    const { status, body } = await moved(w, user, promoted).app.refresh(user.refresh_token)
    expect([status, body.error]).toEqual(what === 'revoked' ? [400, 'invalid_grant'] : [200, undefined])
    expect((await inner.list('grant/')).keys).toHaveLength(what === 'revoked' ? 0 : 1)
  })

  it('brings back nothing that is being revoked', async () => {
    const w = world()
    const { promoted, added } = phases(w)
    const f = front(w, added)
    const users: Session[] = []
    for (let more = 0; more < 20; more++) users.push(await session(f))
    await Promise.all([promoted.maintain(), ...users.map((user) => user.app.revoke(user.refresh_token))])
    for (const user of users) {
      expect((await f.call(user.access_token)).status).toBe(401)
      expect((await user.app.refresh(user.refresh_token)).body.error).toBe('invalid_grant')
    }
  })
})

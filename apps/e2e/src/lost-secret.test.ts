import { memory, Unavailable } from '@drawbridge/core'
import { failing, signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { front } from './front.ts'
import { idOf, moved, next, refreshed, session, third } from './secret-rotation.fixture.ts'
import { secret as first, issuer, resource, world } from './world.ts'

const minute = 60

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

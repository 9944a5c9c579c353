import { memory, type OAuthServerWithDefault, type Storage } from '@drawbridge/core'
import { type GitHubUser, github } from '@drawbridge/github'
import { failing, fakeClock, overriding } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { keysOf } from './administration.fixture.ts'
import { ci, octocat, withKeys } from './api-keys.fixture.ts'
import { authOf, known } from './engine/mass-ending.fixture.ts'
import { whileTimePasses } from './events.fixture.ts'
import { front } from './front.ts'
import { idOf, next, third } from './secret-rotation.fixture.ts'
import { secret, upstreamHost, type World } from './world.ts'

const day = 86_400

/** Something happens once: just before an operation of the store, which the caller chooses. */
function interrupted() {
  const inner = memory()
  const steps: string[] = []
  let when: ((step: string) => boolean) | undefined
  let act = async () => {}
  const stepping =
    <Rest extends unknown[], Result>(name: string, call: (key: string, ...rest: Rest) => Promise<Result>) =>
    async (key: string, ...rest: Rest) => {
      const step = `${name} ${key.split('/')[0]}`
      steps.push(step)
      if (when?.(step)) {
        when = undefined
        await act()
      }
      return call(key, ...rest)
    }
  const storage = overriding(inner, {
    get: stepping('get', inner.get),
    put: stepping('put', inner.put),
    delete: stepping('delete', inner.delete),
    list: stepping('list', inner.list),
  })
  const before = (isThen: (step: string) => boolean, what: () => Promise<void>) => {
    steps.length = 0
    when = isThen
    act = what
  }
  return { ...withKeys({ storage }), before, steps }
}

const ended = ({ events }: Pick<World, 'events'>) =>
  events.flatMap((event) => (event.type === 'api_key.ended' ? [`${event.key} ${event.reason}`] : []))

describe('`grants.revokeAll`', () => {
  it('ends the keys of a person with their grants, on a server that accepts none', async () => {
    const { w, keys, storage } = withKeys()
    const { access_token } = await w.client().login(w.browser(), { user: 'octocat' })
    const [one, two] = [await keys.create(ci), await keys.create(ci)]
    const other = await keys.create({ ...ci, subject: 'github|1002' })
    expect(await w.instance({ accept: [] }).grants.revokeAll(octocat)).toBe(3)
    for (const token of [access_token, one.key, two.key]) expect((await w.call(token)).status).toBe(401)
    expect((await w.call(other.key)).status).toBe(200)
    expect(ended(w).sort()).toEqual([one, two].map(({ id }) => `${id} administration`).sort())
    expect(await keysOf(storage, 'api-key/')).toHaveLength(1)
  })

  it('ends them, and says so, when a grant will not go', async () => {
    let isOut = false
    const { w, keys } = withKeys({
      storage: failing(memory(), ({ name, key }) => isOut && name === 'delete' && key.startsWith('grant/')),
    })
    await w.client().login(w.browser(), { user: 'octocat' })
    const { key } = await keys.create(ci)
    isOut = true
    const revoked = whileTimePasses(w, () => w.auth.grants.revokeAll(octocat))
    await expect(revoked).rejects.toMatchObject({ name: 'Unavailable' })
    expect((await w.call(key)).status).toBe(401)
  })

  it('does not wait with the keys for a provider that takes its time over the tokens of each grant', async () => {
    const { w, keys } = withKeys()
    await w.client().login(w.browser(), { user: 'octocat' })
    await keys.create(ci)
    await w.auth.grants.revokeAll(octocat)
    const order = w.events
      .map(({ type }) => type)
      .filter((type) => /^(api_key\.ended|upstream\.revoked)$/.test(type))
    expect(order).toEqual(['api_key.ended', 'upstream.revoked'])
  })

  it('ends all others, and says so, when one does not open', async () => {
    const { w, keys, make, storage } = withKeys()
    const { key } = await keys.create(ci)
    const lost = await make({ secret: [third, secret] }).create(ci)
    await expect(w.auth.grants.revokeAll(octocat)).rejects.toMatchObject({ name: 'Unavailable' })
    expect((await w.call(key)).status).toBe(401)
    expect((await w.call(lost.key)).status).toBe(503)
    expect(await keysOf(storage, 'api-key/')).toHaveLength(1)
  })
})

describe('a key that somebody makes while they are signed out everywhere', () => {
  it('is over, whenever that is, where the request that makes it looks afterwards whether it still stands', async () => {
    const survived: string[] = []
    let at = 0
    for (let isOver = false; !isOver; at++) {
      const { w, keys, before, steps } = interrupted()
      const { access_token } = await w.client().login(w.browser(), { user: 'octocat' })
      const auth = await authOf(w, access_token)
      let kept: string | undefined
      // As in docs/guides/api-keys.md.
      before(
        () => steps.length > at,
        async () => {
          const { key } = await keys.create(ci)
          if (await w.auth.revalidate(auth)) kept = key
          else await keys.revoke({ key })
        },
      )
      await w.auth.grants.revokeAll(octocat)
      isOver = steps.length <= at
      if (kept && (await w.call(kept)).status !== 401) survived.push(steps[at] ?? '')
    }
    expect(at).toBeGreaterThan(5)
    expect(survived).toEqual([])
  })
})

describe('`grants.endAll`', () => {
  /** A walk over the store comes to no key: as if it had crashed before. */
  function unwalked(inner: Storage = memory()) {
    const list: Storage['list'] = async (prefix, more) =>
      prefix === 'api-key/' ? { keys: [] } : inner.list(prefix, more)
    return { ...withKeys({ storage: overriding(inner, { list }) }), inner }
  }

  it.each([{ everything: true } as const, { provider: 'github' }])(
    'of %j ends keys within a second, before any is touched; what is made later lives',
    async (which) => {
      const { w, keys, inner } = unwalked()
      const { key } = await keys.create(ci)
      expect((await w.call(key)).status).toBe(200)
      await w.auth.grants.endAll(which)
      expect(await keysOf(inner, 'api-key/')).toHaveLength(1)
      w.clock.advance(known)
      expect((await w.call(key)).status).toBe(401)
      expect(await keys.list(octocat)).toEqual([])
      const later = await keys.create(ci)
      expect((await w.call(later.key)).status).toBe(200)
      expect((await keys.list(octocat)).map(({ id }) => id)).toEqual([later.id])
    },
  )

  it.each(['github|1|2', 'github|'])(
    'of a provider ends those of %j, whatever it calls people',
    async (subject) => {
      const { w, keys } = withKeys()
      const [one, whose] = [
        await keys.create({ ...ci, subject }),
        await keys.create({ ...ci, subject: 'github' }),
      ]
      await w.auth.grants.endAll({ provider: 'github' })
      w.clock.advance(known)
      expect((await w.call(one.key)).status).toBe(401)
      expect((await w.call(whose.key)).status).toBe(200)
    },
  )

  it('tells of one that does not open, and goes on with one that would not go', async () => {
    let isOut = false
    const { w, make } = withKeys({
      storage: failing(memory(), ({ name, key }) => isOut && name === 'delete' && key.startsWith('api-key/')),
    })
    await make().create(ci)
    await make({ secret: [third, secret] }).create(ci)
    isOut = true
    const report = await whileTimePasses(w, () => w.auth.grants.endAll({ everything: true }))
    expect(report).toMatchObject({ ended: 0, failed: 2 })
    const maintained = whileTimePasses(w, () => w.auth.maintain())
    await expect(maintained).rejects.toMatchObject({ name: 'Unavailable' })
    isOut = false
    expect((await w.auth.maintain()).ended).toBe(1)
  })

  it.each([{ provider: 'other' }, { client_id: 'desk' }])('of %j leaves them', async (which) => {
    const { w, keys } = withKeys()
    const { key } = await keys.create(ci)
    await w.auth.grants.endAll(which)
    w.clock.advance(known)
    expect((await w.call(key)).status).toBe(200)
  })

  it('before a time ends what was made before it', async () => {
    const { w, keys } = withKeys()
    const early = await keys.create(ci)
    w.clock.advance(100)
    const before = Math.floor(w.clock.now() / 1000)
    const late = await keys.create(ci)
    await w.auth.grants.endAll({ everything: true, before })
    w.clock.advance(known)
    expect((await w.call(early.key)).status).toBe(401)
    expect((await w.call(late.key)).status).toBe(200)
  })

  it('takes them from the store, with an event each, and is finished by `maintain()`', async () => {
    const whole = withKeys()
    const { id } = await whole.keys.create(ci)
    expect(await whole.w.auth.grants.endAll({ everything: true })).toEqual({
      ended: 1,
      forgotten: 0,
      failed: 0,
    })
    expect(ended(whole.w)).toEqual([`${id} administration`])

    const { w, keys, inner } = unwalked()
    await keys.create(ci)
    await w.auth.grants.endAll({ everything: true })
    expect(await keysOf(inner, 'api-key/')).toHaveLength(1)
    const other = withKeys({ storage: inner })
    expect((await other.w.auth.maintain()).ended).toBe(1)
    expect(await keysOf(inner, 'api-key/')).toEqual([])
  })
})

describe('a person whom the provider', () => {
  const letting = (...users: string[]) =>
    github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: upstreamHost, allow: { users } })
  const refresh = async (w: World, auth: OAuthServerWithDefault<GitHubUser>, meanwhile?: () => void) => {
    const f = front(w)
    const app = f.client()
    const { refresh_token } = await app.login(f.browser(), { user: 'octocat' })
    w.clock.advance(day + 1)
    f.to(auth)
    meanwhile?.()
    return { app, refresh_token, first: await whileTimePasses(w, () => app.refresh(refresh_token)) }
  }

  it('does not let in any more loses their keys with the grant that asked', async () => {
    const { w, keys } = withKeys()
    const { key, id } = await keys.create(ci)
    const other = await keys.create({ ...ci, subject: 'github|1002' })
    const { first } = await refresh(w, w.instance({ provider: letting('hubot') }))
    expect(first.body.error).toBe('invalid_grant')
    expect(ended(w)).toEqual([`${id} identity_refused`])
    expect((await w.call(key)).status).toBe(401)
    expect((await w.call(other.key)).status).toBe(200)
  })

  it('does not let in any more loses them at the next try, when the store fails at the first', async () => {
    let isOut = false
    const { w, keys } = withKeys({
      storage: failing(memory(), ({ name, key }) => isOut && name === 'delete' && key.startsWith('api-key/')),
    })
    const { key } = await keys.create(ci)
    const auth = w.instance({ provider: letting('hubot') })
    const { app, first, refresh_token } = await refresh(w, auth, () => {
      isOut = true
    })
    expect(first.status).toBe(503)
    isOut = false
    w.clock.advance(61)
    const again = front(w, auth).client()
    again.credentials = app.credentials
    expect((await again.refresh(refresh_token)).body.error).toBe('invalid_grant')
    expect((await w.call(key)).status).toBe(401)
  })

  it('does not let in any more has no key that was being made meanwhile', async () => {
    const { w, keys, storage, before } = interrupted()
    const { first } = await refresh(w, w.instance({ provider: letting('hubot') }), () => {
      const isLast = (step: string) => step === 'delete grant'
      before(isLast, async () => void (await keys.create(ci)))
    })
    expect(first.body.error).toBe('invalid_grant')
    expect(ended(w)).toEqual([expect.stringMatching(/ identity_refused$/)])
    expect(await keysOf(storage, 'api-key/')).toEqual([])
  })

  it('has only signed out keeps them: nobody said that they may not enter', async () => {
    const app = {
      clientId: 'dev-client',
      clientSecret: 'dev-secret',
      name: 'App',
      mode: 'github-app' as const,
    }
    const { w, keys } = withKeys({ github: { apps: [app] } })
    const { key } = await keys.create(ci)
    const { first } = await refresh(w, w.auth, () => w.provider.revokeUser('octocat'))
    expect(first.body.error).toBe('invalid_grant')
    expect(w.events).toContainEqual(
      expect.objectContaining({ type: 'grant.ended', reason: 'upstream_ended' }),
    )
    expect((await w.call(key)).status).toBe(200)
  })
})

describe('`maintain()`', () => {
  it('seals keys with the new secret, after which the old one may go', async () => {
    const { w, keys, make } = withKeys({ secret: [secret, next] }, { secret: [secret, next] })
    const { key } = await keys.create(ci)
    const report = await w.instance({ secret: [next, secret] }).maintain()
    expect(Object.keys(report.remaining)).toEqual([await idOf(next)])
    const after = make({ secret: next })
    expect((await after.verify(key, { resource: ci.resource })).status).toBe('valid')
    expect((await w.call(key)).status).toBe(200)
  })

  it('is there without a server, too', async () => {
    const { keys, make, storage } = withKeys()
    const { key } = await keys.create(ci)
    const promoted = make({ secret: [next, secret] })
    expect(await promoted.maintain()).toMatchObject({ records: 2, resealed: 2, unreadable: 0 })
    expect((await make({ secret: next }).verify(key, { resource: ci.resource })).status).toBe('valid')
    expect(await keysOf(storage, 'api-key/')).toHaveLength(1)
  })

  it('and the store find nothing any more of what has expired', async () => {
    const clock = fakeClock()
    const storage = memory({ clock })
    const { w, keys } = withKeys({ storage, clock }, { clock })
    await keys.create({ ...ci, expiresIn: 10 })
    await keys.create({ ...ci, expiresIn: 1000 })
    const counts: number[] = []
    for (const time of [60, 20]) {
      clock.advance(time)
      counts.push((await w.auth.maintain()).records)
    }
    // Clocks may differ by a minute.
    expect(counts).toEqual([3, 2])
    expect(await keysOf(storage, 'api-key/')).toHaveLength(1)
  })
})

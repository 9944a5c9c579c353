import { memory } from '@drawbridge/core'
import { overriding, StorageFault, signIn } from '@drawbridge/testing'
import { expect, it } from 'vitest'
import { turnstile } from '../slow-store.ts'
import { world } from '../world.ts'

it('tidying up after a sign-in never ends the grant of that very sign-in', async () => {
  // The platform lets the redirect go out first: `waitUntil` of Workers, or a browser that reloads the callback.
  const store = memory()
  const stile = turnstile()
  const storage = overriding(store, {
    async list(...given) {
      if (given[0].startsWith('grant/')) await stile.pass()
      return store.list(...given)
    },
  })
  const w = world({ storage })
  const later: Promise<unknown>[] = []
  const { handle } = w.auth
  Object.assign(w.auth, {
    handle: (request: Request) => handle(request, { waitUntil: (work) => void later.push(work) }),
  })
  const app = w.client()
  await app.register()
  const pending = await app.authorize()
  const callback = await signIn(w.browser(), pending.url, { user: 'octocat' })
  await stile.reached
  // An honest client that sends its code twice at once: one gets tokens, the other doubts the grant.
  const answers = await Promise.all([app.exchange(pending, callback), app.exchange(pending, callback)])
  const good = answers.find(({ status }) => status === 200)
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 400])
  expect((await w.call(good?.body.access_token)).status).toBe(200)
  stile.release()
  await Promise.all(later)
  // Nobody has signed in since.
  expect(w.events.filter(({ type }) => type === 'grant.created')).toHaveLength(1)
  expect(w.events.filter(({ type }) => type === 'grant.ended')).toEqual([])
  expect((await w.call(good?.body.access_token)).status).toBe(200)
})

it('a sign-in at an instance whose clock is 60 s behind is not capped at once', async () => {
  const w = world({ grantsPerInstallation: 1, storage: memory() })
  const behind = w.instance({ clock: { ...w.clock, now: () => w.clock.now() - 60_000 } })
  const app = w.client()
  await app.login(w.browser(), { user: 'octocat' })
  w.clock.advance(30)
  // The next sign-in goes to the other instance, from a second window of the same client.
  const { handle } = w.auth
  Object.assign(w.auth, { handle: behind.handle })
  const pending = await app.authorize()
  const callback = await signIn(w.browser(), pending.url, { user: 'octocat' })
  Object.assign(w.auth, { handle })
  expect(w.events.filter(({ type }) => type === 'grant.created')).toHaveLength(2)
  const created = w.events.findLast(({ type }) => type === 'grant.created')
  const ended = w.events.filter(({ type }) => type === 'grant.ended')
  expect(ended.map((event) => 'grant' in event && event.grant)).not.toContain(
    created && 'grant' in created && created.grant,
  )
  expect((await app.exchange(pending, callback)).status).toBe(200)
})

/** The very first write of a grant, or of a connection, seems to fail, and lands when `land` is called. */
async function revokedBeforeItLands(kind = 'grant/') {
  const store = memory()
  let land: (() => Promise<unknown>) | undefined
  const storage = overriding(store, {
    async put(...given) {
      const [key, , { ifVersion }] = given
      if (!land && key.startsWith(kind) && ifVersion === null) {
        land = () => store.put(...given)
        throw new StorageFault({ name: 'put', key }, false)
      }
      return store.put(...given)
    },
  })
  const w = world({ storage })
  const ticking = setInterval(() => w.clock.advance(0.05), 5)
  try {
    const app = w.client()
    await app.register()
    const pending = await app.authorize()
    const callback = await signIn(w.browser(), pending.url, { user: 'octocat' })
    const tokens = (await app.exchange(pending, callback)).body
    expect((await w.call(tokens.access_token)).status).toBe(200)
    await app.revoke(tokens.refresh_token)
    expect((await w.call(tokens.access_token)).status).toBe(401)
    return { ...w, store, app, pending, callback, tokens, land: () => land?.() }
  } finally {
    clearInterval(ticking)
  }
}

it('a create that lands late does not bring revoked access tokens back', async () => {
  const { call, tokens, land } = await revokedBeforeItLands()
  await land()
  expect((await call(tokens.access_token)).status).toBe(401)
})

it('nor does it make a used code good again', async () => {
  const { app, pending, callback, land } = await revokedBeforeItLands()
  await land()
  expect((await app.exchange(pending, callback)).body.error).toBe('invalid_grant')
})

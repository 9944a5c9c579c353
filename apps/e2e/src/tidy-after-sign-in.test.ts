import { memory } from '@drawbridge/core'
import { overriding, signIn } from '@drawbridge/testing'
import { expect, it } from 'vitest'
import { turnstile } from './slow-store.ts'
import { world } from './world.ts'

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

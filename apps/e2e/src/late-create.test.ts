import { memory } from '@drawbridge/core'
import { overriding, StorageFault, signIn } from '@drawbridge/testing'
import { expect, it } from 'vitest'
import { world } from './world.ts'

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

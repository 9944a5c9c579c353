import { memory } from '@drawbridge/core'
import { overriding } from '@drawbridge/testing'
import { expect, it } from 'vitest'
import { issuer, world } from './world.ts'

it.each([
  ['grant types repeated', { grant_types: ['authorization_code', ...Array(3800).fill('refresh_token')] }],
  [
    'long redirect URIs',
    { redirect_uris: Array.from({ length: 20 }, (_, n) => `https://a.test/${n}/${'x'.repeat(3000)}`) },
  ],
])('one anonymous registration stores little: %s', async (_, metadata) => {
  const store = memory()
  let stored = 0
  const storage = overriding(store, {
    put(...given) {
      if (given[0].startsWith('client/')) stored += given[1].length
      return store.put(...given)
    },
  })
  const w = world({ storage })
  await w.client().register(metadata)
  expect(stored).toBeLessThan(16_000)
})

it('one anonymous authorization request stores little', async () => {
  const store = memory()
  let stored = 0
  const storage = overriding(store, {
    put(...given) {
      if (given[0].startsWith('transaction/')) stored += given[1].length
      return store.put(...given)
    },
  })
  const w = world({ storage })
  const app = w.client()
  await app.register()
  const { url } = await app.authorize({ state: 'x'.repeat(60_000) })
  await w.fetch(
    new Request(`${issuer}/authorize`, { method: 'POST', body: url.searchParams, redirect: 'manual' }),
  )
  expect(stored).toBeLessThan(16_000)
})

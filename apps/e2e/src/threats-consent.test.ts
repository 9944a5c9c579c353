import { expect, it } from 'vitest'
import { world } from './world.ts'

it('whoever registered by themselves is called unverified, whatever they are called, and the operator’s own a known app', async () => {
  const redirectUri = 'https://app.test/callback'
  const named = { client_name: 'Desk', redirect_uris: [redirectUri] }
  const w = world({ clients: [{ client_id: 'ours', ...named }] })
  const stranger = w.client({ redirectUri })
  await stranger.register(named)
  const { url } = await stranger.authorize()
  const theirs = await w.browser().open(url)
  expect(theirs.text).toContain('Not verified')
  expect(theirs.text).not.toContain('Known app')
  const own = new URL(url)
  own.searchParams.set('client_id', 'ours')
  const ours = await w.browser().open(own)
  expect(ours.text).toContain('Known app')
  expect(ours.text).not.toContain('Not verified')
})

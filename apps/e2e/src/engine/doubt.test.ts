import { memory } from '@drawbridge/core'
import { fakeClock } from '@drawbridge/testing'
import { expect, it } from 'vitest'
import { world } from '../world.ts'

it('a grant that ends for its doubt ends as any other does: told, and without leaving provider tokens behind', async () => {
  const clock = fakeClock()
  const store = memory({ clock })
  const w = world({ clock, storage: store })
  const app = w.client()
  const first = await app.login(w.browser(), { user: 'octocat' })
  await app.refresh(first.refresh_token)
  clock.advance(3661)
  await app.refresh(first.refresh_token)
  expect(w.events).toContainEqual(expect.objectContaining({ type: 'grant.doubted' }))
  clock.advance(86_401)
  expect((await app.refresh(first.refresh_token)).body.error).toBe('invalid_grant')
  await w.auth.maintain()
  expect((await store.list('grant/')).keys).toEqual([])
  expect((await store.list('connection/')).keys).toEqual([])
  expect(w.events).toContainEqual(expect.objectContaining({ type: 'grant.ended' }))
})

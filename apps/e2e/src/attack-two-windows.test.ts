import { memory } from '@drawbridge/core'
import { expect, it } from 'vitest'
import { world } from './world.ts'

it('an instance with the longer window does not end a grant for a token that is within it', async () => {
  // As during the deployment that makes the window longer: what the older instances forgot is not yet beyond it.
  const w = world({ storage: memory() })
  const longer = w.instance({ refresh: { window: 3600 } })
  const app = w.client()
  const first = await app.login(w.browser(), { user: 'octocat' })
  let current = first
  for (let times = 0; times < 9; times++) {
    current = { ...current, ...(await app.refresh(current.refresh_token)).body }
    w.clock.advance(60)
  }
  Object.assign(w.auth, { handle: longer.handle })
  const answer = await app.refresh(first.refresh_token)
  expect([answer.status, answer.body.error]).toEqual([200, undefined])
})

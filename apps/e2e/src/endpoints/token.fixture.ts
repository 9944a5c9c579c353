import { signIn } from '@drawbridge/testing'
import type { World } from '../world.ts'

/** A client that has a code in hand, not yet redeemed. */
export async function withCode(w: World, metadata: Record<string, unknown> = {}) {
  const app = w.client()
  const registration = await app.register(metadata)
  const pending = await app.authorize()
  const callback = await signIn(w.browser(), pending.url, { user: 'octocat' })
  return { app, registration, pending, callback }
}

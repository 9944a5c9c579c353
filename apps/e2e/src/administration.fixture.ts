import type { Storage } from '@drawbridge/core'
import type { OAuthClient } from '@drawbridge/testing'
import { expect } from 'vitest'
import type { World } from './world.ts'

export interface Installation {
  app: OAuthClient
  access_token: string
  refresh_token: string
}

/** A person connects one more program. */
export async function connect(
  w: World,
  login = 'octocat',
  metadata?: Record<string, unknown>,
): Promise<Installation> {
  const app = w.client()
  await app.register({ client_name: `${login}'s program`, ...metadata })
  return { app, ...(await app.login(w.browser(), { user: login })) }
}

export async function isIn(w: Pick<World, 'call'>, { app, access_token, refresh_token }: Installation) {
  const called = (await w.call(access_token)).status
  const refreshed = (await app.refresh(refresh_token)).status
  if (called === 200 && refreshed === 200) return true
  expect([called, refreshed]).toEqual([401, expect.toBeOneOf([400, 401])])
  return false
}

/** Which of the provider's tokens were ended there. */
export const endedUpstream = ({ provider }: World) =>
  provider.requests
    .filter(({ method }) => method === 'DELETE')
    .map(({ parameters }) => parameters.access_token)

export async function keysOf(storage: Storage, prefix: string): Promise<string[]> {
  return (await storage.list(prefix, { limit: 10_000 })).keys
}

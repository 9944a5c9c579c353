import type { DrawbridgeEvent, OAuthServerWithDefault } from '@drawbridge/core'
import type { GitHubUser } from '@drawbridge/github'
import type { OAuthClient } from '@drawbridge/testing'
import { expect } from 'vitest'
import { type Front, front } from './front.ts'
import { secret as first, type World, world } from './world.ts'

export type Instance = OAuthServerWithDefault<GitHubUser>

export const next = 'n8Xw2LrQe5Tz0YvB7uKc4MfJ9hGd1SaPi6OxRtVyUjE='
export const third = 'b0Ff5Zc9Wm2Qk7Ln4Ux1Hs8Dv3Gj6Ty0Re5Ap2Io7BqM='

/** The id by which events and reports call a secret. */
export async function idOf(secret: string): Promise<string> {
  const { auth } = world({ secret })
  await auth.ready()
  const [id = ''] = Object.keys((await auth.maintain()).remaining)
  return id
}

/** How the secrets of a deployment change: each step beside the one before, and nothing lost. */
export function phases(w: World): { before: Instance; added: Instance; promoted: Instance; after: Instance } {
  return {
    before: w.auth,
    added: w.instance({ secret: [first, next] }),
    promoted: w.instance({ secret: [next, first] }),
    after: w.instance({ secret: next }),
  }
}

export interface Session {
  app: OAuthClient
  refresh_token: string
  access_token: string
}

export async function session(f: Front, metadata?: Record<string, unknown>): Promise<Session> {
  const app = f.client()
  if (metadata) await app.register(metadata)
  return { app, ...(await app.login(f.browser(), { user: 'octocat' })) }
}

/** The same user, whose client now talks to another instance. */
export function moved(w: World, user: Session, instance: Instance): Session {
  const app = front(w, instance).client()
  app.credentials = user.app.credentials
  return { ...user, app }
}

/** A refresh that has to succeed. */
export async function refreshed(user: Session): Promise<void> {
  const { status, body } = await user.app.refresh(user.refresh_token)
  expect([status, body.error]).toEqual([200, undefined])
  Object.assign(user, body)
}

export const typesOf = (events: readonly DrawbridgeEvent[]) => new Set(events.map(({ type }) => type))

import type { JsonWebKeyPrivate, OAuthServerWithDefault } from '@drawbridge/core'
import type { GitHubUser } from '@drawbridge/github'
import {
  createLocalJWKSet,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  type JSONWebKeySet,
  jwtVerify,
} from 'jose'
import { expect } from 'vitest'
import type { Front } from '../front.ts'
import { issuer, resource, type World } from '../world.ts'

const minute = 60

export const algorithms = ['ES256', 'EdDSA', 'RS256'] as const
export type Algorithm = (typeof algorithms)[number]
export type Instance = OAuthServerWithDefault<GitHubUser>

/** What an operator makes with jose, or with anything else. */
export async function operatorKey(alg: Algorithm, kid: string): Promise<JsonWebKeyPrivate> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true })
  return { ...(await exportJWK(privateKey)), alg, kid } as JsonWebKeyPrivate
}

export async function jwks({ fetch }: Pick<Front, 'fetch'>): Promise<JSONWebKeySet> {
  return (await (await fetch(`${issuer}/jwks`)).json()) as JSONWebKeySet
}

export const kids = async (f: Pick<Front, 'fetch'>) => (await jwks(f)).keys.map(({ kid }) => kid)
export const kidOf = (access_token: string) => decodeProtectedHeader(access_token).kid

/** What a resource server elsewhere checks (RFC 9068 4), with the keys it has. */
export function verified({ clock }: World, access_token: string, keys: JSONWebKeySet) {
  return jwtVerify(access_token, createLocalJWKSet(keys), {
    issuer,
    audience: resource,
    typ: 'at+jwt',
    currentDate: new Date(clock.now()),
  })
}

/** A resource server elsewhere that keeps `/jwks` for as long as it may, and never looks earlier. */
export function verifier(w: World, source: Front, skewSeconds = 0) {
  let kept: { keys: JSONWebKeySet; until: number } | undefined
  return async (access_token: string) => {
    const now = w.clock.now() / 1000
    if (!kept || now >= kept.until) {
      const response = await source.fetch(`${issuer}/jwks`)
      const maxAge = Number(/max-age=(\d+)/.exec(response.headers.get('cache-control') ?? '')?.[1])
      expect(maxAge).toBe(300)
      kept = { keys: (await response.json()) as JSONWebKeySet, until: now + maxAge + skewSeconds }
    }
    await verified(w, access_token, kept.keys)
  }
}

/** A user on one instance, who refreshes and never gives up what the last answer said. */
export async function session(f: Front) {
  const app = f.client()
  let tokens = await app.login(f.browser(), { user: 'octocat' })
  return {
    get access_token() {
      return tokens.access_token
    },
    async refresh() {
      const { status, body } = await app.refresh(tokens.refresh_token)
      expect([status, body.error]).toEqual([200, undefined])
      tokens = { ...tokens, ...body }
      return tokens.access_token
    },
  }
}

/** Passes the time in steps and has every token of every user checked by everybody. */
export async function watch(
  w: World,
  {
    users,
    fronts,
    verifiers,
    minutes,
    each,
  }: {
    users: Awaited<ReturnType<typeof session>>[]
    fronts: Front[]
    verifiers: ((access_token: string) => Promise<void>)[]
    minutes: number
    each?: (minute: number) => void
  },
) {
  const seen = new Set<string | undefined>()
  for (let at = 0; at < minutes; at++) {
    w.clock.advance(minute)
    each?.(at)
    for (const user of users) {
      const token = await user.refresh()
      seen.add(kidOf(token))
      for (const f of fronts) expect((await f.call(token)).status, `minute ${at}`).toBe(200)
      for (const verify of verifiers) {
        await verify(token).catch((error) => {
          throw new Error(`minute ${at}, kid ${kidOf(token)}: ${error}`)
        })
      }
    }
  }
  return seen
}

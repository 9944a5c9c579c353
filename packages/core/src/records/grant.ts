import type { TokenEndpointAuthMethod } from './client-metadata.ts'

/** "This user let this installation in": `grant/<owner>/<id>`. Deleting it is revoking it. */
export interface GrantRecord {
  owner: string
  id: string
  /** `<provider id>|<sub>` */
  subject: string
  provider: string
  claims: unknown
  client_id: string
  client_name?: string | undefined
  redirect_uri: string
  /** Bound at the code exchange; a refresh must use the same. */
  client_auth?: TokenEndpointAuthMethod | undefined
  scopes: readonly string[]
  /** All that the person was asked for and agreed to, where that is remembered for the next time. */
  consented?: readonly string[] | undefined
  resource: string
  /** Id of the connection that holds the provider's tokens. */
  connection?: string | undefined
  correlation: string
  /** Unix seconds, all of these. */
  created_at: number
  used_at: number
  identity_checked_at: number
  /** The absolute end. */
  expires_at: number
  /** Seconds a grant may lie unused. */
  idle: number
  /** Until when the store keeps the connection; moved on before the grant outlives it. */
  connection_expires_at?: number | undefined
  /** The last ending of everything, or of a part of it, that was known where the grant was made; see endings.ts. */
  known_ending?: number | undefined
  code: GrantCode
  refresh?: GrantRefresh | undefined
  doubt?: GrantDoubt | undefined
}

export interface GrantCode {
  /** SHA-256 of the code's secret. */
  hash: string
  code_challenge: string
  /** Whether the authorization request named the redirect URI (RFC 6749 4.1.3). */
  redirect_uri_named?: boolean | undefined
  /** How the client could authenticate when the code was made. */
  client_auth_methods: readonly TokenEndpointAuthMethod[]
  /** Unix seconds. */
  expires_at: number
  redeemed_at?: number | undefined
  /** Which of several requests redeemed it. */
  redeemed_by?: string | undefined
}

export interface GrantRefresh {
  /** 32 random bytes made at redemption; every refresh secret of the grant is derived from them. */
  seed: string
  /** SHA-256 of the `r` that travels in each refresh token of the grant, and is stored nowhere. */
  r_hash: string
  /** Of the current refresh token; counted from 0. */
  generation: number
  /** When the last generations were replaced, in Unix seconds: the last of these is `generation - 1`. Never decreasing. */
  replaced_at: readonly number[]
  /** Late answers in consecutive generations. */
  streak?: LateAnswers | undefined
}

/** Answers given to the generation before the current one, after the window and within the allowance. */
export interface LateAnswers {
  /** Unix seconds of the first. */
  since: number
  /** Unix seconds of the last, also within one generation. */
  last: number
  /** How many, counting one for each generation. */
  count: number
  /** The current generation when the last was given. */
  generation: number
}

/** Somebody else may hold what belongs to this grant, or the client was clumsy. A sign-in of the same user ends it. */
export interface GrantDoubt {
  /** Unix seconds. */
  since: number
  /** Unix seconds; the grant's end at the latest. Absent: doubted only for a code that came twice at once. */
  until?: number | undefined
}

/** Which grant: `<owner>.<id>`, as it stands in every code and token. */
export type GrantRef = string

const refSyntax = /^[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]{1,64}$/

export function grantRef(grant: { owner: string; id: string }): GrantRef {
  return `${grant.owner}.${grant.id}`
}

export function isGrantRef(text: string): text is GrantRef {
  return refSyntax.test(text)
}

export function grantKey(ref: GrantRef): string {
  return `grant/${ref.replace('.', '/')}`
}

export function grantPrefix(owner: string): string {
  return `grant/${owner}/`
}

/** When the grant is over: unused for too long, doubted for too long, or at its absolute end. */
export function grantExpiry(grant: GrantRecord): number {
  return Math.min(grantKeptUntil(grant), grant.doubt?.until ?? Number.POSITIVE_INFINITY)
}

/**
 * When the store may drop the grant. One that ended for its doubt is kept, so that whoever comes next ends it properly,
 * with the provider's tokens.
 */
export function grantKeptUntil(grant: GrantRecord): number {
  if (grant.code.redeemed_at === undefined) return grant.code.expires_at
  return Math.min(grant.expires_at, grant.used_at + grant.idle)
}

/**
 * When the store may drop the grant's connection: after the grant, and far enough away that a refresh moves it on
 * once per idle period only.
 */
export function connectionExpiry(grant: Pick<GrantRecord, 'expires_at' | 'used_at' | 'idle'>): number {
  return Math.min(grant.expires_at, grant.used_at + 2 * grant.idle) + 60
}

/** Everybody's: for administration. */
export const grantKinds = 'grant/'

import { sha256 } from '../crypto/hash.ts'
import type { UpstreamAnswer, UpstreamTokens } from './upstream-tokens.ts'

/** The provider's tokens for one login, or for one user with one set of scopes: `connection/<owner>/<id>`. */
export interface ConnectionRecord extends UpstreamAnswer {
  owner: string
  id: string
  provider: string
  /** Of the app at the provider, which alone can use the tokens. */
  client_id: string
  subject: string
  /** Unix seconds. */
  obtained_at: number
  /** What the store was told. */
  expires_at: number
  /** The provider said the authorization is over; only a new login helps. */
  ended?: boolean | undefined
  /** Those that later logins took the place of, newest first: they end with the connection. */
  replaced?: readonly ReplacedTokens[] | undefined
}

/** Their scopes are those of the connection. */
export type ReplacedTokens = Omit<UpstreamTokens, 'scopes'>

/** The id of the connection that a user's logins share: of one app, with one set of scopes granted. */
export function sharedConnectionId(provider: string, client_id: string, scopes: readonly string[]): string {
  const set = [...new Set(scopes)].sort()
  return `${provider}-${sha256(JSON.stringify([client_id, set])).slice(0, 16)}`
}

export function connectionKey(owner: string, id: string): string {
  return `connection/${owner}/${id}`
}

/** All of one user's. */
export function connectionPrefix(owner: string): string {
  return `connection/${owner}/`
}

/** Everybody's: for administration. */
export const connectionKinds = 'connection/'

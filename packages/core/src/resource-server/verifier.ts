import type { Confirmation } from '../auth.ts'

/**
 * Checks access tokens that somebody else issued: a JWT against published keys, an introspection endpoint, a
 * provider's API. Compose several with `resourceServer({ verifier: [a, b] })`.
 */
export interface Verifier<User = unknown> {
  /** The answer is the caller's to change, `user` and all: a verifier that remembers hands out copies. */
  verify(token: string, context: VerifierContext): Promise<Verification<User>>
}

/** What a token is looked at for. */
export interface VerifierContext {
  /** The resource identifier the token must be meant for (RFC 8707). */
  resource: string
}

/**
 * - `not-mine`: not a token of the kind this verifier knows; the next one may look.
 * - `invalid`: recognised, and refused. Nobody else is asked. With `scopes`, certainly genuine and good until it ended:
 *   the client is told to ask again for what the token held. With `meantFor`, certainly genuine and for another resource:
 *   the operator is told how to bring both together.
 * - `unavailable`: could not be decided now. The request gets 503, never 401.
 * - `valid`: good.
 */
export type Verification<User = unknown> =
  | { status: 'not-mine' }
  | {
      status: 'invalid'
      reason: string
      scopes?: readonly string[] | undefined
      meantFor?: MeantFor | undefined
    }
  | { status: 'unavailable'; reason: string }
  | { status: 'valid'; token: VerifiedToken<User> }

/** Whom a token is for that is not for us. */
export interface MeantFor {
  /** What the token names (`aud`). */
  audiences: readonly string[]
  /** What it would have to name. Default: the resource. */
  accepted?: readonly string[] | undefined
  clientId?: string | undefined
}

/** What a good token says, in our terms. */
export interface VerifiedToken<User = unknown> {
  subject: string
  clientId: string
  scopes: string[]
  /** Unix seconds. */
  expiresAt: number
  issuer: string
  user: User
  /** The key the token is bound to. The gate takes bearer tokens only, and refuses such a one. */
  cnf?: Confirmation | undefined
}

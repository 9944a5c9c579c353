import type { OptionTable } from '@drawbridge/core/provider'
import type { JwtVerifierOptions } from '@drawbridge/jwt'

/**
 * What an access token of WorkOS says: https://workos.com/docs/authkit/connect/token-claims. `role`, `roles`, `permissions`
 * and your own are there where a JWT template of the dashboard puts them.
 */
export interface WorkOSTokenUser {
  /** The user's id, `user_01...`; of a machine, that of its application. */
  readonly sub: string
  /** The application, or the client that registered itself. */
  readonly client_id: string
  /** The organization that they signed in as a member of. */
  readonly org_id?: string | undefined
  /** What they agreed to at AuthKit: `app_consent_01...`. */
  readonly sid?: string | undefined
  readonly role?: string | undefined
  readonly roles?: readonly string[] | undefined
  readonly permissions?: readonly string[] | undefined
  readonly [claim: string]: unknown
}

/** Tokens say nothing of addresses. */
export interface WorkOSTokenAllow {
  /** Whoever signed in as a member of one of these organizations, by their ids: `org_01HRDMC6CM357W30QMHMQ96Q0S`. */
  organizations?: readonly string[] | undefined
}

/** Whose tokens are good, for `workosTokenVerifier` and `authkit`. Every duration is in seconds. */
export interface WorkOSTokenRules
  extends Pick<JwtVerifierOptions, 'clockTolerance' | 'fetch' | 'timeout' | 'clock' | 'log'> {
  /**
   * The AuthKit domain: `acme.authkit.app`, or your own. An origin such as `http://localhost:4000` stands for a development
   * provider. Default: the environment variable `DRAWBRIDGE_<ID>_DOMAIN`.
   */
  domain?: string | undefined
  /** The first part of subjects, `workos|user_01...`: the same as the provider's, so that a user is one user. Default `workos`. */
  id?: string | undefined
  /** Left out: everybody who got a token for this server. */
  allow?: WorkOSTokenAllow | undefined
  /**
   * Whether somebody whom `allow` lets in may enter; only `true` lets them in. Asked at each request. May throw
   * `AccessDenied` to say why not; any other error is an outage. Default: nobody else is refused.
   */
  permit?: ((user: WorkOSTokenUser) => boolean | Promise<boolean>) | undefined
}

/** Options of `workosTokenVerifier`. */
export interface WorkOSTokenVerifierOptions extends WorkOSTokenRules {
  /**
   * What `aud` must be. Default: the resource itself, which has to be a resource indicator in the dashboard. Without any,
   * WorkOS writes the client id of the environment into every token; with that one here, `clientId` is needed.
   */
  audience?: string | readonly string[] | undefined
  /**
   * The applications whose tokens are good. Default: each that has a token for the resource; with an `audience` that is no
   * URL, the environment variable `DRAWBRIDGE_<ID>_CLIENT_ID`.
   */
  clientId?: string | readonly string[] | undefined
}

/** For the tables of both. */
export const rulesTable: OptionTable<WorkOSTokenRules> = {
  domain: 'text',
  id: 'text',
  allow: true,
  permit: 'function',
  clockTolerance: 'seconds',
  fetch: 'function',
  timeout: 'seconds',
  clock: 'clock',
  log: true,
}

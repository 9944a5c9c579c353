import type { Config } from '../config.ts'
import type { Engine } from '../engine.ts'
import type { Upstream } from '../identity/upstream.ts'
import type { Pages } from '../pages/pages.ts'
import type { Records } from '../records/records.ts'
import type { Transactions } from '../records/transaction.ts'

/** What the endpoints are made from. Each takes the part it needs. */
export interface Server {
  config: Config
  urls: EndpointUrls
  engine: Engine
  /** Of the transactions. */
  records: Records
  transactions: Transactions
  upstreams: ReadonlyMap<string, Upstream>
  pages: Pages
}

/** Where each endpoint is, as clients see it. */
export interface EndpointUrls {
  authorization_endpoint: string
  token_endpoint: string
  /** Absent where nobody registers. */
  registration_endpoint: string | undefined
  revocation_endpoint: string
  /** Absent where no keys are published. */
  jwks_uri: string | undefined
  consent: string
  /** Without the provider's id, which follows. */
  callback: string
  /** The same. */
  signIn: string
}

/** `has`: which of the endpoints there are that need not be. */
export function endpointUrls(issuer: string, has: { registration: boolean; jwks: boolean }): EndpointUrls {
  return {
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    registration_endpoint: has.registration ? `${issuer}/register` : undefined,
    revocation_endpoint: `${issuer}/revoke`,
    jwks_uri: has.jwks ? `${issuer}/jwks` : undefined,
    consent: `${issuer}/consent`,
    callback: callbackUrl(issuer),
    signIn: `${issuer}/sign-in/`,
  }
}

/** Where providers send browsers back, without the provider's id, which follows. */
export function callbackUrl(issuer: string): string {
  return `${issuer}/callback/`
}

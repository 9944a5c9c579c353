import type { Config } from '../config.ts'
import type { Engine } from '../engine.ts'
import type { CreateGrant } from '../grants/creation.ts'
import type { Upstream } from '../identity/upstream.ts'
import type { Pages } from '../pages/pages.ts'
import type { Records } from '../records/records.ts'
import type { ServerKeys } from '../records/server-keys.ts'
import type { Transactions } from '../records/transaction.ts'

/** What the endpoints are made from. Each takes the part it needs. */
export interface Server {
  config: Config
  urls: EndpointUrls
  engine: Engine
  records: Records
  transactions: Transactions
  keys: ServerKeys
  upstreams: ReadonlyMap<string, Upstream>
  createGrant: CreateGrant
  pages: Pages
}

/** Where each endpoint is, as clients see it. */
export interface EndpointUrls {
  authorization_endpoint: string
  token_endpoint: string
  registration_endpoint: string
  revocation_endpoint: string
  jwks_uri: string
  consent: string
  /** Without the provider's id, which follows. */
  callback: string
}

export function endpointUrls(issuer: string): EndpointUrls {
  return {
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    registration_endpoint: `${issuer}/register`,
    revocation_endpoint: `${issuer}/revoke`,
    jwks_uri: `${issuer}/jwks`,
    consent: `${issuer}/consent`,
    callback: `${issuer}/callback/`,
  }
}

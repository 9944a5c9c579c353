import type { RedirectUriPolicy } from '../clients/redirect-uri.ts'
import type { Clock } from '../clock.ts'
import type { KeyRing } from '../crypto/key-ring.ts'
import type { Engine, OwnEngine } from '../engine/engine.ts'
import type { Emit } from '../events.ts'
import type { Offered } from '../grants/requested-access.ts'
import type { Provider } from '../identity/provider.ts'
import type { Upstream } from '../identity/upstream.ts'
import type { Pages } from '../pages/pages.ts'
import type { Records } from '../records/records.ts'
import type { Transactions } from '../records/transaction.ts'
import type { Documentation } from '../resource-server/protected-resource-metadata.ts'

/** What the endpoints are made from. Each takes the part it needs. */
export interface Server extends Settings {
  engine: Engine
  /** What only our own engine has. */
  own: OwnEngine | undefined
  /** Of the transactions. */
  records: Records
  transactions: Transactions
  upstreams: ReadonlyMap<string, Upstream>
  pages: Pages
}

/** What the options come to, for endpoints. */
export interface Settings extends Offered {
  /** Exactly as given. */
  issuer: string
  issuerUrl: URL
  /** The issuer's path without a closing slash; empty at a host's root. */
  prefix: string
  providers: readonly Provider[]
  /** Those of all resources together. */
  supportedScopes: readonly string[]
  advertiseOfflineAccess: boolean
  redirectUris: RedirectUriPolicy
  registration: {
    enabled: boolean
    /** Tells senders of registrations apart. */
    key(sender: { clientAddress?: string | undefined; headers: Headers }): string | undefined
  }
  /** Seconds. */
  lifetimes: { transaction: number }
  skipConsent: boolean
  documentation: Documentation
  /** For the tokens of forms. */
  ring: KeyRing
  clock: Clock
  emit: Emit
}

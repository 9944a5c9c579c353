import type { ClientAuthentication } from '../clients/client-authentication.ts'
import type { HostTrust } from '../clients/host-trust.ts'
import type { KnownClients } from '../clients/known-clients.ts'
import type { RedirectUriPolicy } from '../clients/redirect-uri.ts'
import type { Clock } from '../clock.ts'
import type { Engine, OwnEngine } from '../engine/engine.ts'
import type { Emit } from '../events.ts'
import type { Offered } from '../grants/requested-access.ts'
import type { Provider } from '../identity/provider.ts'
import type { Upstream } from '../identity/upstream.ts'
import type { Pages } from '../pages/pages.ts'
import type { Records } from '../records/records.ts'
import type { Transactions } from '../records/transaction.ts'
import type { Documentation } from '../resource-server/protected-resource-metadata.ts'
import type { BrowserBinding } from './browser/browser-binding.ts'
import type { FormTokens } from './browser/form-token.ts'
import type { SessionCookie } from './browser/session-cookie.ts'
import type { Limiter } from './limiter.ts'
import type { RegisteringClient, RegistrationSender } from './registration-admission.ts'

/** What the endpoints are made from. Each takes the part it needs. */
export interface Server extends Settings {
  engine: Engine
  clients: KnownClients
  authentication: ClientAuthentication
  /** What only our own engine has. */
  own: OwnEngine | undefined
  /** Of the transactions. */
  records: Records
  transactions: Transactions
  upstreams: ReadonlyMap<string, Upstream>
  /** Of a browser to its transaction. */
  binding: BrowserBinding
  forms: FormTokens
  /** The cookie of a sign-in session. */
  sessionCookie: SessionCookie
  /** The cookie that says what a form of the account page came to. */
  noticeCookie: SessionCookie
  pages: Pages
  limiter: Limiter
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
    key(sender: RegistrationSender): string | undefined
    /**
     * Whether this client may register; a text says why not. Absent: whoever can be served. Throws `Unavailable` when the
     * operator's own function fails.
     */
    allow?: ((client: RegisteringClient, sender: RegistrationSender) => Promise<boolean | string>) | undefined
    /** Whether this is a good initial access token (RFC 7591 3). Absent: none is asked for. Throws like `allow`. */
    initialAccessToken?: ((token: string) => Promise<boolean>) | undefined
  }
  /** Absent: a URL is no client here. */
  metadataDocuments: { trust(host: string): HostTrust } | undefined
  revocation: { enabled: boolean }
  consent: 'always' | 'remember' | 'skip'
  accountPage: boolean
  lifetimes: {
    /** Seconds, all of them. */
    idle: number
    absolute: number
    session: number
  }
  documentation: Documentation
  clock: Clock
  emit: Emit
}

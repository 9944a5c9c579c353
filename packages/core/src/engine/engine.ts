import type { AuthInfo, Confirmation, UpstreamToken, UpstreamTokenOptions } from '../auth.ts'
import type { OAuthProvider } from '../identity/provider.ts'
import type { ClientMetadata, RegisteredClient, TokenEndpointAuthMethod } from '../records/client-metadata.ts'
import type { AuthorizationRequest } from '../records/transaction.ts'
import type { UpstreamAnswer } from '../records/upstream-tokens.ts'
import type { ApiKeyAdmin } from './api-key-administration.ts'
import type { ClientAdmin } from './client-administration.ts'
import type { GrantAdmin } from './grant-administration.ts'
import type { SigningKeyAdmin } from './key-administration.ts'
import type { MaintenanceReport } from './maintenance.ts'
import type { PersonEnding } from './person-ending.ts'
import type { SignInSessions } from './sign-in-session.ts'
import type { StepUps } from './step-up.ts'

/**
 * Whoever keeps clients and grants, and makes tokens. Our own is put together in `built-in-engine.ts`; a "bring your own"
 * one implements the same methods, so that there is no second path. Endpoints and gates know nothing else of it, and no
 * token's form: the transaction between `/authorize` and the end of a login is theirs alone.
 *
 * `load…` decides nothing: it finds what a credential leads to. `undefined` is none of this engine's by its form, about
 * which somebody else may be asked. The files in `grants/` check everything else, and only then call the loaded object's
 * `redeem` or `refresh`, which is the one conditional write. An outage is thrown as `Unavailable`, and never a refusal.
 */
export type Engine = EngineAfterLogin | EngineWithLogin

interface EngineCore {
  getClient(client_id: string): Promise<RegisteredClient | undefined>
  /** Absent: nobody registers here (RFC 7591). `sender`: whom the operator takes the request to come from. */
  registerClient?(metadata: ClientMetadata, sender?: string | undefined): Promise<Registration>
  loadCode(code: string): Promise<LoadedCode | Refused<'unknown'> | undefined>
  loadRefreshToken(
    refresh_token: string,
  ): Promise<LoadedRefreshToken | Refused<'unknown' | 'forged'> | undefined>
  loadAccessToken(access_token: string): Promise<LoadedAccessToken | RefusedAccessToken | undefined>
  /** Tokens for a client that acts for itself (RFC 6749 4.4): no person, no code, no redirect. Absent: none do. */
  issue?(
    client: AuthenticatedClient,
    request: { resource: string; scopes: readonly string[] },
  ): Promise<TokenSet>
}

/** Our consent and our leg to the provider run first; this is what they end in. */
export interface EngineAfterLogin extends EngineCore {
  /** Makes the code that goes to the client. Throws `Unavailable` for an outage, and `AskAgain` where it may. */
  completeLogin(login: Login): Promise<CompletedLogin>
  authorize?: never
}

/** It signs people in by itself: consent and callback are not mounted. */
interface EngineWithLogin extends EngineCore {
  /**
   * Takes a checked authorization request over, and resolves to where the browser goes on: a page of its own, which
   * ends at `redirect_uri` with `state` and `iss` (RFC 6749 4.1.2, RFC 9207). An `OAuthError` goes to the client.
   */
  authorize(request: AuthorizationRequest, client: RegisteredClient): Promise<string>
  completeLogin?: never
}

/** What only our own engine has. What needs it is mounted, or offered, only where it is. */
export interface OwnEngine extends Administration {
  /** The public halves of the signing keys (RFC 7517 4). */
  jwks(): Promise<readonly object[]>
  /** Throws `NoUpstreamToken`, `UpstreamEnded` or `Unavailable`. */
  upstreamToken(auth: AuthInfo, options?: UpstreamTokenOptions): Promise<UpstreamToken>
  /** For `scopes.stepUp`. */
  stepUps: StepUps
  /** Who signed in, and in which browser. */
  sessions: SignInSessions
  /** What a person ends of their own. */
  ending: Pick<PersonEnding, 'client' | 'everything'>
  /** The API keys of a person, which are access as well. */
  apiKeys: Pick<ApiKeyAdmin, 'list' | 'revoke'>
  /** Whether this was agreed to before, on the consent page, and still stands. */
  remembersConsent(subject: string, request: AuthorizationRequest): Promise<boolean>
}

/** What an operator, or a page of the application's own, does with what this server keeps. */
export interface Administration {
  /** Lists and ends what users let in. */
  readonly grants: GrantAdmin
  /** Lists and removes clients, makes new ones, changes them and their secrets. */
  readonly clients: ClientAdmin
  /** Lists the keys that sign access tokens, and revokes one that somebody else may have. */
  readonly signingKeys: SigningKeyAdmin
  /**
   * Seals records with the current `secret` and removes those that have expired or were ended; reports what remains per
   * secret. Run it after a change of `secret`, and now and then with a store that does not expire by itself. It is safe at
   * any time, on any instance, and again after a crash or an outage of the store, at which it throws: a report that
   * overlooked records would be no leave to remove a secret.
   */
  maintain(): Promise<MaintenanceReport>
}

/** A new client. */
export interface Registration {
  client: RegisteredClient
  client_secret?: string | undefined
  /** The client_id of one that nobody approved, which had to make room. */
  evicted?: string | undefined
}

/** A person has consented and signed in. */
export interface Login {
  client: RegisteredClient
  request: AuthorizationRequest
  /** The provider's id. */
  provider: string
  /** `<provider id>|<sub>` */
  subject: string
  /** What the provider says of the person. */
  claims: unknown
  /** Consented, and granted by the provider. */
  scopes: readonly string[]
  /** What the person was just asked for and agreed to; absent where that is not to be remembered. */
  consented?: readonly string[] | undefined
  /** Absent: the person signed in at a page of ours, and nobody needs to be called later. */
  upstream?: UpstreamOfLogin | undefined
}

/** For an engine that calls the provider later. */
export interface UpstreamOfLogin {
  provider: OAuthProvider
  brought: UpstreamAnswer
  /** Unix milliseconds: what the provider revoked after that may be what this login brought. */
  began_at?: number | undefined
  /**
   * The browser may go to the provider once more: `AskAgain` may be thrown, also for want of a refresh token where asking
   * otherwise may bring one.
   */
  mayAskAgain?: { forRefreshToken: boolean } | undefined
}

export interface CompletedLogin {
  code: string
  /** What may be done beside the answer. */
  tidy?: () => Promise<void>
}

/** What the events about a credential say of it, for an engine that knows. */
export interface Flow {
  grant?: string | undefined
  correlation?: string | undefined
}

/** A credential of the engine's that is no good: why, in the words of the events, and the grant it claims. */
export interface Refused<Reason extends string> extends Flow {
  /** `forged`: the grant it claims is there, and never issued it. */
  refused: Reason
}

export interface RefusedAccessToken
  extends Refused<'malformed' | 'unknown_key' | 'expired' | 'signature' | 'grant_ended'> {
  client_id?: string | undefined
  /** What it was for and what it held; only of one that is certainly genuine. */
  held?: { resource: string; scopes: readonly string[] } | undefined
}

/** What every credential says of the grant it stands on. */
interface Loaded extends Flow {
  refused?: never
  client_id: string
  subject: string
  resource: string
  scopes: readonly string[]
  /** Unix seconds. */
  expires_at: number
}

export interface LoadedCode extends Loaded {
  redirect_uri: string
  /** Whether the authorization request named it, so that this one must, too (RFC 6749 4.1.3). */
  redirect_uri_named: boolean
  code_challenge: string
  /** How the client could authenticate when the code was made (`authMethodsOf` the login's client). */
  client_auth_methods: readonly TokenEndpointAuthMethod[]
  /** It has been exchanged, and will not be again. */
  redeemed: boolean
  /**
   * Redeems the code, once. The caller has authenticated the client and checked everything else. Throws
   * `invalid_grant` for a code that was redeemed before or has expired.
   *
   * @param request.scopes what the access token says: those of the grant, with all that they imply
   */
  redeem(client: AuthenticatedClient, request: { scopes: readonly string[] }): Promise<TokenSet>
}

export interface LoadedRefreshToken extends Loaded {
  /** The method the client used last; it must use it again, or a stronger one, which is then bound. */
  client_auth: TokenEndpointAuthMethod | undefined
  /** Whether `refresh` would answer it now. */
  isActive(): boolean
  /** Rotates, or answers again what a rotation answered. Throws `invalid_grant` for a token that is dead. */
  refresh(client: AuthenticatedClient, request: { scopes: readonly string[] }): Promise<TokenSet>
  /** Ends the grant (RFC 7009). */
  revoke(): Promise<void>
}

/** A token that is good now, for `resource`: for what both its own `scopes` and those `granted` name or imply. */
export interface LoadedAccessToken extends Loaded {
  /** What the grant holds, as it was consented to. */
  granted: readonly string[]
  token_type: 'Bearer' | 'DPoP'
  /** The key it is bound to. The gate refuses such a token, since it takes bearer tokens only. */
  cnf?: Confirmation | undefined
  /** Unix seconds. */
  issued_at?: number | undefined
  /** What the provider says of the person. The caller copies it before anybody changes it. */
  claims: unknown
  /** The method the client used last: whoever ends the grant must use it, or a stronger one. Left out: any. */
  client_auth?: TokenEndpointAuthMethod | undefined
  /** Ends the grant (RFC 7009). */
  revoke(): Promise<void>
}

export interface AuthenticatedClient {
  client: RegisteredClient
  method: TokenEndpointAuthMethod
}

/** RFC 6749 5.1. */
export interface TokenSet {
  access_token: string
  token_type: 'Bearer'
  /** Seconds. */
  expires_in: number
  scope: string
  refresh_token?: string | undefined
}

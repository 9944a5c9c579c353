import type { Clock } from '@drawbridge/core/provider'
import type { AppMode, TokenBook } from './tokens.ts'

/** How somebody stands to an organization. `restricted`: it has not approved this app, so GitHub refuses to say. */
export type Membership = 'active' | 'pending' | 'restricted'

export interface DevGitHubUser {
  login: string
  /** Default: assigned in order. */
  id?: number | undefined
  name?: string | undefined
  /** The primary, verified address. Only shown on the profile when `publicEmail` is set. */
  email?: string | undefined
  publicEmail?: boolean | undefined
  /** Memberships by organization. */
  organizations?: Readonly<Record<string, Membership>> | undefined
  /** Memberships by `organization/team-slug`. */
  teams?: Readonly<Record<string, Membership>> | undefined
}

export interface DevGitHubApp {
  clientId: string
  clientSecret: string
  /** An OAuth app (`gho_`, no expiry, scopes) or a GitHub App (`ghu_`, 8 h, refresh tokens, no scopes). Default the first. */
  mode?: AppMode | undefined
  name?: string | undefined
  /** Registered callback URLs. Left out: any redirect URI is taken. */
  callbackUrls?: readonly string[] | undefined
}

export type KnownUser = DevGitHubUser & { id: number }

export interface PendingCode {
  client_id: string
  redirect_uri: string | undefined
  user: number
  scopes: readonly string[]
  code_challenge: string | undefined
  /** Unix milliseconds. */
  expires: number
}

/** What the endpoints share. */
export interface State {
  clock: Clock
  skipAuthorized: boolean
  apps: readonly DevGitHubApp[]
  users: KnownUser[]
  codes: Map<string, PendingCode>
  /** Browser sessions: cookie value to user id. */
  sessions: Map<string, number>
  /** Scopes a user has approved for an app, by {@link authorizationKey}. */
  authorizations: Map<string, Set<string>>
  tokens: TokenBook
  /** What ending one token ends. */
  revocation: 'token' | 'user' | 'none'
}

export function authorizationKey(client_id: string, user: number): string {
  return `${client_id}/${user}`
}

/** The client id and secret of a Basic header, without percent-decoding: GitHub's contain nothing to decode. */
export function basicCredentials(request: Request): { id: string; secret: string } | undefined {
  const [scheme, encoded] = (request.headers.get('authorization') ?? '').split(' ')
  if (scheme?.toLowerCase() !== 'basic' || !encoded) return undefined
  const [id = '', secret = ''] = Buffer.from(encoded, 'base64').toString().split(':')
  return { id, secret }
}

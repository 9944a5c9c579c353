import {
  boundedCache,
  type Clock,
  ConfigurationError,
  checkCall,
  checkMembers,
  environment,
  systemClock,
  upstreamCall,
  type Verification,
  type Verifier,
} from '@drawbridge/core/provider'
import { secureUrl } from '@drawbridge/core/syntax'
import {
  acceptRefusal,
  audienceRefusal,
  audienceRule,
  type Claims,
  clientIdOf,
  firstString,
  kindRefusal,
  meantFor,
  scopesOf,
  timeRefusal,
} from './claims.ts'
import { jsonRequest } from './json-request.ts'
import { type ClaimsOptions, claimsTable } from './options.ts'
import { checkSubjectOptions, type SubjectOptions, subjectOf } from './subject.ts'

/** What the authorization server says of an active token (RFC 7662 2.2). */
export interface IntrospectionClaims {
  active: true
  sub?: string
  client_id?: string
  username?: string
  scope?: string
  exp?: number
  iss?: string
  aud?: string | string[]
  [claim: string]: unknown
}

/** Options of {@link introspectionVerifier}. Every duration is in seconds. */
export type IntrospectionVerifierOptions<User = IntrospectionClaims> = IntrospectionOptions<User> &
  SubjectOptions<IntrospectionClaims, string | undefined>

interface IntrospectionOptions<User> extends ClaimsOptions<User, IntrospectionClaims> {
  /** The authorization server's introspection endpoint. */
  endpoint: string | undefined
  /** Who we are to it (RFC 7662 2.1). May be left out when the environment names both, as below. */
  client?:
    | {
        /** Or `DRAWBRIDGE_INTROSPECTION_CLIENT_ID`. */
        id?: string | undefined
        /** Or `DRAWBRIDGE_INTROSPECTION_CLIENT_SECRET`. */
        secret?: string | undefined
        /** Default `client_secret_basic`. */
        method?: 'client_secret_basic' | 'client_secret_post' | undefined
      }
    | undefined
  /** Who issues the tokens. An answer that names another `iss` is refused. Default: what the answer says, else the endpoint's origin. */
  issuer?: string | undefined
  /** Refuse answers without `aud`. Set it unless the endpoint itself tells tokens for us from those for others. */
  requireAudience?: boolean | undefined
  /**
   * Whether a token looks like one of theirs, by a prefix for instance; others are left to the next verifier without
   * asking. Default: every token is theirs, so put this verifier last among several.
   */
  recognises?: ((token: string) => boolean) | undefined
  /** Remember good answers for this many `seconds`, at most until `exp`. A revoked token lives on that long. Default: not at all. */
  cache?: { seconds: number; maximum?: number | undefined } | undefined
}

/** A token without `exp` is looked at again after this many seconds, even by a stream that stays open. */
const assumedLifetime = 300

/**
 * Checks access tokens by asking the authorization server about each (RFC 7662), for tokens that say nothing
 * themselves and for revocation that counts at once.
 *
 * The endpoint being down, slow, or at odds with our own credentials is an outage and never the token's fault.
 *
 * @throws {ConfigurationError} naming the option that is wrong and its fix.
 * @example
 * introspectionVerifier({
 *   endpoint: 'https://login.acme.dev/introspect',
 *   client: { id: 'mcp-server', secret: process.env.INTROSPECTION_SECRET },
 *   cache: { seconds: 30 },
 * })
 */
export function introspectionVerifier<User = IntrospectionClaims>(
  options: IntrospectionVerifierOptions<User>,
): Verifier<User> {
  checkCall<IntrospectionVerifierOptions<User>>('introspectionVerifier({ endpoint, client })', options, {
    ...claimsTable,
    endpoint: 'text',
    client: true,
    issuer: 'text',
    requireAudience: 'flag',
    recognises: 'function',
    cache: true,
    id: 'text',
    subject: 'function',
  })
  checkMembers<NonNullable<IntrospectionVerifierOptions['client']>>('client', options.client, {
    id: 'text',
    secret: 'text',
    method: 'text',
  })
  checkMembers<NonNullable<IntrospectionVerifierOptions['cache']>>('cache', options.cache, {
    seconds: 'seconds',
    maximum: 'number',
  })
  checkSubjectOptions(options)
  const clock = options.clock ?? systemClock
  const { endpoint, ask } = introspection(options, clock)
  const answerFor = options.cache ? remembering(ask, options.cache, clock) : ask
  const tolerance = options.clockTolerance ?? 30
  const audience = audienceRule(options)

  const refusal = (claims: IntrospectionClaims, resource: string, now: number): string | undefined => {
    if (claims.token_type !== undefined && !/^bearer$/i.test(String(claims.token_type))) return 'token_type'
    if (options.issuer !== undefined && (claims.iss ?? options.issuer) !== options.issuer) return 'issuer'
    const withoutAudience = claims.aud === undefined && !options.requireAudience
    return (
      timeRefusal(claims, now, tolerance) ??
      kindRefusal(claims) ??
      (withoutAudience ? undefined : audienceRefusal(claims.aud, resource, audience)) ??
      acceptRefusal(options.accept, claims)
    )
  }

  return {
    async verify(token, { resource }): Promise<Verification<User>> {
      if (options.recognises && !options.recognises(token)) return { status: 'not-mine' }
      const answer = await answerFor(token)
      if (answer.status !== 'active') return answer
      const { claims } = answer
      const now = clock.now() / 1000
      const refused = refusal(claims, resource, now)
      const clientId = clientIdOf(claims, options.clientIdClaims)
      if (refused !== undefined) {
        return { status: 'invalid', reason: refused, meantFor: meantFor(refused, claims, audience, clientId) }
      }
      const issuer = options.issuer ?? firstString(claims, ['iss']) ?? new URL(endpoint).origin
      const subject = subjectOf(options, claims, prefixedSubject(claims, options.id ?? issuer))
      if (subject === undefined) return { status: 'invalid', reason: 'no_subject' }
      return {
        status: 'valid',
        token: {
          subject,
          clientId,
          scopes: scopesOf(claims, options.scopeClaims),
          expiresAt: Math.floor(claims.exp ?? now + assumedLifetime),
          issuer,
          user: options.user ? await options.user(claims) : (claims as User),
        },
      }
    },
  }
}

/** A token without `sub` stands for the client itself. */
function prefixedSubject(claims: Claims, prefix: string): string | undefined {
  const sub = firstString(claims, ['sub'])
  if (sub !== undefined) return `${prefix}|${sub}`
  const client = firstString(claims, ['client_id'])
  return client === undefined ? undefined : `${prefix}|client|${client}`
}

type Answer =
  | { status: 'active'; claims: IntrospectionClaims }
  | { status: 'invalid'; reason: string }
  | { status: 'unavailable'; reason: string }

type Ask = (token: string) => Promise<Answer>

/** Keeps good answers for a while. As text, since tools are given the claims and may change theirs. */
function remembering(ask: Ask, cache: NonNullable<IntrospectionVerifierOptions['cache']>, clock: Clock): Ask {
  const answers = boundedCache<{ claims: string; until: number }>(cache.maximum ?? 1000)
  return async (token) => {
    const now = clock.now() / 1000
    const known = answers.get(token)
    if (known && now < known.until) return { status: 'active', claims: JSON.parse(known.claims) }
    const answer = await ask(token)
    if (answer.status === 'active') {
      const { exp } = answer.claims
      const until = Math.min(now + cache.seconds, typeof exp === 'number' ? exp : Number.POSITIVE_INFINITY)
      answers.set(token, { claims: JSON.stringify(answer.claims), until })
    }
    return answer
  }
}

function introspection<User>(
  options: IntrospectionVerifierOptions<User>,
  clock: Clock,
): { endpoint: string; ask: Ask } {
  const { endpoint } = options
  const fix = 'Pass the `introspection_endpoint` that the metadata of the authorization server names.'
  if (!endpoint) throw new ConfigurationError('endpoint', 'is missing', fix)
  secureUrl('endpoint', endpoint, fix)
  const credentials = clientCredentials(options.client ?? {})
  const request = jsonRequest(upstreamCall(options.fetch, clock, (options.timeout ?? 10) * 1000))
  return {
    endpoint,
    async ask(token) {
      const answer = await request(endpoint, {
        method: 'POST',
        headers: credentials.headers,
        body: new URLSearchParams({ token, token_type_hint: 'access_token', ...credentials.parameters }),
      })
      // A 401 here is about our own credentials: telling the client that its token is bad would be untrue.
      if (answer.status === 'failed') return { status: 'unavailable', reason: answer.reason }
      const claims = withoutNulls(answer.body)
      if (claims.active === false) return { status: 'invalid', reason: 'inactive' }
      if (claims.active !== true)
        return { status: 'unavailable', reason: 'the answer does not say whether the token is active' }
      return { status: 'active', claims: claims as IntrospectionClaims }
    },
  }
}

/** Some servers write `null` for what a token does not have. */
function withoutNulls(body: unknown): Claims {
  return Object.fromEntries(Object.entries(Object(body)).filter(([, value]) => value !== null))
}

/** How we authenticate (RFC 6749 2.3.1). */
function clientCredentials(client: NonNullable<IntrospectionVerifierOptions['client']>): {
  headers: Record<string, string>
  parameters: Record<string, string>
} {
  const id = client.id ?? environment('DRAWBRIDGE_INTROSPECTION_CLIENT_ID')
  const secret = client.secret ?? environment('DRAWBRIDGE_INTROSPECTION_CLIENT_SECRET')
  if (!id) {
    throw new ConfigurationError(
      'client.id',
      'is missing',
      'Pass it, or set DRAWBRIDGE_INTROSPECTION_CLIENT_ID, as registered at the authorization server.',
    )
  }
  if (!secret) {
    throw new ConfigurationError(
      'client.secret',
      'is missing',
      'Pass it, or set DRAWBRIDGE_INTROSPECTION_CLIENT_SECRET, as registered at the authorization server.',
    )
  }
  if (client.method === 'client_secret_post') {
    return { headers: {}, parameters: { client_id: id, client_secret: secret } }
  }
  if (client.method !== undefined && client.method !== 'client_secret_basic') {
    throw new ConfigurationError(
      'client.method',
      `is "${String(client.method)}"`,
      'Use client_secret_basic or client_secret_post.',
    )
  }
  return {
    headers: { authorization: `Basic ${btoa(`${formEncoded(id)}:${formEncoded(secret)}`)}` },
    parameters: {},
  }
}

function formEncoded(value: string): string {
  return new URLSearchParams({ value }).toString().slice('value='.length)
}

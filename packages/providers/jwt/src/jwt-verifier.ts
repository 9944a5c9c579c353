import {
  boundedCache,
  type Clock,
  ConfigurationError,
  checkCall,
  environment,
  type LogOption,
  type MeantFor,
  member,
  systemClock,
  tellOperator,
  upstreamCall,
  type Verification,
  type Verifier,
} from '@drawbridge/core/provider'
import { secureUrl } from '@drawbridge/core/syntax'
import {
  type CryptoKey,
  compactVerify,
  decodeJwt,
  decodeProtectedHeader,
  type JSONWebKeySet,
  type JWK,
} from 'jose'
import { type JwtAlgorithm, pinnedAlgorithms } from './algorithms.ts'
import {
  acceptRefusal,
  audienceRefusal,
  audienceRule,
  clientIdOf,
  kindRefusal,
  meantFor,
  scopesOf,
  timeRefusal,
} from './claims.ts'
import { discoveredKeys } from './discovery.ts'
import { type JsonRequest, jsonRequest } from './json-request.ts'
import { remoteKeys } from './jwks.ts'
import {
  inlineKeys,
  type KeyHeader,
  type KeySource,
  onePublicKey,
  sharedSecret,
  type VerificationKey,
} from './keys.ts'
import { type ClaimsOptions, claimsTable, listOf } from './options.ts'
import { checkSubjectOptions, type SubjectOptions, subjectOf } from './subject.ts'

/** The claims of an accepted token (RFC 7519 4.1, RFC 9068 2.2). */
export interface JwtClaims {
  iss: string
  sub: string
  exp: number
  aud?: string | string[]
  [claim: string]: unknown
}

/** A key of a set, and what its issuer says of it beyond RFC 7517. */
type PublishedKey = JWK & Readonly<Record<string, unknown>>

/** Options of {@link jwtVerifier}. Every duration is in seconds. */
export type JwtVerifierOptions<User = JwtClaims> = JwtOptions<User> & SubjectOptions<JwtClaims>

interface JwtOptions<User> extends ClaimsOptions<User, JwtClaims> {
  /**
   * Who issues the tokens: `iss`, compared as a string, so keep a closing slash if the issuer has one. Or
   * `DRAWBRIDGE_JWT_ISSUER`.
   */
  issuer?: string | readonly string[] | undefined
  /**
   * Accept tokens whatever their audience, for issuers that name none. A token given to any other service of this
   * issuer then opens this one; tell ours apart with `accept`.
   */
  dangerouslySkipAudience?: boolean | undefined

  /** Where the issuer publishes its keys. Without this or another key option, the issuer's metadata tells. */
  jwksUri?: string | undefined
  /**
   * Which keys of a set, published or written in `jwks`, are the issuer's own for these tokens: for a set that several
   * issuers share, and where each key names one. Only `true` counts. Default: all of them.
   */
  acceptKey?: ((key: PublishedKey) => boolean) | undefined
  /** The issuer's keys themselves. */
  jwks?: JSONWebKeySet | undefined
  /** One public key: PEM (key or certificate), JWK or CryptoKey. */
  publicKey?: string | JWK | CryptoKey | undefined
  /** A secret shared with the issuer, for HMAC; as random bytes, or as a string whose UTF-8 bytes are the secret. */
  secret?: string | Uint8Array | undefined
  /** Default: RS256, PS256, ES256, EdDSA and Ed25519; with `secret`, HS256. */
  algorithms?: readonly JwtAlgorithm[] | undefined

  /** The header's `typ`, or several, when the issuer sets one: `at+jwt` (RFC 9068). Default: `at+jwt`, `JWT` or none. */
  typ?: string | readonly string[] | undefined

  /** Between two fetches that tokens naming unknown keys may cause. Default 30. */
  cooldown?: number | undefined
  /** How old keys become before they are fetched again. Default 600. */
  cacheMaxAge?: number | undefined
  /** How old keys may become while the issuer cannot be reached. Default 24 h. */
  staleMaxAge?: number | undefined
  /** Takes the line about an option that weakens security. Default: the standard error. `false`: nowhere. */
  log?: LogOption | undefined
}

/** How many verified signatures are remembered. */
const rememberedSignatures = 1000

/**
 * Checks access tokens that are signed JWTs (RFC 7519, RFC 8725, RFC 9068) of one issuer.
 *
 * A token that is no JWT or names another issuer is left to the next verifier. When the issuer's keys cannot be had,
 * requests get 503; keys fetched before go on serving.
 *
 * @param options Everything may be left out when `DRAWBRIDGE_JWT_ISSUER` is set.
 * @throws {ConfigurationError} naming the option that is wrong and its fix.
 * @example
 * jwtVerifier({
 *   issuer: 'https://login.acme.dev',
 *   user: (claims) => ({ id: claims.sub, roles: claims.roles as string[] }),
 * })
 */
export function jwtVerifier<User = JwtClaims>(options: JwtVerifierOptions<User> = {}): Verifier<User> {
  checkCall<JwtVerifierOptions<User>>("jwtVerifier({ issuer: 'https://login.acme.dev' })", options, {
    ...claimsTable,
    issuer: 'text or texts',
    dangerouslySkipAudience: 'flag',
    jwksUri: 'text',
    acceptKey: 'function',
    jwks: 'object',
    publicKey: true,
    secret: true,
    algorithms: 'texts',
    typ: 'text or texts',
    id: 'text',
    subject: 'function',
    cooldown: 'seconds',
    cacheMaxAge: 'seconds',
    staleMaxAge: 'seconds',
    log: true,
  })
  checkSubjectOptions(options)
  const clock = options.clock ?? systemClock
  const issuers = checkedIssuers(options.issuer)
  const secret =
    typeof options.secret === 'string' ? new TextEncoder().encode(options.secret) : options.secret
  const algorithms = pinnedAlgorithms(options.algorithms, secret)
  const source = keySource(options, { issuers, secret, algorithms, clock })
  const tolerance = options.clockTolerance ?? 30
  const audience = audienceRule(options)
  const types = listOf(options.typ ?? ['at+jwt', 'jwt', undefined]).map(mediaType)
  const signers = boundedCache<VerificationKey>(rememberedSignatures)
  if (options.dangerouslySkipAudience) {
    tellOperator(
      options.log,
      'dangerouslySkipAudience is on: a token that this issuer made for any other service opens this one. Set `audience` if the tokens name one.',
    )
  }

  /** Which rule refuses the header, if any: before a key is even looked for. */
  const headerRefusal = (header: Parsed['header']): string | undefined => {
    if (!algorithms.some((algorithm) => algorithm === header.alg)) return 'algorithm'
    // We know no extension, so none can be critical to us (RFC 7515 4.1.11).
    if (header.crit !== undefined) return 'critical_header'
    if (!types.includes(mediaType(header.typ))) return 'type'
    return header.kid === undefined || typeof header.kid === 'string' ? undefined : 'malformed_kid'
  }

  /** Which rule refuses the claims of a token whose signature is good, if any. */
  const claimsRefusal = (claims: Parsed['claims'], resource: string, now: number): string | undefined => {
    if (claims.exp === undefined) return 'no_expiry'
    if (typeof claims.sub !== 'string' || claims.sub === '') return 'no_subject'
    return (
      kindRefusal(claims) ??
      (options.dangerouslySkipAudience ? undefined : audienceRefusal(claims.aud, resource, audience)) ??
      acceptRefusal(options.accept, claims as JwtClaims) ??
      // Last, so that what has only expired is known for it.
      timeRefusal(claims, now, tolerance)
    )
  }

  return {
    async verify(token, { resource }): Promise<Verification<User>> {
      const invalid = (reason: string, meantFor?: MeantFor): Verification<User> => ({
        status: 'invalid',
        reason,
        meantFor,
      })
      const parsed = parse(token)
      if (!parsed || !issuers.some((issuer) => issuer === parsed.claims.iss)) return { status: 'not-mine' }
      const unacceptable = headerRefusal(parsed.header)
      if (unacceptable !== undefined) return invalid(unacceptable)

      const lookup = await source.lookup(parsed.header as KeyHeader)
      if (lookup.status === 'unavailable') return lookup
      if (lookup.status === 'unknown') return invalid('unknown_key')
      const now = clock.now() / 1000
      // A signature once checked stays good for as long as its key does.
      const known = signers.get(token)
      const signer =
        known && lookup.keys.includes(known) ? known : await signerOf(token, lookup.keys, algorithms)
      if (!signer) return invalid('signature')

      const refused = claimsRefusal(parsed.claims, resource, now)
      const scopes = scopesOf(parsed.claims, options.scopeClaims)
      if (refused === 'expired') return { status: 'invalid', reason: refused, scopes }
      const clientId = clientIdOf(parsed.claims, options.clientIdClaims)
      if (refused !== undefined) return invalid(refused, meantFor(refused, parsed.claims, audience, clientId))
      const claims = parsed.claims as JwtClaims
      const subject = subjectOf(options, claims, `${options.id ?? claims.iss}|${claims.sub}`)
      if (subject === undefined) return invalid('no_subject')
      signers.set(token, signer)
      return {
        status: 'valid',
        token: {
          subject,
          clientId,
          scopes,
          expiresAt: Math.floor(claims.exp),
          issuer: claims.iss,
          user: options.user ? await options.user(claims) : (claims as User),
        },
      }
    },
  }
}

/** A token's parts, not yet believed. */
interface Parsed {
  header: Readonly<Partial<Record<'alg' | 'kid' | 'typ' | 'crit', unknown>>>
  claims: Readonly<Record<string, unknown>>
}

function parse(token: string): Parsed | undefined {
  // Five parts are an encrypted token, and not for us.
  if (token.split('.').length !== 3) return undefined
  try {
    return { header: { ...decodeProtectedHeader(token) }, claims: decodeJwt(token) }
  } catch {
    return undefined
  }
}

/** The key that signed the token. */
async function signerOf(
  token: string,
  keys: readonly VerificationKey[],
  algorithms: readonly string[],
): Promise<VerificationKey | undefined> {
  for (const key of keys) {
    try {
      await compactVerify(token, key, { algorithms: [...algorithms] })
      return key
    } catch {
      // Another key of the set may fit.
    }
  }
  return undefined
}

/** `application/` may be left out of a media type in `typ`, and its case does not matter (RFC 7515 4.1.9). */
function mediaType(typ: unknown): string | undefined {
  if (typ === undefined) return undefined
  return typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : 'not a media type'
}

function checkedIssuers(given: string | readonly string[] | undefined): readonly string[] {
  const issuers = listOf(given ?? environment('DRAWBRIDGE_JWT_ISSUER') ?? [])
  if (issuers.length === 0 || issuers.some((issuer) => !issuer)) {
    throw new ConfigurationError(
      'issuer',
      'is missing',
      'Pass `issuer`, or set DRAWBRIDGE_JWT_ISSUER, to the `iss` of the tokens, such as https://login.acme.dev.',
    )
  }
  return issuers
}

function keySource<User>(
  options: JwtVerifierOptions<User>,
  checked: {
    issuers: readonly string[]
    secret: Uint8Array | undefined
    algorithms: readonly JwtAlgorithm[]
    clock: Clock
  },
): KeySource {
  const named = (['jwksUri', 'jwks', 'publicKey', 'secret'] as const).filter(
    (name) => options[name] !== undefined,
  )
  if (named.length > 1) {
    throw new ConfigurationError(
      named.join(', '),
      'are given together',
      'Choose one place for the keys to come from.',
    )
  }
  const { acceptKey } = options
  if (acceptKey && (options.publicKey || checked.secret)) {
    const one = checked.secret ? 'secret' : 'publicKey'
    throw new ConfigurationError('acceptKey', `is there with ${one}`, 'Leave it out: there is one key.')
  }
  if (options.jwks) return inlineKeys(acceptKey ? accepted(acceptKey, options.jwks) : options.jwks)
  if (options.publicKey) return onePublicKey(options.publicKey, checked.algorithms)
  if (checked.secret) return sharedSecret(checked.secret)

  const { timeout = 10, cooldown = 30, cacheMaxAge = 600, staleMaxAge = 24 * 3600 } = options
  const request = jsonRequest(upstreamCall(options.fetch, checked.clock, timeout * 1000))
  return remoteKeys(accepting(acceptKey, keyLoader(options.jwksUri, checked.issuers, request)), {
    clock: checked.clock,
    cooldown,
    cacheMaxAge,
    staleMaxAge,
    // Discovery may take two requests before the one for the keys.
    lostAfter: 3 * timeout + 1,
  })
}

type AcceptKey = NonNullable<JwtOptions<unknown>['acceptKey']>

/** What is loaded, without the keys that do not count. */
function accepting(
  accept: AcceptKey | undefined,
  load: Parameters<typeof remoteKeys>[0],
): Parameters<typeof remoteKeys>[0] {
  if (!accept) return load
  return async () => {
    const answer = await load()
    if (answer.status === 'failed') return answer
    try {
      return { status: 'ok', body: accepted(accept, answer.body) }
    } catch (error) {
      return {
        status: 'failed',
        reason: `acceptKey: ${error instanceof Error ? error.message : 'it failed'}`,
      }
    }
  }
}

function accepted(accept: AcceptKey, document: unknown): { keys: PublishedKey[] } {
  const keys = member(document, 'keys')
  return { keys: (Array.isArray(keys) ? keys : []).filter((key) => key && accept(key) === true) }
}

function keyLoader(
  jwksUri: string | undefined,
  issuers: readonly string[],
  request: JsonRequest,
): Parameters<typeof remoteKeys>[0] {
  if (jwksUri !== undefined) {
    secureUrl('jwksUri', jwksUri, 'Pass the address of the JWK Set, such as https://login.acme.dev/jwks.')
    return () => request(jwksUri)
  }
  const [issuer = '', ...others] = issuers
  if (others.length > 0) {
    throw new ConfigurationError(
      'issuer',
      `names ${issuers.length} issuers and no keys`,
      'Pass the `jwksUri` they share, or make a verifier of each.',
    )
  }
  secureUrl(
    'issuer',
    issuer,
    'Its metadata is fetched from there. Pass `jwksUri` or `publicKey` for an issuer without.',
  )
  return discoveredKeys(issuer, request)
}

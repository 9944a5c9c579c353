import type { Auth, Authentication, AuthInfo } from '../auth.ts'
import { type Clock, systemClock } from '../clock.ts'
import type { Flow } from '../engine/engine.ts'
import { ConfigurationError } from '../errors.ts'
import { type DrawbridgeEvents, type Emit, redacted } from '../events.ts'
import { routePreflight } from '../http/cors.ts'
import { type ScopeHierarchy, scopeHierarchy } from '../syntax/scope-hierarchy.ts'
import {
  checkedScopes,
  isScopeToken,
  looksLikeParameter,
  missingScopes,
  requiredScopes,
  unionScopes,
  withoutOfflineAccess,
} from '../syntax/scopes.ts'
import { bearerCredentials } from './bearer.ts'
import { type Challenge, insufficientScope, temporarilyUnavailable, unauthorized } from './challenge.ts'
import { otherAudiences } from './other-audience.ts'
import type { MeantFor, VerifiedToken } from './verifier.ts'

type TokenRefusal = DrawbridgeEvents['token.refused']['reason']

/** What looking at a token came to. */
export type GateResult<User = unknown> =
  | ({ status: 'valid'; token: VerifiedToken<User> } & Flow)
  | ({
      status: 'invalid'
      reason: TokenRefusal
      detail?: string | undefined
      client_id?: string | undefined
      /** What a token held that was good once, and is certainly no forgery. */
      scopes?: readonly string[] | undefined
      /** With `other_resource`: whose it is. */
      meantFor?: MeantFor | undefined
    } & Flow)
  /** `retryAfter` in seconds. */
  | { status: 'unavailable'; reason: string; retryAfter?: number | undefined }

export interface GateOptions<User> {
  /** The resource identifier, exactly as clients know it. */
  resource: string
  /** Where its metadata is (RFC 9728). */
  resourceMetadataUrl: string
  scopes?:
    | {
        /** No request passes without these. */
        required?: readonly string[] | undefined
        /**
         * Those a challenge repeats when the token holds or held them, since many clients replace their scopes by the
         * challenge's. Left out: any.
         */
        supported?: readonly string[] | undefined
        /** What a 401 names besides what the request needs. */
        challenge?: readonly string[] | undefined
        /** How they compare. Left out: by character. */
        hierarchy?: ScopeHierarchy | undefined
      }
    | undefined
  /** Judges a token. Whatever it throws counts as an outage. */
  check(token: string): Promise<GateResult<User>>
  /** Runs before a client is told that it needs more scope. */
  onForbidden?: ((auth: AuthInfo<User>, need: readonly string[]) => Promise<void>) | undefined
  /** Told who came in and who was turned away. Why is for the operator and never reaches the client. */
  emit?: Emit | undefined
  /** Default: the system's. */
  clock?: Pick<Clock, 'now'> | undefined
}

export type Gate<User> = Pick<Auth<User>, 'authenticate' | 'challenge'>

/**
 * The door of one protected resource (RFC 6750, RFC 9728): reads the bearer token, has it checked, compares scopes,
 * and answers what is refused. It fails closed: only a plain `valid` passes.
 *
 * @throws {ConfigurationError} for scopes or URLs that cannot stand in a challenge.
 */
export function gate<User>(options: GateOptions<User>): Gate<User> {
  const { resource, resourceMetadataUrl, check, emit = () => {}, clock = systemClock } = options
  if (looksLikeParameter(resourceMetadataUrl) || /["\\\s]/.test(resourceMetadataUrl)) {
    throw new ConfigurationError(
      'resource',
      `"${resourceMetadataUrl}" cannot be written into a WWW-Authenticate header`,
      'Clients would misread the challenge: choose a URL without quotes, spaces, `scope=` or `error=`.',
    )
  }
  // What the token says itself. Why another one is refused is not for its holder, who may be anybody.
  const forAnother = `The access token was issued for another resource. Sign in again, to ${resource}`
  const required = requiredScopes('scopes.required', options.scopes?.required)
  const supported = options.scopes?.supported && checkedScopes('scopes.supported', options.scopes.supported)
  const advertised = checkedScopes('scopes.challenge', options.scopes?.challenge)
  const { hierarchy = scopeHierarchy() } = options.scopes ?? {}
  const tellOfAudience = otherAudiences({ resource, emit, clock })

  /** Everything an operation needs; the resource's own part comes first. */
  const needed = (scopes: readonly string[] | undefined): readonly string[] =>
    scopes && scopes.length > 0 ? unionScopes(required, requiredScopes('scopes', scopes)) : required

  /** Of what a token holds or held, all that a client may ask for again. */
  const repeatable = (held: readonly string[]): readonly string[] =>
    withoutOfflineAccess(held).filter((scope) =>
      supported ? supported.includes(scope) : isScopeToken(scope) && !looksLikeParameter(scope),
    )

  const notAuthorized = (
    need: readonly string[],
    refusal: Pick<Challenge, 'error' | 'description'> & { held?: readonly string[] | undefined } = {},
  ) => {
    const { error, description, held = [] } = refusal
    const scopes = hierarchy.reduce(unionScopes(need, advertised, repeatable(held)))
    return refused(
      unauthorized({ resourceMetadataUrl, scopes, error, description }),
      error ? 'refused' : 'none',
    )
  }

  const forbidden = async (need: readonly string[], auth: AuthInfo<User>): Promise<Response> => {
    emit({ type: 'token.refused', resource, reason: 'insufficient_scope', ...flowOf(auth) })
    await options.onForbidden?.(auth, need)
    return insufficientScope({
      resourceMetadataUrl,
      scopes: hierarchy.reduce(unionScopes(need, repeatable(auth.scopes))),
    })
  }

  return {
    async authenticate(request, need) {
      if (request.method === 'OPTIONS') return refused(routePreflight(request, need?.methods), 'none')
      const scopes = needed(need?.scopes)
      const credentials = bearerCredentials(request.headers)
      if (credentials.kind === 'none') return notAuthorized(scopes)
      if (credentials.kind === 'malformed') {
        emit({ type: 'token.refused', resource, reason: 'malformed' })
        return notAuthorized(scopes, {
          error: 'invalid_token',
          description: 'The Authorization header does not hold one bearer token.',
        })
      }
      const result = unbound(await settle(check, credentials.token))
      if (result.status === 'invalid') {
        const { reason, client_id, grant, correlation, meantFor } = result
        if (meantFor) tellOfAudience(meantFor)
        const detail = result.detail && redacted(result.detail, credentials.token)
        emit({ type: 'token.refused', resource, reason, detail, client_id, grant, correlation })
        // A client drops such a token, and then asks for what it is told here.
        const description = reason === 'other_resource' ? forAnother : undefined
        return notAuthorized(scopes, { error: 'invalid_token', description, held: result.scopes })
      }
      if (result.status !== 'valid') {
        emit({ type: 'token.unchecked', resource, detail: redacted(result.reason, credentials.token) })
        return refused(temporarilyUnavailable(result.retryAfter), 'unchecked')
      }
      const auth = authInfo(credentials.token, result, { resource, resourceMetadataUrl, hierarchy })
      if (missingScopes(scopes, auth.scopes).length > 0)
        return refused(await forbidden(scopes, auth), 'refused')
      emit({ type: 'token.accepted', resource, ...flowOf(auth) })
      return { ok: true, auth }
    },
    challenge: async (auth, need) => forbidden(needed(need.scopes), auth),
  }
}

/** Asks, and takes nothing for a yes but a yes: a check that throws or answers nonsense decides nothing. */
async function settle<User>(
  check: (token: string) => Promise<GateResult<User>>,
  token: string,
): Promise<GateResult<User>> {
  try {
    const result = await check(token)
    if (result.status === 'invalid' || result.status === 'unavailable') return result
    if (result.status === 'valid' && isComplete(result.token)) return result
    return { status: 'unavailable', reason: 'the check gave no usable answer' }
  } catch (error) {
    return { status: 'unavailable', reason: describe(error, token) }
  }
}

/** A token that is bound to a key is good only with a proof of that key (RFC 9449 7.1), and nobody here asks for one. */
function unbound<User>(result: GateResult<User>): GateResult<User> {
  if (result.status !== 'valid' || (result.token.cnf ?? undefined) === undefined) return result
  const { grant, correlation, token } = result
  const { clientId: client_id } = token
  return {
    status: 'invalid',
    reason: 'not_verified',
    detail: 'sender_constrained',
    client_id,
    grant,
    correlation,
  }
}

/** Verifiers may be plain JavaScript; an expiry that is no number would keep streams open for ever. */
function isComplete(token: VerifiedToken): boolean {
  return (
    Number.isFinite(token.expiresAt) &&
    Array.isArray(token.scopes) &&
    typeof token.subject === 'string' &&
    token.subject !== '' &&
    typeof token.clientId === 'string'
  )
}

/** What went wrong, for the operator's log, where no token may appear. */
export function describe(error: unknown, token: string): string {
  const { name, message } = Object(error) as { name?: unknown; message?: unknown }
  return `${String(name ?? 'Error')}: ${String(message ?? error)}`.replaceAll(token, '[token]')
}

function authInfo<User>(
  token: string,
  { token: verified, grant, correlation }: Extract<GateResult<User>, { status: 'valid' }>,
  gate: { resource: string; resourceMetadataUrl: string; hierarchy: ScopeHierarchy },
): AuthInfo<User> {
  const { resource, resourceMetadataUrl, hierarchy } = gate
  return {
    token,
    clientId: verified.clientId,
    // Written out, so that everybody who is given them may compare by character.
    scopes: hierarchy.expand(verified.scopes),
    expiresAt: verified.expiresAt,
    resource: new URL(resource),
    resourceMetadataUrl,
    extra: {
      subject: verified.subject,
      issuer: verified.issuer,
      user: verified.user,
      ...(grant !== undefined && { grant }),
      ...(correlation !== undefined && { correlation }),
    },
  }
}

/** What the events about a request say of its token. */
function flowOf({ clientId, extra: { grant, correlation } }: AuthInfo): { client_id: string } & Flow {
  return { client_id: clientId, grant, correlation }
}

type Refusal = Extract<Authentication, { ok: false }>

function refused(response: Response, credentials: Refusal['credentials']): Refusal {
  return { ok: false, response, credentials }
}

import {
  type Clock,
  checkCall,
  credential,
  permitting,
  type Verification,
  type Verifier,
  variableOf,
} from '@drawbridge/core/provider'
import { type JwtClaims, jwtVerifier } from '@drawbridge/jwt'
import { admit } from './admission.ts'
import type { TokenVersion } from './authority.ts'
import { type AzureUser, identityOf, userOf } from './identity.ts'
import { type KeySet, keySets, ownsKey } from './key-sets.ts'
import { type AzureAccess, accessTable } from './options.ts'
import { type AzureAllow, checkRules } from './rules.ts'
import { apiUri } from './scope-names.ts'
import { type Directory, directoryOf, issuerOf } from './tenants.ts'

/** Options of {@link azureTokenVerifier}. */
export interface AzureTokenVerifierOptions extends AzureAccess {
  /** What `aud` may be. Default: the client id, and the application ID URI. */
  audience?: string | readonly string[] | undefined
  /** Left out: everybody of the one `tenant`. With `organizations` and `common`, `tenants` has to name whose. */
  allow?: Exclude<AzureAllow, { anyTenant: true }> | undefined
  /**
   * Tokens of apps, with nobody behind them, too: their app roles count as scopes. The app registration has to add the
   * optional claim `idtyp` to its access tokens. Default: a token has to be somebody's.
   */
  apps?: true | undefined
  /** Seconds that Entra may take for its keys. Default 10. */
  timeout?: number | undefined
  /** Default: the global `fetch`. */
  fetch?: typeof fetch | undefined
  clock?: Clock | undefined
}

/**
 * Accepts access tokens that Entra issued for this app's API, in both of their shapes, for servers whose clients sign in at
 * Entra by themselves. Users are the same as the provider's: `azure|<tid>.<oid>`.
 *
 * Each tenant has its own keys: what signs the tokens of one, or of personal accounts, signs none of another.
 * https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-tokens
 *
 * @throws {ConfigurationError} without a tenant or a client id, and for several tenants that are not named
 * @example
 * ```ts
 * const auth = resourceServer({ resource, authorizationServers, verifier: azureTokenVerifier({ tenant, clientId }) })
 * ```
 */
export function azureTokenVerifier(options: AzureTokenVerifierOptions = {}): Verifier<AzureUser> {
  checkCall<AzureTokenVerifierOptions>('azureTokenVerifier({ tenant, clientId })', options, {
    ...accessTable,
    audience: 'text or texts',
    allow: true,
    apps: 'flag',
    timeout: 'seconds',
    fetch: 'function',
    clock: 'clock',
  })
  checkRules(options.allow)
  const call = 'azureTokenVerifier()'
  const directory = directoryOf(options, call)
  const verifiers = keySets(directory).map((keys) => verifierOf(options, directory, keys, call))
  const permit = permitting(
    { allow: { ...options.allow, tenants: directory.tenants }, permit: options.permit },
    admit,
  )
  return {
    async verify(token, context) {
      for (const verifier of verifiers) {
        const verified = await verifier.verify(token, context)
        if (verified.status !== 'not-mine')
          return verified.status === 'valid' ? admitted(verified, permit) : verified
      }
      return { status: 'not-mine' }
    },
  }
}

function verifierOf(
  options: AzureTokenVerifierOptions,
  directory: Directory,
  { version, tid, jwksUri }: KeySet,
  call: string,
): Verifier<AzureUser> {
  const { id = 'azure', apps, fetch, timeout, clock } = options
  const where = 'the "Application (client) ID" on the overview page of the app registration'
  const clientId = credential('clientId', options.clientId, {
    call,
    variable: variableOf(id, 'CLIENT_ID'),
    where,
  })
  return jwtVerifier<AzureUser>({
    ...{ issuer: directory.issuers(tid)[version], jwksUri, fetch, timeout, clock },
    algorithms: ['RS256'],
    audience: options.audience ?? [clientId, apiUri(options.applicationIdUri, clientId, directory)],
    acceptKey: ({ issuer: owner }) => owner === undefined || ownsKey(String(owner), tid),
    accept: (claims) => isAccessToken(claims, apps === true) && isConsistent(claims, directory, version),
    scopeClaims: apps ? ['scp', 'roles'] : ['scp'],
    clientIdClaims: ['azp', 'appid'],
    subject: (claims) => `${id}|${identityOf(claims, directory).sub}`,
    user: (claims) => userOf(claims, directory),
  })
}

/** An id_token is for the same audience, and may have roles: only an access token has scopes. */
function isAccessToken({ scp, idtyp }: JwtClaims, apps: boolean): boolean {
  return (typeof scp === 'string' && scp !== '') || (apps && idtyp === 'app')
}

/** Whether the tenant that it names is the issuer's, and somebody is named at all. */
function isConsistent(claims: JwtClaims, directory: Directory, version: TokenVersion): boolean {
  try {
    identityOf(claims, directory)
    return issuerOf(claims, directory, version) === claims.iss
  } catch {
    return false
  }
}

async function admitted(
  verified: Extract<Verification<AzureUser>, { status: 'valid' }>,
  permit: (user: AzureUser) => Promise<boolean>,
): Promise<Verification<AzureUser>> {
  try {
    if ((await permit(verified.token.user)) === true) return verified
    return { status: 'invalid', reason: 'not_permitted' }
  } catch (error) {
    const { name, message } = error as Error
    return name === 'AccessDenied'
      ? { status: 'invalid', reason: message }
      : { status: 'unavailable', reason: message }
  }
}

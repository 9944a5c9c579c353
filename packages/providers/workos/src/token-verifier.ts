import {
  checkAllow,
  checkCall,
  credential,
  tellOperator,
  type Verification,
  type Verifier,
  variableOf,
} from '@drawbridge/core/provider'
import { jwtVerifier } from '@drawbridge/jwt'
import { isOneOf } from './admission.ts'
import { issuerOf } from './domain.ts'
import { claimsOf } from './organization.ts'
import {
  rulesTable,
  type WorkOSTokenAllow,
  type WorkOSTokenRules,
  type WorkOSTokenUser,
  type WorkOSTokenVerifierOptions,
} from './token-options.ts'

/**
 * Accepts access tokens that WorkOS issued to your applications, for a server that only checks them. `authkit` is this with
 * all that a `resourceServer` needs besides.
 *
 * Only tokens for this server: meant for its resource, or for the environment and issued to one of `clientId`. The tokens of
 * everybody else's application name the same environment, those of clients that registered themselves as well.
 *
 * @throws {ConfigurationError} for a missing domain, or an `audience` that every application's tokens have
 * @example
 * ```ts
 * const verifier = workosTokenVerifier({ domain: 'acme.authkit.app', audience: environmentClientId, clientId })
 * ```
 */
export function workosTokenVerifier(options: WorkOSTokenVerifierOptions = {}): Verifier<WorkOSTokenUser> {
  checkCall<WorkOSTokenVerifierOptions>("workosTokenVerifier({ domain: 'acme.authkit.app' })", options, {
    ...rulesTable,
    audience: 'text or texts',
    clientId: 'text or texts',
  })
  return tokenVerifier('workosTokenVerifier()', options)
}

/** @param call the function that was called, for messages */
export function tokenVerifier(call: string, options: WorkOSTokenVerifierOptions): Verifier<WorkOSTokenUser> {
  checkAllow<WorkOSTokenAllow>(options.allow, { organizations: 'names' })
  const { id = 'workos', audience, clockTolerance, fetch, timeout, clock, log } = options
  const issuer = issuerOf(id, { call, domain: options.domain })
  const rules = { organizations: options.allow?.organizations, clients: clientsOf(call, id, options) }
  const accept = (claims: Claims) => refusalOf(claims, rules) === undefined
  const common = { issuer, id, audience, clockTolerance, fetch, timeout, clock, log }
  const signed = jwtVerifier<WorkOSTokenUser>({ ...common, accept })
  const tellOnce = once((advice) => tellOperator(log, `${call}: ${advice}`))
  return {
    async verify(token, context) {
      const verification = await signed.verify(token, context)
      if (verification.status === 'valid') return permitted(verification, options.permit)
      if (verification.status !== 'invalid') return verification
      const claims = claimsOf(token)
      const refusal = ruled.has(verification.reason) ? refusalOf(claims, rules) : undefined
      if (refusal !== undefined) return { status: 'invalid', reason: refusal }
      // The signature is good by now, so that strangers cannot make a line of this.
      const advice = verification.reason === 'audience' && adviceOn(claims.aud, context.resource, audience)
      if (!advice) return verification
      tellOnce(advice)
      return { status: 'invalid', reason: `audience: ${advice}` }
    },
  }
}

/** What jwtVerifier says of a token whose signature is good, where we know more. */
const ruled = new Set(['audience', 'no_audience', 'not_accepted'])

type Claims = Readonly<Record<string, unknown>>

interface Rules {
  organizations: readonly string[] | undefined
  clients: readonly string[] | undefined
}

/** Which rule refuses these claims, if any. */
function refusalOf({ client_id, org_id }: Claims, { organizations, clients }: Rules): string | undefined {
  // An id_token names the client as its audience, and has no other word for it.
  if (typeof client_id !== 'string') return 'not_access_token'
  if (clients && !isOneOf(clients, client_id)) return 'other_client'
  if (organizations && !isOneOf(organizations, org_id)) return 'other_organization'
  return undefined
}

/** What an operator can do about an audience that is the whole environment. A URL is somebody else's, and their business. */
function adviceOn(aud: unknown, resource: string, audience: unknown): string | undefined {
  if (typeof aud !== 'string' || URL.canParse(aud)) return undefined
  return audience === undefined
    ? `AuthKit issued a token for ${aud} and not for this server. Add "${resource}" in the WorkOS dashboard, under Connect, Configuration, MCP resource indicators. If it is there, make it the default: the client asked for none`
    : `the token is for ${aud}, which is the environment's client id`
}

function clientsOf(
  call: string,
  id: string,
  { audience, clientId }: WorkOSTokenVerifierOptions,
): readonly string[] | undefined {
  if (clientId !== undefined) return typeof clientId === 'string' ? [clientId] : clientId
  const audiences = typeof audience === 'string' ? [audience] : (audience ?? [])
  if (audiences.every((each) => URL.canParse(each))) return undefined
  const where =
    "on the page of the application whose tokens you accept: your environment's `audience` is in everybody's"
  return [credential('clientId', undefined, { call, variable: variableOf(id, 'CLIENT_ID'), where })]
}

async function permitted(
  verification: Extract<Verification<WorkOSTokenUser>, { status: 'valid' }>,
  permit: WorkOSTokenRules['permit'],
): Promise<Verification<WorkOSTokenUser>> {
  try {
    if (!permit || (await permit(verification.token.user)) === true) return verification
    return { status: 'invalid', reason: 'not_permitted' }
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'AccessDenied') throw error
    return { status: 'invalid', reason: error.message }
  }
}

function once(tell: (text: string) => void): (text: string) => void {
  let isTold = false
  return (text) => {
    if (!isTold) tell(text)
    isTold = true
  }
}

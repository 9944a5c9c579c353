import type { AskAgain } from '../engine/creation.ts'
import type { CompletedLogin, EngineAfterLogin, UpstreamOfLogin } from '../engine/engine.ts'
import { isNamed, type Unavailable } from '../errors.ts'
import { type DrawbridgeEvents, detailOf } from '../events.ts'
import { withReference } from '../http/responses.ts'
import { grantedScopes } from '../identity/needed-scopes.ts'
import type { Identity, Provider } from '../identity/provider.ts'
import type { RegisteredClient } from '../records/client-metadata.ts'
import type {
  AuthorizationRequest,
  AuthorizationResponse,
  TransactionRecord,
} from '../records/transaction.ts'
import { reported } from './report.ts'
import type { Server } from './server.ts'

/** What a login comes to. */
export interface Completion {
  /** For the client, which is never left without one. */
  response: AuthorizationResponse
  after?: (() => Promise<void>) | undefined
  /** Our own: the browser gets 503 now. */
  outage?: Unavailable
}

/** Who signed in, and what came with it where the provider is one that others use, too. */
export interface SignedIn {
  client: RegisteredClient
  provider: Provider
  identity: Identity
  upstream?: Omit<UpstreamOfLogin, 'provider'> | undefined
}

/**
 * The end of a login, however the person signed in: has the engine make a code of it. The provider has done its part, and
 * what fails is ours. `again`: the engine asks for a second round at the provider.
 */
export async function completeLogin(
  server: Pick<Server, 'emit' | 'providers' | 'resources'> & { engine: EngineAfterLogin },
  transaction: Readonly<TransactionRecord>,
  signedIn: SignedIn,
): Promise<Completion | 'again'> {
  const { id_hash, decided_at, approval, attempt, outcome, ...request } = transaction
  try {
    const { code, tidy } = await codeFor(server, request, signedIn)
    return { response: { code }, after: tidy }
  } catch (error) {
    if (isNamed<AskAgain>(error, 'AskAgain')) return 'again'
    if (isNamed<Unavailable>(error, 'Unavailable')) {
      const response = failed(
        'temporarily_unavailable',
        'This server cannot finish the login now. Try again.',
      )
      return { response, outage: error }
    }
    const reference = loginFailed(server, transaction, 'internal', error)
    return {
      response: failed('server_error', withReference('This server could not finish the login.', reference)),
    }
  }
}

function codeFor(
  { engine, providers, resources }: Pick<Server, 'providers' | 'resources'> & { engine: EngineAfterLogin },
  request: AuthorizationRequest,
  { client, provider, identity, upstream }: SignedIn,
): Promise<CompletedLogin> {
  const resource = resources.find(({ identifier }) => identifier === request.resource)
  const granted = upstream?.brought.tokens.scopes ?? []
  return engine.completeLogin({
    client,
    request,
    provider: provider.id,
    subject: `${provider.id}|${identity.sub}`,
    claims: identity.claims,
    // Consented ∩ what this provider granted.
    scopes: resource
      ? grantedScopes({ scopes: resource.scopes, providers }, provider, request.scopes, granted)
      : [],
    upstream: provider.type === 'oauth' && upstream ? { ...upstream, provider } : undefined,
  })
}

/** Tells of a login that came to nothing, and resolves to what the answer to the client refers to. */
export function loginFailed(
  { emit }: Pick<Server, 'emit'>,
  { approval, correlation }: Readonly<TransactionRecord>,
  reason: DrawbridgeEvents['login.failed']['reason'],
  cause?: unknown,
): string {
  const provider = approval?.provider ?? 'unknown'
  const detail = cause === undefined ? undefined : detailOf(cause)
  return reported(emit, { type: 'login.failed', provider, reason, detail, correlation })
}

/** The answer to a client whose user could not be signed in. */
export function failed(
  error: 'access_denied' | 'server_error' | 'temporarily_unavailable',
  text: string,
): AuthorizationResponse {
  return { error, error_description: asDescription(text) }
}

/** RFC 6749 4.1.2.1: printable ASCII without quotes and backslashes. */
function asDescription(text: unknown): string {
  // An error's message may be anything: whoever throws it writes it.
  return String(text ?? '')
    .replace(/[^\x20-\x21\x23-\x5B\x5D-\x7E]/g, ' ')
    .slice(0, 200)
}

import type { AskAgain } from '../engine/creation.ts'
import type { EngineAfterLogin, UpstreamOfLogin } from '../engine/engine.ts'
import { isNamed, type Unavailable } from '../errors.ts'
import { type DrawbridgeEvents, detailOf } from '../events.ts'
import { withReference } from '../http/responses.ts'
import { grantedScopes } from '../identity/needed-scopes.ts'
import type { Identity, Provider } from '../identity/provider.ts'
import type { UpstreamError } from '../identity/upstream-error.ts'
import type { RegisteredClient } from '../records/client-metadata.ts'
import type {
  AuthorizationResponse,
  ClientTransaction,
  Outcome,
  TransactionRecord,
} from '../records/transaction.ts'
import { reported } from './report.ts'
import type { Server } from './server.ts'

type AuthorizationError = Extract<AuthorizationResponse, { error: unknown }>['error']

/** What a login comes to: its client is never left without a response. */
export interface Completion extends Outcome {
  after?: (() => Promise<void>) | undefined
  /** Our own: the browser gets 503 now. */
  outage?: Unavailable
}

/** Who signed in, and what came with it where the provider is one that others use, too. */
export interface SignedIn {
  provider: Provider
  identity: Identity
  upstream?: Omit<UpstreamOfLogin, 'provider'> | undefined
}

/** `<provider id>|<sub>` */
export function subjectOf({ provider, identity }: Pick<SignedIn, 'provider' | 'identity'>): string {
  return `${provider.id}|${identity.sub}`
}

/**
 * The end of a login for a client, however the person signed in: has the engine make a code of it. The provider has done its
 * part, and what fails is ours. `again`: the engine asks for a second round at the provider.
 */
export async function completeLogin(
  server: Pick<Server, 'clients' | 'consent' | 'emit' | 'providers' | 'resources'> & {
    engine: EngineAfterLogin
  },
  transaction: Readonly<ClientTransaction>,
  client: RegisteredClient,
  signedIn: SignedIn,
): Promise<Completion | 'again'> {
  const { engine } = server
  const { id_hash, decided_at, approval, attempt, outcome, ...request } = transaction
  const { provider, identity, upstream } = signedIn
  try {
    const { code, tidy } = await engine.completeLogin({
      client,
      request,
      provider: provider.id,
      subject: subjectOf(signedIn),
      claims: identity.claims,
      scopes: scopesOf(server, request.resource, request.scopes, signedIn),
      consented: server.consent === 'remember' && approval?.consent === 'given' ? request.scopes : undefined,
      upstream: provider.type === 'oauth' && upstream ? { ...upstream, provider } : undefined,
    })
    const after = async () => void (await Promise.all([tidy?.(), server.clients.letIn(client)]))
    return { response: { code }, after }
  } catch (error) {
    if (isNamed<AskAgain>(error, 'AskAgain')) return 'again'
    if (isNamed<Unavailable>(error, 'Unavailable')) return out(error)
    const reference = loginFailed(server, transaction, 'internal', error)
    return failed('server_error', 'This server could not finish the login.', reference)
  }
}

/** Consented ∩ what this provider granted. */
function scopesOf(
  { providers, resources }: Pick<Server, 'providers' | 'resources'>,
  identifier: string,
  consented: readonly string[],
  { provider, upstream }: SignedIn,
): readonly string[] {
  const resource = resources.find((one) => one.identifier === identifier)
  const granted = upstream?.brought.tokens.scopes ?? []
  return resource ? grantedScopes({ scopes: resource.scopes, providers }, provider, consented, granted) : []
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

/** Tells that somebody may not enter, did not want to, or cannot be let in without being asked. */
export function loginDenied(
  { emit }: Pick<Server, 'emit'>,
  { approval, correlation }: Readonly<TransactionRecord>,
  reason: DrawbridgeEvents['login.denied']['reason'],
  text: string,
  error: AuthorizationError = 'access_denied',
): Completion {
  emit({ type: 'login.denied', provider: approval?.provider ?? 'unknown', reason, correlation })
  return failed(error, text)
}

/** The answer where the provider cannot even be asked. */
export function loginFailedUpstream({ kind }: UpstreamError, reference: string): Completion {
  const error = kind === 'unavailable' ? 'temporarily_unavailable' : 'server_error'
  return failed(error, 'The sign-in service cannot be reached.', reference)
}

/** An outage of ours: the browser is told to wait, and the client what happened if nothing comes of that. */
export function out(outage: Unavailable): Completion {
  const text = 'This server cannot finish the login now. Try again.'
  return { ...failed('temporarily_unavailable', text), outage }
}

/** The answer to a client whose user could not be signed in. */
export function failed(error: AuthorizationError, text: string, reference?: string): Completion {
  return { response: { error, error_description: asDescription(withReference(text, reference)) } }
}

/** RFC 6749 4.1.2.1: printable ASCII without quotes and backslashes. */
function asDescription(text: unknown): string {
  // An error's message may be anything: whoever throws it writes it.
  return String(text ?? '')
    .replace(/[^\x20-\x21\x23-\x5B\x5D-\x7E]/g, ' ')
    .slice(0, 200)
}

import { Unavailable } from '../errors.ts'
import { redirect } from '../http/responses.ts'
import { neededScopes } from '../identity/needed-scopes.ts'
import type { OAuthProvider } from '../identity/provider.ts'
import { tellOutage } from '../identity/upstream-error.ts'
import type { Approval, PendingRequest, SignInRequest, TransactionRecord } from '../records/transaction.ts'
import { signInUrl } from './locations.ts'
import type { Server } from './server.ts'

/** Where a person who has consented signs in: at the provider, or at a page of ours. `undefined`: it is configured no longer. */
export async function signInLocation(
  server: Pick<Server, 'issuer' | 'providers' | 'resources' | 'upstreams'>,
  request: PendingRequest,
  approval: Approval,
  state: string,
): Promise<string | undefined> {
  const { issuer, providers, upstreams } = server
  const { provider } = approval
  const { login_hint } = request
  if (providers.some(({ id, type }) => id === provider && type === 'form')) {
    return signInUrl(issuer, provider, state)
  }
  const upstream = upstreams.get(provider)
  if (!upstream) return undefined
  const scopes = upstreamScopes(server, request, upstream.provider)
  return upstream.authorizationUrl({ ...approval, state, scopes, login_hint })
}

/** What the provider is asked for on behalf of a request, beyond what it always is. */
export function upstreamScopes(
  { providers, resources }: Pick<Server, 'providers' | 'resources'>,
  request: SignInRequest,
  provider: OAuthProvider,
): readonly string[] {
  if (request.page) return []
  const { resource, scopes } = request
  const found = resources.find(({ identifier }) => identifier === resource)
  return found ? neededScopes({ scopes: found.scopes, providers }, provider, scopes) : []
}

/** To where this browser signs in now: from an answer that came before it chose, or of a first round. */
export async function onward(
  server: Pick<Server, 'emit' | 'issuer' | 'providers' | 'resources' | 'upstreams'>,
  transaction: Readonly<TransactionRecord>,
  state: string,
  status: 302 | 303 = 302,
): Promise<Response> {
  const { approval, correlation } = transaction
  try {
    const location = approval && (await signInLocation(server, transaction, approval, state))
    if (location !== undefined) return redirect(location, { status })
  } catch (error) {
    // A reload tries again: the code that came first is not needed any more.
    tellOutage(server.emit, approval?.provider ?? 'unknown', error, correlation)
    throw new Unavailable('upstream: the provider cannot be asked again now', { cause: error })
  }
  throw new Unavailable('callback: the provider is no longer configured')
}

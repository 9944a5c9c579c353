import { Unavailable } from '../errors.ts'
import { redirect } from '../http/responses.ts'
import { tellOutage } from '../identity/upstream-error.ts'
import type { AuthorizationRequest, TransactionRecord } from '../records/transaction.ts'
import { signInUrl } from './locations.ts'
import type { Server } from './server.ts'

/** Where a person who has consented signs in: at the provider, or at a page of ours. `undefined`: it is configured no longer. */
export async function signInLocation(
  { issuer, providers, upstreams }: Pick<Server, 'issuer' | 'providers' | 'upstreams'>,
  { scopes, prompt, login_hint }: AuthorizationRequest,
  approval: NonNullable<TransactionRecord['approval']>,
  state: string,
): Promise<string | undefined> {
  const { provider } = approval
  if (providers.some(({ id, type }) => id === provider && type === 'form')) {
    return signInUrl(issuer, provider, state)
  }
  return upstreams.get(provider)?.authorizationUrl({ ...approval, state, scopes, prompt, login_hint })
}

/** To where this browser signs in now: from an answer that came before it chose, or of a first round. */
export async function onward(
  server: Pick<Server, 'emit' | 'issuer' | 'providers' | 'upstreams'>,
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

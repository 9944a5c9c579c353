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

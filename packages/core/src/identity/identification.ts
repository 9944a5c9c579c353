import type { UpstreamAnswer } from '../records/upstream-tokens.ts'
import type { Identity, Login } from './provider.ts'
import type { UpstreamClient } from './upstream-client.ts'
import { UpstreamError } from './upstream-error.ts'
import { endpointsOf } from './upstream-metadata.ts'

export async function identify(
  { provider, server, call, post }: UpstreamClient,
  { tokens, claims, answer }: Readonly<UpstreamAnswer>,
  more: Partial<Pick<Login, 'callback' | 'previous'>>,
): Promise<Identity> {
  const endpoints = endpointsOf(await server())
  // What a provider is given to look at is its own: the rest may be that of a remembered record.
  const given = structuredClone({ tokens, claims, answer, callback: {}, previous: undefined, ...more })
  const identity = await provider.identify({ ...given, endpoints, call, post })
  if (typeof identity.sub !== 'string' || identity.sub === '') {
    throw new UpstreamError('misconfigured', `${provider.id}: identify() gave no sub`)
  }
  return identity
}

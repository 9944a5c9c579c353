import { type Call, type Clock, systemClock } from '@drawbridge/core/provider'
import type { Send } from './driver/send.ts'
import type {
  OddAnswer,
  OpenedProvider,
  OpenProvider,
  Person,
  ProviderCase,
  ProviderFeature,
  SignedIn,
} from './provider-contract/case.ts'
import { conformityCases } from './provider-contract/conformity.ts'
import { furtherTokenCases } from './provider-contract/further-token.ts'
import { identityCases } from './provider-contract/identity.ts'
import { revocationCases } from './provider-contract/revocation.ts'
import { noRevocationCase, sessionCases } from './provider-contract/sessions.ts'
import { shapeCases } from './provider-contract/shape.ts'

export type { OddAnswer, OpenedProvider, OpenProvider, Person, ProviderCase, ProviderFeature, SignedIn }

/** Options of {@link providerContract}. */
export interface ProviderContractOptions {
  /** What the provider does not have. Those cases are left out; nothing is skipped unless you say so here. */
  without?: readonly ProviderFeature[] | undefined
}

/**
 * The contract of `OAuthProvider` as a list of cases, for any test runner: what core relies on so that the flow itself
 * need not know any provider's name. Outages are made by the suite; the provider only needs somewhere to sign in.
 *
 * @example
 * ```ts
 * import { it } from 'vitest'
 * import { providerCall, providerContract } from '@drawbridge/testing'
 *
 * const open = () => ({ provider: acme({ clientId, clientSecret }), call: providerCall(), signIn, works, refresh })
 * for (const c of providerContract({ without: ['revoke'] })) it(c.name, () => c.run(open))
 * ```
 */
export function providerContract(options: ProviderContractOptions = {}): ProviderCase[] {
  const { without = [] } = options
  return [
    ...shapeCases,
    ...identityCases,
    ...conformityCases,
    ...sessionCases,
    ...furtherTokenCases,
    ...revocationCases,
    ...(without.includes('revoke') ? [noRevocationCase] : []),
  ].filter(({ needs }) => needs === undefined || !without.includes(needs))
}

/**
 * The `Call` that core would hand to a provider: a `fetch` with a User-Agent.
 *
 * @param options.fetch Default: the global one. For a provider inside the process, its own `fetch`.
 */
export function providerCall(options: { fetch?: Send | undefined; clock?: Clock | undefined } = {}): Call {
  const send = options.fetch ?? fetch
  const call = (url: string, init?: RequestInit) => {
    const request = new Request(url, init)
    request.headers.set('user-agent', 'drawbridge')
    return send(request)
  }
  return Object.assign(call, { clock: options.clock ?? systemClock })
}

import type { FlowCase } from './provider-flow-contract/case.ts'
import type { FlowFeature, FlowOptions, OpenFlow, ProviderFlow } from './provider-flow-contract/flow.ts'
import { idTokenCases, noIdTokenCase } from './provider-flow-contract/id-token-cases.ts'
import { loginCases } from './provider-flow-contract/login.ts'
import { outageCases, slowCases } from './provider-flow-contract/outages.ts'
import { permitCases } from './provider-flow-contract/permit.ts'
import { promptCases } from './provider-flow-contract/prompts.ts'
import { providerErrorCases } from './provider-flow-contract/provider-errors.ts'
import { recheckCases } from './provider-flow-contract/recheck.ts'
import { noRefreshCase, refreshCases } from './provider-flow-contract/refresh.ts'
import { noRevocationCase, revocationCases } from './provider-flow-contract/revocation.ts'

export type { FlowCase, FlowFeature, FlowOptions, OpenFlow, ProviderFlow }

/** Options of {@link providerFlowContract}. */
export interface ProviderFlowContractOptions {
  /** What the provider does not have. Those cases are left out; nothing is skipped unless you say so here. */
  without?: readonly FlowFeature[] | undefined
}

/**
 * A provider in a whole server, as a list of cases for any test runner: what clients, people, tools and operators see of
 * it, from the first login over every kind of fault to the eighth day of an outage. Nothing leaves the process, and
 * nothing waits. The suite makes the faults itself, between the server and the development provider.
 *
 * @example
 * ```ts
 * import { it } from 'vitest'
 * import { providerFlowContract } from '@drawbridge/testing'
 *
 * for (const c of providerFlowContract({ without: ['tenant'] })) it(c.name, () => c.run(open))
 * ```
 */
export function providerFlowContract(options: ProviderFlowContractOptions = {}): FlowCase[] {
  const { without = [] } = options
  const all = [
    ...loginCases,
    ...permitCases,
    ...promptCases,
    ...idTokenCases,
    ...providerErrorCases,
    ...outageCases,
    ...slowCases,
    ...refreshCases,
    ...recheckCases,
    ...revocationCases,
  ]
  return [
    ...all.filter(({ needs }) => !needs.some((feature) => without.includes(feature))),
    ...without.flatMap((feature) => absent[feature] ?? []),
  ]
}

/** What is left out is looked for, where it can be seen. */
const absent: Readonly<Partial<Record<FlowFeature, FlowCase>>> = {
  refresh: noRefreshCase,
  revoke: noRevocationCase,
  id_token: noIdTokenCase,
}

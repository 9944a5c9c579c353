import type { AdapterApp, AdapterCase, GuardedRoute, RunningApp, StartApp } from './adapter-contract/case.ts'
import { guardCases } from './adapter-contract/guard.ts'
import { placeCases } from './adapter-contract/places.ts'
import { requestCases } from './adapter-contract/requests.ts'
import { responseCases } from './adapter-contract/responses.ts'
import { routingCases } from './adapter-contract/routing.ts'

export type { AdapterApp, AdapterCase, GuardedRoute, RunningApp, StartApp }

/** What not every framework can do. */
export interface AdapterContractOptions {
  /** The framework tells a middleware below which prefix it is. Default false. */
  prefixes?: boolean | undefined
}

/**
 * What `drawbridge()` and `protect()` of a framework adapter have to do, as a list of cases for any test runner. They
 * talk to a real server over real sockets.
 *
 * @example
 * ```ts
 * import { it } from 'vitest'
 * import { adapterContract } from '@drawbridge/testing'
 *
 * for (const c of adapterContract()) it(c.name, () => c.run(startMyFramework))
 * ```
 */
export function adapterContract({ prefixes = false }: AdapterContractOptions = {}): AdapterCase[] {
  return [...routingCases, ...(prefixes ? placeCases : []), ...requestCases, ...responseCases, ...guardCases]
}

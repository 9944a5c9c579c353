/**
 * The guarded fetch, by the runtime that the package is loaded in: `egress/node.ts`, `egress/workerd.ts`, and this file
 * where neither is meant. All export the same.
 */

import { type Egress, EgressFailed } from './egress/egress.ts'
import { ConfigurationError } from './errors.ts'

export type { Egress, EgressFailure, EgressRequest, EgressResponse } from './egress/egress.ts'
export { EgressFailed } from './egress/egress.ts'
export { trustedProxy } from './egress/trusted-proxy.ts'

/** Nobody knows what a fetch reaches here, so nothing is fetched. */
export const egress: Egress = async () => {
  throw new EgressFailed('runtime', {
    cause: new ConfigurationError(
      'egress',
      'there is no fetch on this runtime that keeps private addresses out of reach',
      'Pass `egress: trustedProxy({ fetch })` of @drawbridge/core/egress with a fetch that does.',
    ),
  })
}

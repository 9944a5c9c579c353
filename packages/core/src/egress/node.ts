/** `@drawbridge/core/egress` on Node, and where `node:https` and `node:dns` are as on Node. */

import type { Egress } from './egress.ts'
import { guardedEgress } from './guarded.ts'
import { httpsConnection } from './node/connect.ts'
import { nameServers } from './node/resolve.ts'

export type { Egress, EgressFailure, EgressRequest, EgressResponse } from './egress.ts'
export { EgressFailed } from './egress.ts'
export { trustedProxy } from './trusted-proxy.ts'

export const egress: Egress = guardedEgress({ resolve: nameServers(), connect: httpsConnection() })

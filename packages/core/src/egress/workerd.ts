/** `@drawbridge/core/egress` on Cloudflare Workers, whose `fetch` reaches the public internet only. */

import type { Egress } from './egress.ts'
import { throughFetch } from './through-fetch.ts'

export type { Egress, EgressFailure, EgressRequest, EgressResponse } from './egress.ts'
export { EgressFailed } from './egress.ts'
export { trustedProxy } from './trusted-proxy.ts'

/** The global fetch is looked up at each call, so that instrumentation installed later is seen. */
export const egress: Egress = throughFetch((url, init) => fetch(url, init), { decompresses: true })

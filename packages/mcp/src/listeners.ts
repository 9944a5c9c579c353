import { tell } from '@drawbridge/core'
import type { EndpointOptions } from './options.ts'

/** Whom the options name to hear of faults and of what is open; what they throw is ignored. */
export function listenersOf({
  onError = (error) => console.error('[drawbridge]', error),
  onNotice = (text) => console.warn(`[drawbridge] ${text}`),
}: EndpointOptions): { onError: (error: unknown) => void; onNotice: (text: string) => void } {
  return { onError: (error) => tell(onError, error), onNotice: (text) => tell(onNotice, text) }
}

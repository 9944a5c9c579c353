import type { GuardedRequest, Mounted } from '@drawbridge/core'
import type { NodeResponse } from './response.ts'

/**
 * Watches a request that goes on to the application: an answer of 404 may mean that a client looks for an MCP endpoint in
 * the wrong place, and the operator is told.
 *
 * @example
 * ```ts
 * const response = await x.handle(request)
 * if (!response) goingOn(x, request, res)
 * ```
 */
export function goingOn(x: Pick<Mounted, 'passedOn'>, request: GuardedRequest, res: NodeResponse): void {
  const unanswered = x.passedOn(request, res)
  if (!unanswered) return
  res.once('finish', () => {
    if (res.statusCode === 404) unanswered()
  })
}

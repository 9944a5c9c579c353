import type { Auth } from '../auth.ts'
import { errorResponse } from '../http/responses.ts'
import { reportFailure } from './report.ts'
import type { Server } from './server.ts'

/**
 * What {@link Auth.limitAnonymous} is, where the operator named a key. A resource is no endpoint of ours: nothing stands
 * behind this, and a request that is not refused is for whoever asked.
 */
export function anonymousLimit({ limiter, emit }: Pick<Server, 'limiter' | 'emit'>): Auth['limitAnonymous'] {
  const passed = new Response(null)
  const nothing = () => passed
  const count = limiter.before('anonymous', nothing)
  // No limit is a handler that was left as it is.
  if (count === nothing) return undefined
  return async (request, context = {}) => {
    try {
      await count(request, context)
      return undefined
    } catch (error) {
      return errorResponse(error, reportFailure(emit, request, error))
    }
  }
}

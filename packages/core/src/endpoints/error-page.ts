import { isNamed, type Unavailable } from '../errors.ts'
import { errorResponse } from '../http/responses.ts'
import type { Handler } from '../http/router.ts'
import type { OAuthError } from '../oauth-error.ts'
import { reportFailure } from './report.ts'
import type { Server } from './server.ts'

/** For endpoints that people look at: whatever goes wrong becomes a page. */
export function withErrorPage({ emit, pages }: Pick<Server, 'emit' | 'pages'>, handler: Handler): Handler {
  return async (request, context) => {
    try {
      return await handler(request, context)
    } catch (error) {
      const reference = reportFailure(emit, request, error, true)
      const { messages } = pages
      if (isNamed<Unavailable>(error, 'Unavailable')) {
        return pages.error({
          ...messages.unavailable,
          status: 503,
          retryAfter: error.retryAfter,
          reference,
        })
      }
      if (isNamed<OAuthError>(error, 'OAuthError') && error.status === 429) {
        // Some clients look here first, before they send a browser.
        if (!request.headers.get('accept')?.includes('text/html')) return errorResponse(error, reference)
        const retryAfter = Number(error.headers['retry-after'])
        return pages.error({ ...messages.tooManyRequests, status: 429, retryAfter, reference })
      }
      if (isNamed<OAuthError>(error, 'OAuthError') && error.status < 500) {
        return pages.error({
          ...messages.invalidRequest,
          status: error.status,
          detail: `${error.code}: ${error.message}`,
          reference,
        })
      }
      return pages.error({ ...messages.unexpected, status: 500, reference })
    }
  }
}

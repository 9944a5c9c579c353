import { isNamed, type OAuthError, type Unavailable } from '../errors.ts'
import type { Handler } from '../http/router.ts'
import type { Pages } from '../pages/pages.ts'

/** For endpoints that people look at: whatever goes wrong becomes a page. */
export function withErrorPage(pages: Pages, handler: Handler): Handler {
  return async (request, context) => {
    try {
      return await handler(request, context)
    } catch (error) {
      const { messages } = pages
      if (isNamed<Unavailable>(error, 'Unavailable')) {
        return pages.error({ ...messages.unavailable, status: 503, retryAfter: error.retryAfter })
      }
      if (isNamed<OAuthError>(error, 'OAuthError') && error.status < 500) {
        return pages.error({
          ...messages.invalidRequest,
          status: error.status,
          detail: `${error.code}: ${error.message}`,
        })
      }
      return pages.error({ ...messages.unexpected, status: 500 })
    }
  }
}

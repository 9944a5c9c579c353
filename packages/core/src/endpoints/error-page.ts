import type { UnusableClient } from '../clients/known-clients.ts'
import { isNamed, type Unavailable } from '../errors.ts'
import { errorResponse } from '../http/responses.ts'
import type { Handler } from '../http/router.ts'
import type { OAuthError } from '../oauth-error.ts'
import type { ErrorName } from '../pages/error.ts'
import { registrationUrl } from './register.ts'
import { reported, reportFailure } from './report.ts'
import type { Server } from './server.ts'

const unusableClient = {
  unavailable: { reason: 'client_unavailable', page: 'clientUnavailable' },
  document: { reason: 'client_document', page: 'clientDocument' },
  host: { reason: 'client_host', page: 'clientHost' },
} as const

/** What the page says about a client that is not known: to register again helps only where clients may. */
export function unknownClientError(server: Pick<Server, 'engine' | 'issuer' | 'registration'>): ErrorName {
  return registrationUrl(server) === undefined ? 'unlistedClient' : 'unknownClient'
}

/** For endpoints that people look at: whatever goes wrong becomes a page. */
export function withErrorPage({ emit, pages }: Pick<Server, 'emit' | 'pages'>, handler: Handler): Handler {
  return async (request, context) => {
    try {
      return await handler(request, context)
    } catch (error) {
      const shown = pages.for(request)
      if (isNamed<UnusableClient>(error, 'UnusableClient')) {
        const { reason, page } = unusableClient[error.reason]
        const { client_id } = error
        const reference = reported(emit, { type: 'authorize.refused', reason, client_id })
        const detail = error.reason === 'document' ? error.message : undefined
        // Whoever names a client can name one whose host is out: no reason to say that this server is.
        return shown.error({ error: page, status: 400, detail, reference })
      }
      const reference = reportFailure(emit, request, error, true)
      if (isNamed<Unavailable>(error, 'Unavailable')) {
        return shown.error({
          error: 'unavailable',
          status: 503,
          retryAfter: error.retryAfter,
          reference,
        })
      }
      if (isNamed<OAuthError>(error, 'OAuthError') && error.status === 429) {
        // Some clients look here first, before they send a browser.
        if (!request.headers.get('accept')?.includes('text/html')) return errorResponse(error, reference)
        const retryAfter = Number(error.headers['retry-after'])
        return shown.error({ error: 'tooManyRequests', status: 429, retryAfter, reference })
      }
      if (isNamed<OAuthError>(error, 'OAuthError') && error.status < 500) {
        return shown.error({
          error: 'invalidRequest',
          status: error.status,
          detail: `${error.code}: ${error.message}`,
          reference,
        })
      }
      return shown.error({ error: 'unexpected', status: 500, reference })
    }
  }
}

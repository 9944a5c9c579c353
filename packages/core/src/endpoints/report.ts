import { isNamed, type OAuthError, type Unavailable } from '../errors.ts'
import { detailOf, type Emit } from '../events.ts'

/** Tells of a request that ended in an error, unless somebody who knew more has done so. */
export function reportFailure(emit: Emit, request: Request, error: unknown): void {
  const path = new URL(request.url).pathname
  if (isNamed<OAuthError>(error, 'OAuthError')) {
    if (!error.reported) emit({ type: 'request.refused', path, reason: error.code })
  } else {
    const type = isNamed<Unavailable>(error, 'Unavailable') ? 'request.unavailable' : 'request.failed'
    emit({ type, path, detail: detailOf(error) })
  }
}

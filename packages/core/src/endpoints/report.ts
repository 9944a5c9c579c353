import { randomText } from '../crypto/random.ts'
import { isNamed, type Unavailable } from '../errors.ts'
import { detailOf, type Emit, type Occurrence } from '../events.ts'
import type { OAuthError } from '../oauth-error.ts'

/**
 * Tells of something under the reference that the page or the answer names, so that who met it can ask the operator.
 *
 * @returns the flow's correlation, or a fresh reference where no flow is known
 */
export function reported(emit: Emit, event: Occurrence): string {
  const reference = event.correlation ?? randomText(9)
  emit({ ...event, reference })
  return reference
}

/**
 * Tells of a request that ended in an error: of a refusal what it carries.
 *
 * @param isPage whether a person looks at what is answered, also when it is only about a bad request
 * @returns what the answer names, if it should name anything
 */
export function reportFailure(
  emit: Emit,
  request: Request,
  error: unknown,
  isPage = false,
): string | undefined {
  const path = new URL(request.url).pathname
  if (!isNamed<OAuthError>(error, 'OAuthError')) {
    const type = isNamed<Unavailable>(error, 'Unavailable') ? 'request.unavailable' : 'request.failed'
    return reported(emit, { type, path, detail: detailOf(error) })
  }
  const refused: Occurrence = error.event ?? { type: 'request.refused', path, reason: error.code }
  if (isPage) return reported(emit, refused)
  emit(refused)
  return undefined
}

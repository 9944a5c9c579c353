import { OAuthError } from '../errors.ts'
import type { Form } from '../http/forms.ts'

/**
 * Whether a client's `resource` names this one (RFC 8707 2): scheme and host compare case-insensitively, a slash at
 * the root may be there or not, nothing else is forgiven.
 */
export function isSameResource(given: string, identifier: string): boolean {
  return given === identifier || normalized(given) === normalized(identifier)
}

/** At the token endpoint: left out means the grant's own. Throws `invalid_target` for any other. */
export function requireSameResource(form: Form, identifier: string): void {
  if (!form.all('resource').every((given) => isSameResource(given, identifier))) {
    throw new OAuthError('invalid_target', `This grant is for ${identifier} only.`)
  }
}

function normalized(resource: string): string {
  const [, origin = '', rest = resource] = /^([A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*)(.*)$/s.exec(resource) ?? []
  return origin.toLowerCase() + (rest === '/' ? '' : rest)
}

import type { Form } from '../http/forms.ts'

/** Whether a client's `resource` names this one. */
export function isSameResource(given: string, identifier: string): boolean {
  return given === identifier || normalizedResource(given) === normalizedResource(identifier)
}

/** At the token endpoint: left out means the grant's own, and any other is `invalid_target`. */
export function isForResource(form: Form, identifier: string): boolean {
  const own = normalizedResource(identifier)
  return form.all('resource').every((given) => given === identifier || normalizedResource(given) === own)
}

/**
 * As a client's `resource` is compared (RFC 8707 2): scheme and host case-insensitively, a slash at the root may be there
 * or not, nothing else is forgiven.
 */
export function normalizedResource(resource: string): string {
  const [, origin = '', rest = resource] = /^([A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*)(.*)$/s.exec(resource) ?? []
  return origin.toLowerCase() + (rest === '/' ? '' : rest)
}

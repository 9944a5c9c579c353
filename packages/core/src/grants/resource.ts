import type { Form } from '../http/forms.ts'
import { normalizedResource } from '../syntax/resource.ts'

/** At the token endpoint: left out means the grant's own, and any other is `invalid_target` (RFC 8707 2.2). */
export function isForResource(form: Form, identifier: string): boolean {
  const own = normalizedResource(identifier)
  return form.all('resource').every((given) => given === identifier || normalizedResource(given) === own)
}

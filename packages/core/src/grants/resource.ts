import type { Form } from '../http/forms.ts'
import { isSameResource } from '../syntax/resource.ts'

/** At the token endpoint: left out means the grant's own, and any other is `invalid_target` (RFC 8707 2.2). */
export function isForResource(form: Form, identifier: string): boolean {
  return form.all('resource').every((given) => isSameResource(given, identifier))
}

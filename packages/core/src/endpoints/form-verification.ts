import type { RequestContext } from '../auth.ts'
import { inTime } from '../clock.ts'
import { isNamed } from '../errors.ts'
import type { Form } from '../http/forms.ts'
import type { FormProvider, Identity } from '../identity/provider.ts'
import { reported } from './report.ts'
import type { Server } from './server.ts'

/** Characters of one field: a longer one is no password of a person's, and would be hashed all the same. */
export const longestInput = 1024
/** Milliseconds that a provider may take to say who this is. */
const verifyPatience = 30_000

/** What came of a form. */
export type Verdict =
  | { kind: 'signed-in'; identity: Identity }
  | { kind: 'denied'; message: string }
  | { kind: 'refused'; reason: 'invalid' | 'locked' }
  /** Nobody could tell: the form may be sent again. */
  | { kind: 'outage'; reference: string }

export const invalid: Verdict = { kind: 'refused', reason: 'invalid' }

/** What was typed into each field; `undefined` when one is empty, or too long for anybody to have typed. */
export function inputOf({ fields }: FormProvider, form: Form): Record<string, string> | undefined {
  const typed = fields.map(({ name }) => [name, form.get(name) ?? ''] as const)
  const isGood = typed.every(([, value]) => value !== '' && value.length <= longestInput)
  return isGood ? Object.fromEntries(typed) : undefined
}

/** What the provider says of the input. */
export async function verified(
  { clock, emit }: Pick<Server, 'clock' | 'emit'>,
  provider: FormProvider,
  input: Readonly<Record<string, string>>,
  { clientAddress }: RequestContext,
  correlation: string,
): Promise<Verdict> {
  const late = () => Object.assign(new Error('verify() took too long'), { code: 'TIMEOUT' })
  let said: { error?: unknown; sub?: unknown }
  try {
    const asking = provider.verify(input, { clock, clientAddress, correlation })
    said = Object(await inTime(Promise.resolve(asking), verifyPatience, late))
  } catch (error) {
    if (isNamed(error, 'AccessDenied')) return { kind: 'denied', message: error.message }
    const detail = kindOf(error)
    const outage = { type: 'upstream.unavailable', provider: provider.id, reason: 'unavailable' } as const
    return { kind: 'outage', reference: reported(emit, { ...outage, detail, correlation }) }
  }
  const { error, sub } = said
  if (error === 'invalid' || error === 'locked') return { kind: 'refused', reason: error }
  if ((error ?? undefined) === undefined && typeof sub === 'string' && sub !== '') {
    return { kind: 'signed-in', identity: said as Identity }
  }
  throw new Error(`${provider.id}: verify() resolved to neither a sub nor { error: 'invalid' } or 'locked'`)
}

/**
 * What an error is, and nothing that it says: directories quote what they were asked, in their own encoding. What else
 * there is to know of it, `verify` can log.
 */
function kindOf(error: unknown): string {
  const kinds: string[] = []
  for (let reason = error; reason instanceof Error && kinds.length < 4; reason = reason.cause) {
    const { code } = reason as { code?: unknown }
    kinds.push(
      typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? code : reason.constructor.name,
    )
  }
  return kinds.join('; ') || 'not an error'
}

import { type Emit, redacted } from '../events.ts'
import { describe, type GateResult } from './gate.ts'
import type { MeantFor, Verification, Verifier } from './verifier.ts'

/**
 * Asks the verifiers in order; the first that recognises the token decides. One that is out might have recognised
 * it, so after an outage only a plain yes of another counts: its no could be a 401 that the outage caused.
 */
export async function firstDecision(
  verifiers: readonly Verifier[],
  token: string,
  resource: string,
  emit: Emit = () => {},
): Promise<Verification> {
  let outage: Verification | undefined
  for (const verifier of verifiers) {
    const verification = await attempt(verifier, token, resource)
    if (verification.status === 'valid') return verification
    if (verification.status === 'unavailable') {
      emit({ type: 'verifier.unavailable', resource, detail: redacted(verification.reason, token) })
      outage ??= verification
    }
    if (verification.status === 'invalid') return outage ?? verification
  }
  return outage ?? { status: 'not-mine' }
}

/** What the verifiers' decision means at a gate. */
export function gateResult<User>(verification: Verification<User>): GateResult<User> {
  if (verification.status === 'not-mine') return { status: 'invalid', reason: 'issued_elsewhere' }
  if (verification.status !== 'invalid') return verification
  const { reason: detail, scopes, meantFor } = verification
  if (isAudience(meantFor)) {
    const { clientId: client_id } = meantFor
    return { status: 'invalid', reason: 'other_resource', detail, client_id, meantFor }
  }
  // Verifiers may be plain JavaScript.
  return { status: 'invalid', reason: 'not_verified', detail, scopes: Array.isArray(scopes) ? scopes : [] }
}

function isAudience(given: unknown): given is MeantFor {
  const { audiences, accepted = [], clientId = '' } = Object(given) as Partial<MeantFor>
  return (
    [audiences, accepted].every(
      (list) => Array.isArray(list) && list.every((one) => typeof one === 'string'),
    ) && typeof clientId === 'string'
  )
}

async function attempt(verifier: Verifier, token: string, resource: string): Promise<Verification> {
  try {
    const verification = await verifier.verify(token, { resource })
    if (['valid', 'invalid', 'not-mine', 'unavailable'].includes(verification?.status)) return verification
    return { status: 'unavailable', reason: 'the verifier gave no usable answer' }
  } catch (error) {
    return { status: 'unavailable', reason: describe(error, token) }
  }
}

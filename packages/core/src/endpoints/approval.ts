import { unixTime } from '../clock.ts'
import { randomText } from '../crypto/random.ts'
import { isNamed } from '../errors.ts'
import { redirect } from '../http/responses.ts'
import { outage, type UpstreamError } from '../identity/upstream-error.ts'
import type { Approval, Prompt, Transaction, TransactionRecord } from '../records/transaction.ts'
import { loginFailedUpstream } from './complete-login.ts'
import { leave } from './login-end.ts'
import { reported } from './report.ts'
import type { Server } from './server.ts'
import { signInLocation } from './sign-in-location.ts'

/** What a person chose, or what is chosen for them. */
export interface Chosen {
  transaction: Transaction
  provider: string
  prompt: Prompt | undefined
  consent: Approval['consent']
  /** Whose consent is remembered. */
  subject?: string | undefined
  /** What was approved before, by whichever browser. */
  earlier: Approval | undefined
  /** A secret for the cookie that binds this browser, where it holds none. */
  fresh: string
}

/**
 * Binds a transaction to this browser and sends it to the provider, with a verifier and nonce of our own. `undefined`: it
 * cannot be decided any more.
 *
 * @param approved tells of it
 */
export async function approve(
  server: Server,
  request: Request,
  chosen: Chosen,
  approved: () => void,
): Promise<Response | undefined> {
  const { binding, clock, emit, transactions } = server
  const { transaction, earlier, fresh, provider, prompt, consent, subject } = chosen
  const { correlation } = transaction.request
  const bound = binding.bind(request, transaction.id_hash, earlier?.binding, fresh)
  // What was said yes to stays, whatever would do without; but a yes takes the place of what was remembered.
  const isThis = (approval: Approval | undefined) =>
    approval?.binding === bound.binding &&
    approval.provider === provider &&
    approval.prompt === prompt &&
    (approval.consent === 'given' || (approval.consent === consent && approval.subject === subject))
  const own: Approval = {
    ...{ provider, prompt, consent, subject, binding: bound.binding },
    code_verifier: randomText(),
    nonce: randomText(),
  }
  // The last browser to approve is the one that may finish; a second click in the same one changes nothing.
  const decided = await transactions.decide(transaction, (current) =>
    isThis(current.approval) || !isOpen(current)
      ? undefined
      : { ...current, decided_at: unixTime(clock), approval: own },
  )
  const approval = decided?.value.approval
  if (!decided || !approval || !isThis(approval)) return undefined
  approved()
  const status = request.method === 'POST' ? 303 : 302
  try {
    const state = transactions.state(transaction, decided)
    const location = await signInLocation(server, transaction.request, approval, state)
    return location === undefined ? undefined : redirect(location, { status, cookies: [bound.cookie] })
  } catch (error) {
    if (!isNamed<UpstreamError>(error, 'UpstreamError')) throw error
    const reference = reported(emit, outage(provider, error, correlation))
    return leave(server, request, decided.value, loginFailedUpstream(error, reference), status)
  }
}

/**
 * Whether consent may still be given or refused. Not once a callback is at work: whoever approved then would be the one
 * to receive the code that it obtains for somebody else.
 */
export function isOpen({ outcome, attempt }: Readonly<TransactionRecord>): boolean {
  return !outcome && !attempt
}

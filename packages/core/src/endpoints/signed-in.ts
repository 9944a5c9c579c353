import { isNamed, type Unavailable } from '../errors.ts'
import type { Identity } from '../identity/provider.ts'
import { displayText } from '../pages/text.ts'
import type { RegisteredClient } from '../records/client-metadata.ts'
import type { ClientTransaction, TransactionRecord } from '../records/transaction.ts'
import {
  type Completion,
  completeLogin,
  loginDenied,
  out,
  type SignedIn,
  subjectOf,
} from './complete-login.ts'
import type { LoginServer } from './login-attempt.ts'
import type { Conclusion } from './login-conclusion.ts'
import type { Server } from './server.ts'

/** Whose sign-in it is, and how what the provider gave is ended there where nothing is made of it. */
type Who = SignedIn & { discard?: (() => Promise<void>) | undefined }

/**
 * What becomes of somebody who has signed in: a code for the client, a session for a page of ours. `again`: the engine asks
 * for a second round at the provider.
 *
 * @param client `undefined` for a page of ours
 */
export async function signedIn(
  server: LoginServer,
  request: Request,
  transaction: Readonly<TransactionRecord>,
  client: RegisteredClient | undefined,
  who: Who,
): Promise<Conclusion> {
  try {
    if (transaction.page || !client) return { session: await begin(server, request, who), after: who.discard }
    const reason = await whyAsked(server, transaction, who)
    if (reason) return askFirst(server, request, transaction, who, reason)
  } catch (error) {
    if (isNamed<Unavailable>(error, 'Unavailable')) return out(error)
    throw error
  }
  const completion = await completeLogin(server, transaction, client, who)
  if (server.consent !== 'remember' || completion === 'again' || !isCode(completion)) return completion
  return { ...completion, session: await sessionIfAny(server, request, who) }
}

function isCode({ outage, response }: Completion): boolean {
  return !outage && response !== undefined && 'code' in response
}

/**
 * Why this person is to be asked, where nobody was: it was another's consent that was remembered; or what it was remembered
 * by ended while they were at the provider, and nothing may come of it any more.
 */
async function whyAsked(
  { consent, own }: Server,
  transaction: Readonly<ClientTransaction>,
  who: SignedIn,
): Promise<'other_account' | 'consent_ended' | undefined> {
  const { approval } = transaction
  if (approval?.consent !== 'remembered') return undefined
  const subject = subjectOf(who)
  if (approval.subject !== subject) return 'other_account'
  const isRemembered = consent === 'remember' && (await own?.remembersConsent(subject, transaction))
  return isRemembered || consent === 'skip' ? undefined : 'consent_ended'
}

const denials = { other_account: 'Another account is signed in.', consent_ended: 'The access was ended.' }

/** Nothing for the client, before this person was asked. */
async function askFirst(
  server: LoginServer,
  request: Request,
  transaction: Readonly<ClientTransaction>,
  who: Who,
  reason: keyof typeof denials,
): Promise<Conclusion> {
  const { approval, correlation } = transaction
  const after = who.discard
  if (approval?.prompt === 'none') {
    return { ...loginDenied(server, transaction, reason, denials[reason], 'consent_required'), after }
  }
  server.emit({ type: 'login.denied', provider: who.provider.id, reason, correlation })
  return { otherAccount: true, session: await sessionIfAny(server, request, who), after }
}

/** Who cannot be remembered for an outage is asked the next time. */
async function sessionIfAny(server: Server, request: Request, who: SignedIn): Promise<string | undefined> {
  return begin(server, request, who).catch(() => undefined)
}

async function begin(
  { own, sessionCookie }: Server,
  request: Request,
  who: SignedIn,
): Promise<string | undefined> {
  const account = accountOf(who.identity)
  const signed = { subject: subjectOf(who), provider: who.provider.id, account }
  return own?.sessions.begin(signed, sessionCookie.read(request))
}

const longestAccount = 254

/** As it will be read: whoever sees nothing of a name has to see whose session it is all the same. */
function accountOf({ account, sub }: Identity): string {
  const name = typeof account === 'string' ? displayText(account, longestAccount) : ''
  return name || sub.slice(0, longestAccount)
}

import type { RequestContext } from '../auth.ts'
import { sha256 } from '../crypto/hash.ts'
import { Unavailable } from '../errors.ts'
import { redirect } from '../http/responses.ts'
import type { Versioned } from '../records/records.ts'
import { type OtherAccount, requestOf, type TransactionRecord } from '../records/transaction.ts'
import { consentUrl } from './locations.ts'
import { inItsTime, type LoginServer, release } from './login-attempt.ts'
import { living } from './remembered.ts'
import type { Server } from './server.ts'

/** Somebody signed in of whom no consent is remembered, where nobody was asked: nothing was made of it but a session. */
export interface OtherAccountSignedIn {
  otherAccount: true
  session: string | undefined
  after?: (() => Promise<void>) | undefined
}

/**
 * Takes back what was approved in somebody's name, and asks the person who is there.
 *
 * @param code the provider's, which has been redeemed
 * @throws Unavailable when that cannot be kept now: a reload asks as soon as it is
 */
export async function askAfterAll(
  server: LoginServer,
  { id, record }: { id: string; record: Versioned<TransactionRecord> },
  { session, after }: OtherAccountSignedIn,
  { code, context, status }: { code: string | undefined; context: RequestContext; status: 302 | 303 },
): Promise<Response> {
  const binding = record.value.approval?.binding ?? ''
  const spent_code = code === undefined ? undefined : sha256(code)
  const other_account = { binding, spent_code, session }
  const written = await release(server, record, context, ({ approval, ...value }) => ({
    ...value,
    other_account,
  }))
  await inItsTime(after, context)
  if (!written) throw new Unavailable('callback: the person cannot be asked now')
  return toConsent(server, { id, record: written }, other_account, status)
}

/** To the page where they are asked, whatever anybody said before. */
export async function toConsent(
  server: Pick<Server, 'issuer' | 'own' | 'sessionCookie' | 'transactions'>,
  { id, record }: { id: string; record: Versioned<TransactionRecord> },
  other: OtherAccount,
  status: 302 | 303,
): Promise<Response> {
  const { issuer, sessionCookie, transactions } = server
  const session = await living(server, other.session)
  const handle = transactions.again({ id, request: requestOf(record.value) })
  const cookies = session === undefined ? [] : [sessionCookie.set(session)]
  return redirect(consentUrl(issuer, handle), { status, cookies })
}

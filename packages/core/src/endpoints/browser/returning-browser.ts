import type { Versioned } from '../../records/records.ts'
import {
  type FoundTransaction,
  type OtherAccount,
  requestOf,
  type TransactionRecord,
} from '../../records/transaction.ts'
import { accountUrl, consentUrl } from '../locations.ts'
import type { Server } from '../server.ts'

/** A browser that consented, and is back to sign in or from signing in. */
export interface Returned {
  ok: true
  id: string
  id_hash: string
  record: Versioned<TransactionRecord>
}

interface NotReturned {
  ok: false
  reason: 'unknown_transaction' | 'other_browser' | 'other_provider'
  correlation?: string
  /** Where another browser may begin anew. */
  openUrl?: string | undefined
}

/** The browser of somebody who has to be asked first. */
interface Unconsented {
  ok: false
  reason: 'unconsented'
  found: FoundTransaction
  other_account: OtherAccount
}

/**
 * The transaction that `state` names, for the browser that consented to it (RFC 9700 4.7), and for the provider it was
 * sent to (RFC 9700 4.4).
 */
export async function returningBrowser(
  { binding, issuer, transactions }: Pick<Server, 'binding' | 'issuer' | 'transactions'>,
  request: Request,
  expected: { state: string; provider: string },
): Promise<Returned | NotReturned | Unconsented> {
  const found = await transactions.find(expected.state)
  if (!found) return { ok: false, reason: 'unknown_transaction' }
  const { id, id_hash, record } = found
  const { approval, attempt, correlation, other_account, outcome } = record.value
  if (!approval) {
    const isTheirs = other_account && binding.holds(request, id_hash, other_account.binding)
    return isTheirs && !outcome
      ? { ok: false, reason: 'unconsented', found, other_account }
      : { ok: false, reason: 'unknown_transaction', correlation }
  }
  if (!binding.holds(request, id_hash, approval.binding)) {
    const isOver = outcome !== undefined || attempt !== undefined
    // Embedded windows drop cookies: the same request can be begun again, with consent, in the real browser.
    const openUrl = isOver ? undefined : againUrl({ issuer, transactions }, found)
    return { ok: false, reason: 'other_browser', correlation, openUrl }
  }
  if (approval.provider !== expected.provider) return { ok: false, reason: 'other_provider', correlation }
  return { ok: true, id, id_hash, record }
}

/** Where another browser begins the same. A sign-in for a page of ours begins there. */
function againUrl(
  { issuer, transactions }: Pick<Server, 'issuer' | 'transactions'>,
  { id, record }: FoundTransaction,
): string {
  const request = requestOf(record.value)
  return request.page ? accountUrl(issuer) : consentUrl(issuer, transactions.again({ id, request }))
}

/** The page for a browser that may not finish here. `tell` makes the event, and the reference on the page. */
export function refusal<Reason extends string>(
  { pages }: Pick<Server, 'pages'>,
  tell: (reason: Reason, correlation: string | undefined) => string,
) {
  return (
    request: Request,
    {
      reason,
      correlation,
      openUrl,
    }: { reason: Reason; correlation?: string | undefined; openUrl?: string | undefined },
  ): Promise<Response> => {
    const reference = tell(reason, correlation)
    return pages
      .for(request)
      .error(
        reason === 'other_browser'
          ? { error: 'otherBrowser', status: 403, openUrl, reference }
          : { error: 'linkExpired', status: 400, reference },
      )
  }
}

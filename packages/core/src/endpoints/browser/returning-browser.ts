import type { Versioned } from '../../records/records.ts'
import type { TransactionRecord } from '../../records/transaction.ts'
import { consentUrl } from '../locations.ts'
import type { Server } from '../server.ts'

/** A browser that consented, and is back to sign in or from signing in. */
export interface Returned {
  ok: true
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

/**
 * The transaction that `state` names, for the browser that consented to it (RFC 9700 4.7), and for the provider it was
 * sent to (RFC 9700 4.4).
 */
export async function returningBrowser(
  { binding, issuer, transactions }: Pick<Server, 'binding' | 'issuer' | 'transactions'>,
  request: Request,
  expected: { state: string; provider: string },
): Promise<Returned | NotReturned> {
  const found = await transactions.find(expected.state)
  const approval = found?.record.value.approval
  if (!found || !approval) return { ok: false, reason: 'unknown_transaction' }
  const { id_hash, record } = found
  const { correlation, attempt, outcome } = record.value
  if (!binding.holds(request, id_hash, approval.binding)) {
    const isOver = outcome !== undefined || attempt !== undefined
    // Embedded windows drop cookies: the same request can be begun again, with consent, in the real browser.
    const openUrl = isOver ? undefined : consentUrl(issuer, transactions.again(found))
    return { ok: false, reason: 'other_browser', correlation, openUrl }
  }
  if (approval.provider !== expected.provider) return { ok: false, reason: 'other_provider', correlation }
  return { ok: true, id_hash, record }
}

/** The page for a browser that may not finish here. `tell` makes the event, and the reference on the page. */
export function refusal<Reason extends string>(
  { pages }: Pick<Server, 'pages'>,
  tell: (reason: Reason, correlation: string | undefined) => string,
) {
  return (
    reason: Reason,
    { correlation, openUrl }: { correlation?: string | undefined; openUrl?: string | undefined },
  ): Promise<Response> => {
    const reference = tell(reason, correlation)
    const { linkExpired, otherBrowser } = pages.messages
    return pages.error(
      reason === 'other_browser'
        ? { ...otherBrowser, status: 403, openUrl, reference }
        : { ...linkExpired, status: 400, reference },
    )
  }
}

import { isStillAllowed } from '../grants/requested-access.ts'
import { queryForm } from '../http/forms.ts'
import type { Provider } from '../identity/provider.ts'
import type { RegisteredClient } from '../records/client-metadata.ts'
import type { AuthorizationRequest, Transaction, TransactionRecord } from '../records/transaction.ts'
import { canAsk } from './authorization-request.ts'
import { unknownClientError } from './error-page.ts'
import { reported } from './report.ts'
import type { Server } from './server.ts'

/** A request that somebody is to decide. */
export interface Pending {
  /** What its browser brings. */
  handle: string
  transaction: Transaction
  asked: AuthorizationRequest
  client: RegisteredClient
  /** Who can do what the client asks of them. */
  offered: readonly Provider[]
  /** What was decided before, by whichever browser. */
  record: Readonly<TransactionRecord> | undefined
}

/** The request that a handle brings, or the page for one that nobody can decide any more. */
export async function pendingConsent(
  server: Server,
  request: Request,
): Promise<({ ok: true } & Pending) | { ok: false; response: Response }> {
  const { clients, emit, pages, providers, transactions } = server
  const refuse = async (response: Promise<Response>) => ({ ok: false, response: await response }) as const
  const handle = queryForm(request).get('transaction') ?? ''
  const transaction = transactions.open(handle)
  const asked = transaction?.request
  // A sign-in for a page of ours has nothing to consent to.
  if (!transaction || !asked || asked.page) return refuse(expired(server, request, undefined))
  const { client_id, correlation } = asked
  const [record, client] = await Promise.all([transactions.record(transaction), clients.get(client_id)])
  if (!client) {
    const reference = reported(emit, { type: 'consent.refused', reason: 'unknown_client', correlation })
    return refuse(pages.for(request).error({ error: unknownClientError(server), status: 400, reference }))
  }
  if (!isStillAllowed(server, client, asked)) {
    return refuse(expired(server, request, correlation, 'no_longer_allowed'))
  }
  const offered = providers.filter((provider) => asked.prompt !== 'login' || canAsk(provider, 'login'))
  return { ok: true, handle, transaction, asked, client, offered, record: record?.value }
}

/** For a request that was decided: what came of it. Nothing went wrong where the answer was yes, or no. */
export function decidedAlready(
  { emit, pages }: Server,
  request: Request,
  { correlation, outcome }: Readonly<TransactionRecord>,
): Promise<Response> {
  const { response } = outcome ?? {}
  if (response && 'code' in response) return pages.for(request).done()
  const reference = reported(emit, { type: 'consent.refused', reason: 'decided', correlation })
  const ended = response?.error === 'access_denied' ? 'requestDenied' : 'requestFailed'
  return pages.for(request).error({ error: outcome ? ended : 'signInUnderWay', status: 400, reference })
}

export function expired(
  { emit, pages }: Server,
  request: Request,
  correlation: string | undefined,
  reason: 'unknown_transaction' | 'no_longer_allowed' = 'unknown_transaction',
): Promise<Response> {
  const reference = reported(emit, { type: 'consent.refused', reason, correlation })
  return pages.for(request).error({ error: 'linkExpired', status: 400, reference })
}

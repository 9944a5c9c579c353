import type { RequestContext } from '../auth.ts'
import { queryForm } from '../http/forms.ts'
import type { Versioned } from '../records/records.ts'
import type { TransactionRecord } from '../records/transaction.ts'
import type { Returned } from './browser/returning-browser.ts'
import type { Completion } from './complete-login.ts'
import { claim, finish, type LoginServer, replay } from './login-attempt.ts'
import { askAfterAll, type OtherAccountSignedIn, toConsent } from './other-account.ts'
import { askAgain } from './second-round.ts'
import { onward } from './sign-in-location.ts'

/** What a sign-in comes to. `again`: the provider has to be asked once more. */
export type Conclusion = Completion | OtherAccountSignedIn | 'again'

/** A browser's answer, of a provider or of a form. */
interface Answered {
  request: Request
  context: RequestContext
  returned: Pick<Returned, 'id' | 'record'>
  status: 302 | 303
  /** For a browser that may not finish any more. */
  refuse(request: Request, why: { reason: 'other_browser'; correlation: string }): Promise<Response>
}

/**
 * Makes something of a sign-in, once: of several requests with the same answer one works, and the others go where that one
 * goes.
 */
export async function conclude(
  server: LoginServer,
  { request, context, returned, status, refuse }: Answered,
  work: (transaction: Versioned<TransactionRecord>) => Promise<Conclusion>,
): Promise<Response> {
  const { id } = returned
  const query = new URL(request.url).searchParams
  const claimed = await claim(server, returned.record)
  if (!claimed) {
    return refuse(request, { reason: 'other_browser', correlation: returned.record.value.correlation })
  }
  const { state, record } = claimed
  const { other_account } = record.value
  if (state === 'over') return replay(server, request, record, status)
  if (state === 'changed') return onward(server, record.value, query.get('state') ?? '', status)
  if (state === 'unconsented' && other_account)
    return toConsent(server, { id, record }, other_account, status)
  const conclusion = await work(record)
  if (conclusion === 'again') return askAgain(server, record, query)
  if ('otherAccount' in conclusion) {
    const code = queryForm(request).get('code')
    return askAfterAll(server, { id, record }, conclusion, { code, context, status })
  }
  return finish(server, request, record, conclusion, context, status)
}

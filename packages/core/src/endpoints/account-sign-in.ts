import { sha256 } from '../crypto/hash.ts'
import { randomText } from '../crypto/random.ts'
import type { Form } from '../http/forms.ts'
import type { Provider } from '../identity/provider.ts'
import { OAuthError } from '../oauth-error.ts'
import type { SignedOutPage } from '../pages/signed-out.ts'
import type { Prompt } from '../records/transaction.ts'
import type { AccountServer } from './account-view.ts'
import { approve } from './approval.ts'
import { canAsk } from './authorization-request.ts'
import { accountUrl } from './locations.ts'

/** What the form is bound to with which nobody can do anything but sign in. */
export const signedOutForm: string = sha256('account')

/** Who is there? Also for somebody who would be another. */
export async function showSignedOut(
  server: AccountServer,
  request: Request,
  more: Pick<SignedOutPage, 'choose' | 'notice'>,
): Promise<Response> {
  const { forms, issuer, pages, providers } = server
  const { csrf, cookie } = forms.issue(request, signedOutForm)
  const response = await pages.for(request).signedOut({
    providers: providers.map((provider) => ({
      ...{ id: provider.id, label: provider.label, icon: provider.icon },
      choice: provider.type === 'form' ? undefined : canAsk(provider, 'select_account'),
    })),
    ...more,
    openUrl: accountUrl(issuer),
    csrf,
    action: accountUrl(issuer),
  })
  response.headers.append('set-cookie', cookie)
  return response
}

/** Where somebody was on the page: they come back there. */
const anchorSyntax = /^[\w-]{1,40}$/

/**
 * Begins a sign-in that ends at the account page, in a transaction of its own and bound to this browser.
 *
 * @param isAgain somebody is signed in, and is to sign in anew, where the provider can have them do so
 */
export async function beginSignIn(
  server: AccountServer,
  request: Request,
  id: string,
  form: Form,
  isAgain: boolean,
): Promise<Response> {
  const { providers, transactions } = server
  const provider = providers.find((one) => one.id === id)
  if (!provider) throw new OAuthError('invalid_request', 'The form names no way to sign in.')
  const given = form.get('at')
  const at = given !== undefined && anchorSyntax.test(given) ? given : undefined
  const transaction = transactions.open(
    transactions.begin({ page: 'account', at, correlation: randomText(9) }),
  )
  const chosen = {
    ...{ provider: id, prompt: promptOf(provider, form, isAgain), earlier: undefined, fresh: randomText() },
    consent: 'given',
  } as const
  const location = transaction && (await approve(server, request, { transaction, ...chosen }, () => {}))
  if (!location) throw new OAuthError('invalid_request', 'This sign-in cannot begin.')
  return location
}

function promptOf(provider: Provider, form: Form, isAgain: boolean): Prompt | undefined {
  // Who signs in at a page of ours is asked in any case.
  if (provider.type === 'form') return undefined
  if (form.get('account') === 'choose' && canAsk(provider, 'select_account')) return 'select_account'
  return isAgain && canAsk(provider, 'login') ? 'login' : undefined
}

import { redirectKind } from '../clients/redirect-uri.ts'
import type { SignInSession } from '../engine/sign-in-session.ts'
import type { Form } from '../http/forms.ts'
import type { Provider } from '../identity/provider.ts'
import { OAuthError } from '../oauth-error.ts'
import type { ConsentPage } from '../pages/consent.ts'
import { isOperators, type RegisteredClient } from '../records/client-metadata.ts'
import type { Prompt } from '../records/transaction.ts'
import type { ProtectedResource } from '../syntax/resource.ts'
import type { Words } from '../syntax/words.ts'
import { canAsk } from './authorization-request.ts'
import { accountUrl, consentUrl } from './locations.ts'
import type { Pending } from './pending-consent.ts'
import type { Server } from './server.ts'

/**
 * Shows what is asked, with a form.
 *
 * @param more `again`: its first answer came without its cookie
 */
export async function showConsentForm(
  server: Server,
  request: Request,
  pending: Pending,
  more: { person?: SignInSession | undefined; again?: boolean },
): Promise<Response> {
  const { emit, forms, issuer, pages, transactions } = server
  const { handle, transaction, asked, client } = pending
  const { csrf, cookie } = forms.issue(request, transaction.id_hash)
  const { person, again } = more
  const response = await pages.for(request).consent({
    ...contentOf(server, pending),
    account: person && { name: person.account, provider: person.provider },
    again: again ? { openUrl: consentUrl(issuer, transactions.again(transaction)) } : undefined,
    csrf,
    action: consentUrl(issuer, handle),
  })
  response.headers.append('set-cookie', cookie)
  const { client_id } = client
  if (!again) emit({ type: 'consent.shown', client_id, correlation: asked.correlation })
  return response
}

/** Who asks, for what, and where the answer goes. */
function contentOf(
  server: Server,
  { asked, client, offered }: Pending,
): Omit<ConsentPage, 'account' | 'again' | 'csrf' | 'action'> {
  const { accountPage, consent, documentation, issuer, lifetimes, own, resources } = server
  const resource = resources.find(({ identifier }) => identifier === asked.resource)
  const { kind } = redirectKind(asked.redirect_uri)
  return {
    client: introduced(server, client),
    redirect: { uri: asked.redirect_uri, kind },
    scopes: asked.scopes.map((name) => ({
      name,
      description: resource?.scopes.descriptions.get(name),
      providerWords: offered.map((provider) => wordsOf(provider, name, resource)).find(Boolean),
    })),
    resource: { url: asked.resource, name: resource?.name },
    providers: offered.map((provider) => ({
      ...{ id: provider.id, label: provider.label, icon: provider.icon },
      choice: canAsk(provider, 'select_account'),
      always: provider.type === 'form',
    })),
    asksAccount: asked.prompt === 'login' || asked.prompt === 'select_account',
    lifetime: own && lifetimes,
    remembers: consent === 'remember' && own !== undefined && kind === 'https',
    accountUrl: accountPage && own ? accountUrl(issuer) : undefined,
    policies: { privacy: documentation.policy, terms: documentation.terms },
  }
}

function introduced({ clients }: Pick<Server, 'clients'>, client: RegisteredClient): ConsentPage['client'] {
  const { client_id, client_name, client_uri, client_id_issued_at, source } = client
  return {
    id: client_id,
    name: client_name,
    uri: client_uri,
    listed: isOperators(client),
    verifiedDomain: source === 'document' ? new URL(client_id).host : undefined,
    doubted: clients.isDoubted(client),
    registeredAt: source === 'registered' ? client_id_issued_at : undefined,
    policies: { privacy: client.policy_uri, terms: client.tos_uri },
  }
}

/** Not where the operator gives the name another meaning: the words would not say what the provider is asked for. */
export function wordsOf(
  provider: Provider,
  scope: string,
  resource: ProtectedResource | undefined,
): Words | undefined {
  const mapping = resource?.scopes.upstream.get(scope)
  if (mapping && !mapping.get(provider.id)?.includes(scope)) return undefined
  const { descriptions = {} } = provider.type === 'oauth' ? provider.scopes : {}
  return Object.hasOwn(descriptions, scope) ? descriptions[scope] : undefined
}

/**
 * What the form's buttons say, and nothing else: yes, by the one provider or by the chosen one, or no. Who would choose the
 * account can, unless the client wants a new sign-in, where the provider asks anyway.
 */
export function decisionOf(
  { asked, offered }: Pending,
  form: Form,
): { provider: string | undefined; prompt?: Prompt | undefined } {
  const [only, ...others] = offered
  const decision = form.get('decision')
  const provider = form.get('provider')
  if (decision === 'deny') return { provider: undefined }
  const isApproval = others.length === 0 ? decision === 'approve' : decision === undefined
  const chosen = offered.find(({ id }) => id === (others.length === 0 ? (provider ?? only?.id) : provider))
  if (!isApproval || !chosen) throw new OAuthError('invalid_request', 'The form says neither yes nor no.')
  const chooses = form.get('account') === 'choose' && canAsk(chosen, 'select_account')
  return { provider: chosen.id, prompt: asked.prompt ?? (chooses ? 'select_account' : undefined) }
}

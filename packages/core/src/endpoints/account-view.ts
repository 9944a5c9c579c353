import type { UnusableClient } from '../clients/known-clients.ts'
import { redirectKind } from '../clients/redirect-uri.ts'
import { sha256 } from '../crypto/hash.ts'
import type { OwnEngine } from '../engine/engine.ts'
import type { GrantSummary } from '../engine/grant-administration.ts'
import type { SignInSession } from '../engine/sign-in-session.ts'
import { isNamed } from '../errors.ts'
import type { AccountClient, AccountPage } from '../pages/account.ts'
import { isOperators } from '../records/client-metadata.ts'
import { wordsOf } from './consent-form.ts'
import { accountUrl } from './locations.ts'
import type { Server } from './server.ts'

export type AccountServer = Server & { own: OwnEngine }

/** Clients that one page shows. */
const mostClients = 200

/** What one account let in. */
export async function showAccount(
  server: AccountServer,
  request: Request,
  person: SignInSession,
  more: Pick<AccountPage, 'notice' | 'at'> = {},
): Promise<Response> {
  const { emit, forms, issuer, own, pages, providers } = server
  const { account, subject, provider } = person
  const { csrf, cookie } = forms.issue(request, person.id_hash)
  const label = providers.find(({ id }) => id === provider)?.label ?? provider
  const [grants, keys] = await Promise.all([own.grants.list(subject), own.apiKeys.list(subject)])
  const clients = byClient(grants)
  const shown = clients.slice(0, mostClients)
  const response = await pages.for(request).account({
    account: { name: account, provider: { id: provider, label } },
    severalProviders: providers.length > 1,
    clients: await Promise.all(shown.map((own) => clientOf(server, person, own))),
    unlisted: clients.length - shown.length,
    apiKeys: keys.map(({ id, name, hint, created_at, used_at, expires_at }) => ({
      ...{ id, anchor: anchorOf({ key: id }), name, hint },
      ...{ since: created_at, used_at, ends_at: expires_at },
    })),
    ...more,
    anotherUrl: `${accountUrl(issuer)}?account=choose`,
    csrf,
    action: accountUrl(issuer),
  })
  response.headers.append('set-cookie', cookie)
  emit({ type: 'account.shown', subject })
  return response
}

/** Where on the page something stands; `everything` for all at once. */
export function anchorOf({
  client_id,
  key,
}: {
  client_id?: string | undefined
  key?: string | undefined
}): string {
  if (client_id !== undefined) return `app-${sha256(client_id).slice(0, 16)}`
  return key === undefined ? 'everything' : `key-${sha256(key).slice(0, 16)}`
}

/** The grants of each client together: those in doubt first, and then the last used. */
function byClient(grants: readonly GrantSummary[]): readonly (readonly [GrantSummary, ...GrantSummary[]])[] {
  const clients = new Map<string, [GrantSummary, ...GrantSummary[]]>()
  for (const grant of grants) {
    const earlier = clients.get(grant.client_id)
    if (earlier) earlier.push(grant)
    else clients.set(grant.client_id, [grant])
  }
  const rank = (own: readonly GrantSummary[]) =>
    own.some(isDoubted) ? Number.POSITIVE_INFINITY : Math.max(...own.map(({ used_at }) => used_at))
  return [...clients.values()].sort((a, b) => (rank(a) === rank(b) ? 0 : rank(b) - rank(a)))
}

function isDoubted({ doubted_at }: GrantSummary): boolean {
  return doubted_at !== undefined
}

/** One client, from its grants, newest first. */
async function clientOf(
  server: AccountServer,
  { provider }: SignInSession,
  own: readonly [GrantSummary, ...GrantSummary[]],
): Promise<AccountClient> {
  const [{ client_id, client_name }] = own
  const kinds = own.map(({ redirect_uri }) => redirectKind(redirect_uri))
  const longest = own.reduce((a, b) => (b.ends_at > a.ends_at ? b : a))
  return {
    id: client_id,
    anchor: anchorOf({ client_id }),
    name: client_name,
    ...(await standingOf(server, client_id)),
    // Programs on the person's device take another port each time.
    destinations: [
      ...new Set(kinds.map(({ kind, host }) => (kind === 'loopback' ? host.replace(/:\d+$/, '') : host))),
    ],
    // What can be believed of the name is what holds for the weakest of them.
    kind: kinds.map(({ kind }) => kind).find((kind) => kind !== 'https') ?? 'https',
    access: accessOf(server, provider, own),
    since: Math.min(...own.map(({ created_at }) => created_at)),
    used_at: Math.max(...own.map(({ used_at }) => used_at)),
    ends_at: longest.ends_at,
    endsForDisuse: longest.ends_at < longest.expires_at && !isDoubted(longest),
    doubted: own.some(isDoubted),
  }
}

/** Whose name it is, without asking anybody outside. */
async function standingOf(
  { clients }: AccountServer,
  client_id: string,
): Promise<Pick<AccountClient, 'listed' | 'verifiedDomain'>> {
  const client = await clients.get(client_id, 'none').catch((error: unknown) => {
    if (isNamed<UnusableClient>(error, 'UnusableClient')) return undefined
    throw error
  })
  if (client?.source === 'document') return { verifiedDomain: new URL(client_id).host }
  return { listed: client !== undefined && isOperators(client) }
}

/** Per resource, all that is allowed there. */
function accessOf(
  { providers, resources }: AccountServer,
  provider: string,
  grants: readonly GrantSummary[],
): AccountClient['access'] {
  const signedInWith = providers.find(({ id }) => id === provider)
  return [...new Set(grants.map(({ resource }) => resource))].map((url) => {
    const resource = resources.find(({ identifier }) => identifier === url)
    const scopes = new Set(grants.filter((grant) => grant.resource === url).flatMap((grant) => grant.scopes))
    return {
      resource: { url, name: resource?.name },
      scopes: [...scopes].map((name) => ({
        name,
        description: resource?.scopes.descriptions.get(name),
        providerWords: signedInWith && wordsOf(signedInWith, name, resource),
      })),
    }
  })
}

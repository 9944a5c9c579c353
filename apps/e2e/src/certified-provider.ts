import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import Provider, { type Configuration, interactionPolicy } from 'oidc-provider'
import { freePort } from './frameworks.ts'

export interface CertifiedProvider {
  issuer: string
  /** Parameters of the authorization requests it got, oldest first. */
  authorizations: Record<string, string>[]
  close(): Promise<void>
}

/** node-oidc-provider on a port of this machine, with its own pages for signing in; anybody may be anyone. */
export async function certifiedProvider({
  redirect_uri,
  features,
  accounts,
}: {
  /** Of the one client that it knows. Default: there is none. */
  redirect_uri?: string
  features?: Configuration['features']
  /** Among whom it has people choose, where it is asked to (`prompt=select_account`). Default: it refuses to be asked. */
  accounts?: readonly string[]
}): Promise<CertifiedProvider> {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  const authorizations: Record<string, string>[] = []
  const policy = interactionPolicy.base()
  const choice = new interactionPolicy.Prompt({ name: 'select_account', requestable: true })
  if (accounts) policy.add(choice, 0)
  const provider = new Provider(issuer, {
    interactions: { policy },
    clients: (redirect_uri === undefined ? [] : [redirect_uri]).map((uri) => ({
      client_id: 'drawbridge',
      client_secret: 'a secret: with + and %',
      redirect_uris: [uri],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    })),
    claims: { email: ['email'] },
    features: { revocation: { enabled: true, allowedPolicy: () => true }, ...features },
    pkce: { required: () => true },
    cookies: { keys: ['for tests only'] },
    // Written out, since each default says at length that it is one.
    ttl: {
      AccessToken: 3600,
      Grant: 3600,
      IdToken: 3600,
      Interaction: 3600,
      RefreshToken: 86_400,
      Session: 3600,
    },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.com` }),
    }),
  })
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', issuer)
    if (url.pathname === '/auth') authorizations.push(Object.fromEntries(url.searchParams))
    if (accounts && request.headers.cookie && /^\/interaction\/[^/]+(\/choose)?$/.test(url.pathname)) {
      choose(provider, accounts, request, response)
        .then(async (isDone) => {
          if (!isDone) await provider.callback()(request, response)
        })
        .catch(() => response.writeHead(500).end())
    } else provider.callback()(request, response)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    issuer,
    authorizations,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** The page for choosing an account, which the provider has none of its own for. Resolves to whether it was that. */
async function choose(
  provider: Provider,
  accounts: readonly string[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const { prompt, uid } = await provider.interactionDetails(request, response)
  if (prompt.name !== 'select_account') return false
  if (request.method === 'POST') {
    let body = ''
    for await (const chunk of request) body += chunk
    const accountId = new URLSearchParams(body).get('account') ?? ''
    await provider.interactionFinished(request, response, { select_account: {}, login: { accountId } })
    return true
  }
  const buttons = accounts.map((account) => `<button name="account" value="${account}">${account}</button>`)
  const form = `<form method="post" action="/interaction/${uid}/choose">${buttons.join('')}</form>`
  response.writeHead(200, { 'content-type': 'text/html' }).end(`<h1>Choose an account</h1>${form}`)
  return true
}

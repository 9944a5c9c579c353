import { createServer } from 'node:http'
import Provider, { type Configuration } from 'oidc-provider'
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
}: {
  /** Of the one client that it knows. Default: there is none. */
  redirect_uri?: string
  features?: Configuration['features']
}): Promise<CertifiedProvider> {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  const authorizations: Record<string, string>[] = []
  const provider = new Provider(issuer, {
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
    provider.callback()(request, response)
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

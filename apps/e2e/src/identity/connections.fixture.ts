import { type DrawbridgeEvent, memory, oauthServer } from '@drawbridge/core'
import {
  browser,
  type DevOidcOptions,
  devOidc,
  fakeClock,
  network,
  oauthClient,
  type TokenBody,
} from '@drawbridge/testing'
import { likeGoogle } from '../oidc-world.ts'
import { slowStore } from '../slow-store.ts'
import { issuer, resource, secret } from '../world.ts'

export const upstream = 'https://login.test'

/** A provider like Google: a refresh token at a consent only, and a revocation that ends everything of a user. */
export function started(
  refreshTokens: DevOidcOptions['refreshTokens'] = 'on consent',
  different: DevOidcOptions = {},
) {
  const clock = fakeClock()
  const events: DrawbridgeEvent[] = []
  const dev = devOidc({
    clock,
    refreshTokens,
    rotation: false,
    revocation: 'user',
    apps: ['dev-client', 'next-client'].map((clientId) => ({ clientId, clientSecret: 'dev-secret' })),
    ...different,
  })
  let before: (request: Request) => Promise<Response | undefined> = async () => undefined
  const fetch = network({
    [upstream]: async (request) => {
      return (await before(request)) ?? dev.fetch(request)
    },
    [issuer]: async (request) => {
      const handled = await auth.handle(request)
      if (handled) return handled
      const gate = await auth.authenticate(request)
      return gate.ok ? Response.json(gate.auth) : gate.response
    },
  })
  const { storage, holdNext } = slowStore(memory({ clock }))
  const instance = (clientId = 'dev-client') => {
    const { provider } = likeGoogle
    return oauthServer({
      issuer,
      secret,
      clock,
      fetch,
      storage,
      onEvent: (event) => events.push(event),
      log: false,
      provider: { ...provider, client: { ...provider.client, id: clientId } },
      scopes: ['email', 'calendar'],
    })
  }
  let auth = instance()
  const upstreamToken = async ({ access_token }: Pick<TokenBody, 'access_token'>) => {
    const headers = { authorization: `Bearer ${access_token}` }
    const result = await auth.authenticate(new Request(resource, { headers }))
    if (!result.ok) throw new Error(`the gate answered ${result.response.status}`)
    return auth.upstreamToken(result.auth)
  }
  const install = async (scope = 'email') => {
    const app = oauthClient({ mcpUrl: resource, fetch })
    const tokens = await app.login(browser({ fetch, clock }), { user: 'ada', parameters: { scope } })
    const later = async () => (await app.refresh(tokens.refresh_token)).body as TokenBody
    return { app, tokens, later }
  }
  return {
    clock,
    dev,
    events,
    fetch,
    holdNext,
    install,
    upstreamToken,
    authorizations: () =>
      dev.requests.filter(({ method, path }) => method === 'GET' && path === '/authorize'),
    onRequest: (listener: typeof before) => {
      before = listener
    },
    restartWith: (clientId: string) => {
      auth = instance(clientId)
    },
  }
}

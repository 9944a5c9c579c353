import { type DrawbridgeEvent, memory, oauthServer, type UpstreamTokenOptions } from '@drawbridge/core'
import type { OAuthProvider } from '@drawbridge/core/provider'
import { getUpstreamToken, mcp } from '@drawbridge/mcp'
import { browser, type DevOidcOptions, devOidc, fakeClock, network, oauthClient } from '@drawbridge/testing'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { entra } from '../providers/entra.ts'
import { issuer, resource, secret } from '../world.ts'

const upstream = 'https://login.test'
export const mail = 'https://graph.test/mail.send'
export const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
/** What an operator may read, and nobody whom a response reaches. */
export const theirWords = 'AADSTS65001: send them to the administrator'

/** Stands between the server and the provider's token endpoint, where it is asked on behalf of somebody. */
type Between = (answer: () => Promise<Response>) => Promise<Response>

/** Two people have signed in with a provider like Entra at a server with one tool. */
export async function started(
  options: {
    provider?: (base: OAuthProvider) => OAuthProvider
    onBehalfOf?: DevOidcOptions['onBehalfOf']
  } = {},
) {
  const clock = fakeClock()
  const events: DrawbridgeEvent[] = []
  const asked: Record<string, string>[] = []
  const way: { between: Between } = { between: (answer) => answer() }
  const dev = devOidc({
    clock,
    discovery: false,
    userinfo: false,
    revocation: 'none',
    refreshIdToken: false,
    users: ['ada', 'grace'].map((sub) => ({ sub, tid: 'acme', oid: `oid-${sub}`, name: sub })),
    issuerOf: ({ tid }, origin) => `${origin}/${tid}/v2.0`,
    scopesNamed: (all) => all.filter((name) => name.includes('://')),
    onBehalfOf: options.onBehalfOf ?? true,
  })
  const fetch = network({
    [upstream]: async (request) => {
      const form = Object.fromEntries(new URLSearchParams(await request.clone().text()))
      if (form.grant_type !== jwtBearer) return dev.fetch(request)
      asked.push(form)
      return way.between(() => dev.fetch(request))
    },
    [issuer]: (request) => served.fetch(request),
  })
  const auth = oauthServer({
    issuer,
    secret,
    clock,
    fetch,
    storage: memory({ clock }),
    onEvent: (event) => events.push(event),
    log: false,
    provider: (options.provider ?? ((base) => base))(entra(upstream)),
    scopes: ['files.read', 'files.write'],
  })
  const served = mcp({
    auth,
    responses: 'json',
    server: () => {
      const server = new McpServer({ name: 'mail', version: '1.0.0' })
      server.registerTool('send_mail', {}, async () => {
        const { access_token } = await getUpstreamToken({ scopes: [mail] })
        return { content: [{ type: 'text', text: dev.works(access_token) ? 'sent' : 'not sent' }] }
      })
      return server
    },
  })

  const signIn = async (user: string) => {
    const app = oauthClient({ mcpUrl: resource, fetch })
    const person = browser({ fetch, clock })
    const tokens = await app.login(person, { user, parameters: { scope: 'files.read' } })
    const headers = { authorization: `Bearer ${tokens.access_token}` }
    const gate = await auth.authenticate(new Request(resource, { headers }))
    if (!gate.ok) throw new Error(`the gate answered ${gate.response.status}`)
    const { auth: info } = gate
    const callTool = async () => {
      const response = await fetch(resource, {
        method: 'POST',
        headers: {
          ...headers,
          accept: 'application/json, text/event-stream',
          'content-type': 'application/json',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'send_mail' } }),
      })
      const { result } = (await response.json()) as { result: { content: { text: string }[] } }
      return result.content[0]?.text
    }
    return { app, tokens, callTool, token: (want?: UpstreamTokenOptions) => auth.upstreamToken(info, want) }
  }
  return {
    ...(await signIn('ada')),
    grace: await signIn('grace'),
    asked,
    clock,
    dev,
    refreshes: () => dev.requests.filter(({ parameters }) => parameters.grant_type === 'refresh_token'),
    told: () => events.filter(({ type }) => type.startsWith('upstream.')),
    between: (next: Between) => {
      way.between = next
    },
  }
}

/** Changes what the provider answers. */
export const changed =
  (members: Record<string, unknown>): Between =>
  async (answer) =>
    Response.json({ ...(await (await answer()).json()), ...members })

export const refused = (error: string, status = 400) =>
  Response.json({ error, error_description: theirWords }, { status })

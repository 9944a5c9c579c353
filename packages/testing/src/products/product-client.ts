import type { Browser } from '../driver/browser.ts'
import {
  type ClientCredentials,
  type OAuthClient,
  oauthClient,
  type PendingAuthorization,
  type ServerMetadata,
  type TokenBody,
} from '../driver/oauth-client.ts'
import { overNetwork, type Send } from '../driver/send.ts'
import { type SignInOptions, signIn } from '../driver/sign-in.ts'
import type { ClientKey } from './client-key.ts'
import type { Product, Way } from './product.ts'
import { productTransport } from './transport.ts'

export interface ProductClientOptions {
  /** The MCP endpoint, as a user would type it. */
  mcpUrl: string
  /** How it makes itself known. It must be one of the product's. */
  way: Way
  /** For `static`: what somebody has written into its settings. */
  credentials?: ClientCredentials | undefined
  /** For a document that offers `private_key_jwt`, which it then prefers where the server does. */
  key?: ClientKey | undefined
  /** Which of the product's redirect URIs is used, by its place in `waitsAt`. Default: the first. */
  redirect?: number | undefined
  /** Sends each request. Default: over the network. For servers inside the process, a `network`. */
  fetch?: Send | undefined
}

/** One process of a product: it starts, signs somebody in, calls, refreshes. */
export interface ProductClient {
  /** The single steps, for what the product would not do by itself. */
  readonly client: OAuthClient
  /** What it keeps; several processes of one installation share them. */
  tokens: TokenBody | undefined
  /** Everything up to the browser: probes, discovery, and making itself known. */
  begin(): Promise<PendingAuthorization>
  /**
   * Everything after it.
   *
   * @throws Error when the answer is not what the product insists on, or is a refusal
   */
  finish(pending: PendingAuthorization, callback: URL): Promise<TokenBody>
  /** All of it: somebody connects the product to a server. */
  connect(browser: Browser, choices?: SignInOptions): Promise<TokenBody>
  /** Calls the MCP endpoint with the access token. Default: a `ping`. */
  call(method?: string, params?: Readonly<Record<string, unknown>>): Promise<Response>
  /**
   * Renews the tokens as the product does, with one of several parallel requests where that is its habit.
   *
   * @throws Error when any of them is refused
   */
  refresh(): Promise<TokenBody>
}

let nextPort = 49_152

/**
 * A simulator of one product, driven by its entry in `products`: it sends what the product sends, at the places where the
 * product waits, and throws at what the product would not put up with.
 *
 * @throws TypeError when the product has no such way, or it lacks what the way needs
 * @example
 * ```ts
 * const cursor = products.find(({ name }) => name === 'Cursor')
 * const app = productClient(cursor, { mcpUrl: 'https://mcp.acme.dev/mcp', way: 'registration' })
 * await app.connect(browser(), { user: 'octocat' })
 * ```
 */
export function productClient(product: Product, options: ProductClientOptions): ProductClient {
  const { way, mcpUrl, key } = options
  const { name, habits = {} } = product
  const use = product.ways[way]
  if (!use) throw new TypeError(`${name} does not know the way "${way}"`)
  const port = String(nextPort++)
  const filled = (uri: string) => uri.replace('{port}', port)
  const waitsAt = use.waitsAt[options.redirect ?? 0]
  if (waitsAt === undefined) throw new TypeError(`${name} has no redirect URI number ${options.redirect}`)
  const redirectUri = filled(waitsAt)
  const send = productTransport(options.fetch ?? overNetwork, habits)
  const client = oauthClient({ mcpUrl, redirectUri, fetch: send, credentials: options.credentials })
  const fail = (what: string): never => {
    throw new Error(`${name}: ${what}`)
  }

  async function probe(method: string): Promise<void> {
    const response = await send(new Request(mcpUrl, { method, headers: { accept: 'text/event-stream' } }))
    const challenge = response.headers.get('www-authenticate') ?? ''
    if (response.status !== 401 || !/^Bearer \w/.test(challenge)) {
      fail(`a ${method} without a token was answered with ${response.status} and "${challenge}"`)
    }
  }

  async function register(): Promise<void> {
    const { metadata } = product.ways.registration ?? fail('it has nothing to register with')
    const redirect_uris = metadata.redirect_uris.map(filled)
    const answer = await client.register({ ...metadata, redirect_uris })
    if (answer.status !== 201) fail(`registration: ${answer.status} ${answer.text}`)
    if (JSON.stringify(answer.body.redirect_uris) !== JSON.stringify(redirect_uris)) {
      fail(`registered ${redirect_uris.join(', ')} and was told ${answer.body.redirect_uris}`)
    }
  }

  async function introduce(server: ServerMetadata): Promise<void> {
    if (way === 'static') client.credentials ?? fail('nobody has written a client into its settings')
    else if (way === 'document')
      client.credentials = documentCredentials(product, server, key) ?? fail('no documents')
    else if (!client.credentials || habits.registersAgain) await register()
  }

  async function wantedScope(): Promise<string | undefined> {
    if (habits.sendsNoScope) return undefined
    const { challenge = '', resource } = await client.discover()
    return /\bscope="([^"]*)"/.exec(challenge)?.[1] ?? resource?.scopes_supported?.join(' ')
  }

  const it: ProductClient = {
    client,
    tokens: undefined,
    async begin() {
      for (const method of habits.probes ?? ['POST']) await probe(method)
      const { server } = await client.discover()
      if (!list(server.code_challenge_methods_supported).includes('S256'))
        fail('the server does not say S256')
      await introduce(server)
      return client.authorize({ scope: await wantedScope() })
    },
    async finish(pending, callback) {
      const { server } = await client.discover()
      const { state, iss, code, error, error_description } = Object.fromEntries(callback.searchParams)
      if (state !== pending.state) fail('the state came back changed')
      const isUnproven = server.authorization_response_iss_parameter_supported === true && iss === undefined
      if (habits.enforcesIss && (isUnproven || (iss ?? server.issuer) !== server.issuer)) {
        fail(`iss is ${iss}, the issuer is ${server.issuer}`)
      }
      if (code === undefined) fail(`no code: ${error} ${error_description ?? ''}`)
      return kept(await client.exchange(pending, callback))
    },
    async connect(browser, choices) {
      const pending = await it.begin()
      return it.finish(pending, await signIn(browser, pending.url, choices))
    },
    call(method = 'ping', params = {}) {
      const headers = {
        authorization: `Bearer ${it.tokens?.access_token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      }
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
      return send(new Request(mcpUrl, { method: 'POST', headers, body }))
    },
    async refresh() {
      const token = it.tokens?.refresh_token
      const times = Array.from({ length: habits.parallelRefreshes ?? 1 })
      const answers = await Promise.all(times.map(() => client.refresh(token)))
      const [last] = answers.map(kept).slice(-1)
      return last ?? fail('it did not refresh')
    },
  }

  function kept(answer: Awaited<ReturnType<OAuthClient['refresh']>>): TokenBody {
    const { access_token, token_type, scope, expires_in } = answer.body
    if (answer.status !== 200) fail(`no tokens: ${answer.status} ${answer.text}`)
    if (!access_token || token_type?.toLowerCase() !== 'bearer') fail(`no bearer token: ${answer.text}`)
    if (typeof scope !== 'string' || typeof expires_in !== 'number')
      fail('no scope or lifetime in the answer')
    it.tokens = { ...it.tokens, ...(answer.body as TokenBody) }
    return it.tokens
  }
  return it
}

/** How a product is known by its document, or undefined where the server does not take it. */
function documentCredentials(
  { ways: { document } }: Product,
  server: ServerMetadata,
  key: ClientKey | undefined,
): ClientCredentials | undefined {
  const taken = list(server.token_endpoint_auth_methods_supported)
  const { metadata, url = '', onlyWith } = document ?? {}
  if (server.client_id_metadata_document_supported !== true) return undefined
  if (onlyWith !== undefined && !taken.includes(onlyWith)) return undefined
  const offered = [
    metadata?.token_endpoint_auth_method,
    ...list(metadata?.token_endpoint_auth_methods_supported),
  ]
  const method = offered.find(
    (name) => typeof name === 'string' && taken.includes(name) && (name !== 'private_key_jwt' || key),
  )
  if (typeof method !== 'string') return undefined
  return {
    client_id: url,
    token_endpoint_auth_method: method,
    assertion: key && ((audience) => key.assertion(url, audience)),
  }
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

import type { Browser } from './browser.ts'
import { overNetwork, type Send } from './send.ts'
import { type SignInOptions, signIn } from './sign-in.ts'

/** An HTTP answer, as it came. Nothing is thrown for an error status: tests want to see it. */
export interface Answer<Body> {
  status: number
  headers: Headers
  /** The parsed JSON; an empty object when there was none. */
  body: Partial<Body>
  text: string
}

/** RFC 6749 5.2, and the same shape at registration (RFC 7591 3.2.2). */
export interface ErrorBody {
  error: string
  error_description: string
}

/** RFC 6749 5.1. */
export interface TokenBody extends ErrorBody {
  access_token: string
  token_type: string
  /** Seconds. */
  expires_in: number
  scope: string
  refresh_token: string
}

/** RFC 7591 3.2.1. */
export interface RegistrationBody extends ErrorBody {
  client_id: string
  client_secret: string
  client_id_issued_at: number
  client_secret_expires_at: number
  redirect_uris: string[]
  token_endpoint_auth_method: string
  grant_types: string[]
  [member: string]: unknown
}

/** RFC 9728 2, as far as clients use it. */
export interface ResourceMetadata {
  resource: string
  authorization_servers: string[]
  scopes_supported?: string[]
  [member: string]: unknown
}

/** RFC 8414 2, as far as clients use it. */
export interface ServerMetadata {
  issuer: string
  authorization_endpoint: string
  token_endpoint: string
  registration_endpoint?: string
  revocation_endpoint?: string
  introspection_endpoint?: string
  scopes_supported?: string[]
  [member: string]: unknown
}

/** How a client is known to the server. */
export interface ClientCredentials {
  client_id: string
  client_secret?: string | undefined
  /** Default: `none` without a secret, `client_secret_basic` with one. */
  token_endpoint_auth_method?: string | undefined
  /** For `private_key_jwt` (RFC 7523 2.2): signs an assertion for this audience, which is the issuer. */
  assertion?: ((audience: string) => Promise<string>) | undefined
}

/** Request parameters. `undefined` leaves a parameter out that would have been sent, a list repeats it. */
export type Parameters = Readonly<Record<string, string | readonly string[] | undefined>>

/** An authorization request on its way, and what it takes to redeem its code. */
export interface PendingAuthorization {
  /** What the browser opens. */
  url: URL
  state: string
  code_verifier: string
  redirect_uri: string
  resource: string | undefined
}

export interface OAuthClientOptions {
  /** The MCP endpoint, as a user would type it. Either this or `issuer`. */
  mcpUrl?: string | undefined
  /** The authorization server, for tests that have no resource. */
  issuer?: string | undefined
  /** Default `http://127.0.0.1:33418/callback`, where nobody listens. */
  redirectUri?: string | undefined
  /** For a client known beforehand. Left out: `register` first. */
  credentials?: ClientCredentials | undefined
  /** Sends each request. Default: over the network. For servers inside the process, a `network`. */
  fetch?: Send | undefined
}

export interface OAuthClient {
  /** Set by `register`; may be replaced to pretend to be somebody else. */
  credentials: ClientCredentials | undefined
  /**
   * Finds the authorization server the way MCP clients do: the 401 of the MCP endpoint, its metadata (RFC 9728), the
   * first authorization server's (RFC 8414). Asked once.
   *
   * @throws Error when a step fails, or a document contradicts the URL it came from
   */
  discover(): Promise<Discovery>
  /** RFC 7591. Metadata replaces the defaults: a public client with one redirect URI. A 201 sets `credentials`. */
  register(metadata?: Readonly<Record<string, unknown>>): Promise<Answer<RegistrationBody>>
  /** An authorization request with PKCE S256, `state` and `resource`. */
  authorize(parameters?: Parameters): Promise<PendingAuthorization>
  /** RFC 6749 4.1.3. `callback` is what {@link signIn} returned. */
  exchange(pending: PendingAuthorization, callback: URL, parameters?: Parameters): Promise<Answer<TokenBody>>
  /** RFC 6749 6. Like the official clients: no scope. */
  refresh(refresh_token: string | undefined, parameters?: Parameters): Promise<Answer<TokenBody>>
  /** RFC 7009. */
  revoke(token: string | undefined, parameters?: Parameters): Promise<Answer<ErrorBody>>
  /** RFC 7662. */
  introspect(token: string | undefined, parameters?: Parameters): Promise<Answer<Record<string, unknown>>>
  /**
   * All of it: registers unless known, signs in, checks `state` and `iss` as strict clients do, redeems the code.
   *
   * @throws Error when the sign-in ends without tokens
   */
  login(
    browser: Browser,
    options?: SignInOptions & { parameters?: Parameters | undefined },
  ): Promise<TokenBody>
}

export interface Discovery {
  /** Absent when the client was given an issuer. */
  resource?: ResourceMetadata | undefined
  server: ServerMetadata
  /** The `WWW-Authenticate` of the MCP endpoint's 401. */
  challenge?: string | undefined
}

/**
 * An MCP client as far as OAuth goes, made of separate steps: each takes parameters that replace or remove its own, so
 * that a test can send what an honest client never would.
 *
 * @throws TypeError when neither `mcpUrl` nor `issuer` is given
 * @example
 * ```ts
 * const client = oauthClient({ mcpUrl: 'https://mcp.acme.dev/mcp' })
 * const tokens = await client.login(browser(), { user: 'octocat' })
 * const stolen = await client.refresh(tokens.refresh_token, { client_id: 'somebody-else' })
 * ```
 */
export function oauthClient(options: OAuthClientOptions): OAuthClient {
  const {
    mcpUrl,
    issuer,
    redirectUri = 'http://127.0.0.1:33418/callback',
    fetch: send = overNetwork,
  } = options
  if (!mcpUrl && !issuer) throw new TypeError('oauthClient needs an mcpUrl or an issuer')
  let found: Promise<Discovery> | undefined

  async function find(): Promise<Discovery> {
    if (!mcpUrl) return { server: await serverMetadata(send, issuer ?? '') }
    const unauthorized = await send(mcpRequest(mcpUrl))
    const challenge = unauthorized.headers.get('www-authenticate') ?? ''
    const url = /\bresource_metadata="([^"]+)"/.exec(challenge)?.[1]
    if (unauthorized.status !== 401 || !url) {
      throw new Error(`${mcpUrl} answered ${unauthorized.status} and "${challenge}" instead of a challenge`)
    }
    const resource = await document<ResourceMetadata>(send, url)
    if (resource.resource !== mcpUrl) throw new Error(`${url} is about ${resource.resource}, not ${mcpUrl}`)
    const [first] = resource.authorization_servers
    if (!first) throw new Error(`${url} names no authorization server`)
    return { resource, server: await serverMetadata(send, first), challenge }
  }

  async function endpoint(name: 'registration' | 'token' | 'revocation' | 'introspection'): Promise<string> {
    const url = (await client.discover()).server[`${name}_endpoint`]
    if (typeof url !== 'string') throw new Error(`The authorization server has no ${name}_endpoint`)
    return url
  }

  async function post<Body>(
    url: string,
    own: Parameters,
    parameters: Parameters = {},
  ): Promise<Answer<Body>> {
    const { headers, body } = await authenticated(client.credentials, (await client.discover()).server.issuer)
    const form = formOf({ ...body, ...own, ...parameters })
    return answerOf(await send(new Request(url, { method: 'POST', headers, body: form })))
  }

  const client: OAuthClient = {
    credentials: options.credentials,
    discover: () => {
      found ??= find()
      return found
    },
    async register(metadata = {}) {
      const body = {
        client_name: 'Test client',
        redirect_uris: [redirectUri],
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        ...metadata,
      }
      const headers = { 'content-type': 'application/json' }
      const answer = await answerOf<RegistrationBody>(
        await send(
          new Request(await endpoint('registration'), {
            method: 'POST',
            headers,
            body: JSON.stringify(body),
          }),
        ),
      )
      const { client_id, client_secret, token_endpoint_auth_method } = answer.body
      if (answer.status === 201 && client_id) {
        client.credentials = { client_id, client_secret, token_endpoint_auth_method }
      }
      return answer
    },
    async authorize(parameters = {}) {
      const { server, resource } = await client.discover()
      const code_verifier = random()
      const state = random()
      const own = {
        response_type: 'code',
        client_id: client.credentials?.client_id,
        redirect_uri: redirectUri,
        state,
        code_challenge: await s256(code_verifier),
        code_challenge_method: 'S256',
        resource: resource?.resource,
      }
      const url = new URL(server.authorization_endpoint)
      for (const [name, value] of formOf({ ...own, ...parameters })) url.searchParams.append(name, value)
      return {
        url,
        state: url.searchParams.get('state') ?? '',
        code_verifier,
        redirect_uri: url.searchParams.get('redirect_uri') ?? redirectUri,
        resource: url.searchParams.get('resource') ?? undefined,
      }
    },
    async exchange({ code_verifier, redirect_uri, resource }, callback, parameters) {
      const code = callback.searchParams.get('code') ?? undefined
      const own = { grant_type: 'authorization_code', code, code_verifier, redirect_uri, resource }
      return post(await endpoint('token'), own, parameters)
    },
    async refresh(refresh_token, parameters) {
      const resource = (await client.discover()).resource?.resource
      return post(
        await endpoint('token'),
        { grant_type: 'refresh_token', refresh_token, resource },
        parameters,
      )
    },
    revoke: async (token, parameters) => post(await endpoint('revocation'), { token }, parameters),
    introspect: async (token, parameters) => post(await endpoint('introspection'), { token }, parameters),
    async login(browser, { parameters, ...choices } = {}) {
      if (!client.credentials) {
        const registration = await client.register()
        if (!client.credentials) throw new Error(`Registration: ${registration.status} ${registration.text}`)
      }
      const pending = await client.authorize(parameters)
      const callback = await signIn(browser, pending.url, choices)
      const { server } = await client.discover()
      const returned = Object.fromEntries(callback.searchParams)
      if (returned.state !== pending.state) throw new Error('The state came back changed')
      if (server.authorization_response_iss_parameter_supported && returned.iss !== server.issuer) {
        throw new Error(`iss is ${returned.iss}, the issuer is ${server.issuer}`)
      }
      if (!returned.code) throw new Error(`No code: ${returned.error} ${returned.error_description ?? ''}`)
      const answer = await client.exchange(pending, callback)
      if (answer.status !== 200) throw new Error(`No tokens: ${answer.status} ${answer.text}`)
      return answer.body as TokenBody
    },
  }
  return client
}

/** The metadata of an issuer (RFC 8414 3): the well-known path goes between host and path. */
async function serverMetadata(send: Send, issuer: string): Promise<ServerMetadata> {
  const { origin, pathname } = new URL(issuer)
  const url = `${origin}/.well-known/oauth-authorization-server${pathname.replace(/\/$/, '')}`
  const metadata = await document<ServerMetadata>(send, url)
  if (metadata.issuer !== issuer) throw new Error(`${url} is about ${metadata.issuer}, not ${issuer}`)
  return metadata
}

async function document<Body>(send: Send, url: string): Promise<Body> {
  const response = await send(new Request(url, { headers: { accept: 'application/json' } }))
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`)
  return (await response.json()) as Body
}

function mcpRequest(url: string): Request {
  return new Request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
  })
}

/** How the client says who it is (RFC 6749 2.3). Basic goes without percent-encoding, as official clients send it. */
async function authenticated(
  credentials: ClientCredentials | undefined,
  issuer: string,
): Promise<{ headers: HeadersInit; body: Parameters }> {
  if (!credentials) return { headers: {}, body: {} }
  const { client_id, client_secret, assertion } = credentials
  const method = credentials.token_endpoint_auth_method ?? (client_secret ? 'client_secret_basic' : 'none')
  if (method === 'client_secret_basic') {
    return { headers: { authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}` }, body: {} }
  }
  if (method === 'private_key_jwt') {
    const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
    const client_assertion = await assertion?.(issuer)
    return { headers: {}, body: { client_id, client_assertion_type, client_assertion } }
  }
  return { headers: {}, body: method === 'none' ? { client_id } : { client_id, client_secret } }
}

function formOf(parameters: Parameters): URLSearchParams {
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) {
    for (const each of typeof value === 'string' ? [value] : (value ?? [])) form.append(name, each)
  }
  return form
}

async function answerOf<Body>(response: Response): Promise<Answer<Body>> {
  const text = await response.text()
  let body: Partial<Body> = {}
  try {
    body = JSON.parse(text) as Partial<Body>
  } catch {
    // Not JSON: `text` has it.
  }
  return { status: response.status, headers: response.headers, body, text }
}

function random(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url')
}

async function s256(verifier: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))
  return Buffer.from(digest).toString('base64url')
}

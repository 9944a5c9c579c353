import { createHash, randomBytes } from 'node:crypto'
import { type Answer, type Connection, connection, headerValues, requestText } from './connection.ts'
import type { StubProvider } from './stub-provider.ts'

/** What a server says of itself once it listens. */
export interface Listening {
  port: number
  /** Where its clients begin: the MCP endpoint, which answers 401. Absent: they are told the issuer. */
  mcpPath?: string | undefined
  /** For a known resource, RFC 8707. */
  resource?: string | undefined
  scope?: string | undefined
  /** Beside what every client registers with. */
  registration?: Readonly<Record<string, unknown>> | undefined
  /** Further parameters of the authorization request. */
  parameters?: Readonly<Record<string, string>> | undefined
}

/** What a client knows of a server, and is known as. */
export interface KnownClient {
  authorization: URL
  token: URL
  client_id: string
  client_secret?: string | undefined
}

/** A code, and what it takes to redeem it. */
export interface PendingCode {
  code: string
  code_verifier: string
}

export interface Tokens {
  access_token: string
  refresh_token?: string | undefined
}

/** A person with a browser and an MCP client, who can do one thing at a time. */
export interface Lane {
  /** RFC 9728, RFC 8414 and RFC 7591: what happens before the first sign-in. */
  becomeKnown(): Promise<KnownClient>
  /** From the authorization request to the redirect, in a browser that was never here: with consent, and a sign-in upstream. */
  approve(client: KnownClient): Promise<PendingCode>
  /** RFC 6749 4.1.3. */
  exchange(client: KnownClient, pending: PendingCode): Promise<Tokens>
  /** RFC 6749 6. */
  refresh(client: KnownClient, refresh_token: string): Promise<Tokens>
  /** One request that was made before; throws unless it is answered with 200. */
  repeat(request: string): Promise<Answer>
  close(): void
}

const redirectUri = 'http://127.0.0.1:33418/callback'
const mostHops = 12

/** Opens a {@link Lane}, on one connection of its own. */
export function lane(server: Listening, upstream: StubProvider): Lane {
  const { port } = server
  const origin = `http://127.0.0.1:${port}`
  const wire: Connection = connection(port)

  const get = (url: URL, headers?: Record<string, string>) =>
    wire.send(requestText({ method: 'GET', path: url.pathname + url.search, port, headers }))
  const post = (url: URL, type: string, body: string, headers: Record<string, string> = {}) =>
    wire.send(
      requestText({
        method: 'POST',
        path: url.pathname + url.search,
        port,
        body,
        headers: { ...headers, 'Content-Type': type },
      }),
    )
  const postForm = (url: URL, form: Record<string, string>, headers?: Record<string, string>) =>
    post(url, 'application/x-www-form-urlencoded', new URLSearchParams(form).toString(), headers)
  function tokensOf(answer: Answer): Tokens {
    const tokens: Tokens = expected(answer, 200, 'token endpoint')
    if (!tokens.access_token) throw new Error(`No access token: ${shown(answer)}`)
    return tokens
  }

  async function issuerMetadata(): Promise<Record<string, string>> {
    if (server.mcpPath !== undefined) {
      const refused = await post(new URL(server.mcpPath, origin), 'application/json', '{}', {
        Accept: 'application/json, text/event-stream',
      })
      if (refused.status !== 401) throw new Error(`${server.mcpPath} answered ${shown(refused)}`)
      const [challenge = ''] = headerValues(refused, 'www-authenticate')
      const metadata = /resource_metadata="([^"]+)"/.exec(challenge)?.[1]
      if (metadata) expected(await get(new URL(metadata)), 200, 'resource metadata')
    }
    const found = await get(new URL('/.well-known/oauth-authorization-server', origin))
    if (found.status === 200) return JSON.parse(found.body)
    return expected(await get(new URL('/.well-known/openid-configuration', origin)), 200, 'metadata')
  }

  return {
    async becomeKnown() {
      const metadata = await issuerMetadata()
      const body = {
        client_name: 'Bench',
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
        ...server.registration,
      }
      const url = new URL(metadata.registration_endpoint ?? '')
      const answer = await post(url, 'application/json', JSON.stringify(body))
      const client: KnownClient = expected(answer, [200, 201], 'registration')
      return {
        authorization: new URL(metadata.authorization_endpoint ?? ''),
        token: new URL(metadata.token_endpoint ?? ''),
        client_id: client.client_id,
        client_secret: client.client_secret,
      }
    },

    async approve(client) {
      const code_verifier = randomBytes(32).toString('base64url')
      const state = randomBytes(16).toString('base64url')
      const cookies = new Map<string, string>()
      let url = new URL(client.authorization)
      const asked = {
        response_type: 'code',
        client_id: client.client_id,
        redirect_uri: redirectUri,
        code_challenge: createHash('sha256').update(code_verifier).digest('base64url'),
        code_challenge_method: 'S256',
        state,
        ...(server.scope && { scope: server.scope }),
        ...(server.resource && { resource: server.resource }),
        ...server.parameters,
      }
      for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value)
      const headers = () => browserHeaders(cookies, url)
      let answer = await get(url, headers())
      for (let hop = 0; hop < mostHops; hop++) {
        keepCookies(cookies, answer)
        const [location] = headerValues(answer, 'location')
        if (location !== undefined) {
          url = new URL(location, url)
          if (url.href.startsWith(redirectUri)) return { code: codeOf(url, state), code_verifier }
          if (url.origin === upstream.origin) url = upstream.callback(url)
          // A server that leaves sign-in to its upstream altogether sends the browser straight back to the client.
          if (url.href.startsWith(redirectUri)) return { code: codeOf(url, state), code_verifier }
          answer = await get(url, headers())
        } else {
          const form = formOf(answer)
          url = new URL(form.action, url)
          answer = await postForm(url, form.fields, { ...headers(), Origin: origin })
        }
      }
      throw new Error(`No redirect to the client after ${mostHops} hops, last ${url.href}: ${shown(answer)}`)
    },

    async exchange(client, { code, code_verifier }) {
      const form = { grant_type: 'authorization_code', code, code_verifier, redirect_uri: redirectUri }
      return tokensOf(await postForm(client.token, { ...form, ...credentials(client), ...resource(server) }))
    },
    async refresh(client, refresh_token) {
      const form = { grant_type: 'refresh_token', refresh_token }
      return tokensOf(await postForm(client.token, { ...form, ...credentials(client), ...resource(server) }))
    },
    async repeat(request) {
      const answer = await wire.send(request)
      if (answer.status !== 200) throw new Error(`Answered ${shown(answer)}`)
      return answer
    },
    close: () => wire.close(),
  }
}

function credentials({ client_id, client_secret }: KnownClient): Record<string, string> {
  return client_secret === undefined ? { client_id } : { client_id, client_secret }
}

function resource(server: Listening): Record<string, string> {
  return server.resource === undefined ? {} : { resource: server.resource }
}

function browserHeaders(cookies: ReadonlyMap<string, string>, url: URL): Record<string, string> {
  const Cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  return {
    Accept: 'text/html,application/xhtml+xml',
    'Accept-Language': 'en-US,en;q=0.9',
    Referer: `${url.origin}/`,
    'Sec-Fetch-Site': 'same-origin',
    'Sec-Fetch-Mode': 'navigate',
    'Sec-Fetch-Dest': 'document',
    ...(Cookie && { Cookie }),
  }
}

function keepCookies(cookies: Map<string, string>, answer: Answer): void {
  for (const line of headerValues(answer, 'set-cookie')) {
    const [pair = ''] = line.split(';')
    const at = pair.indexOf('=')
    if (/max-age=0|expires=thu, 01 jan 1970/i.test(line)) cookies.delete(pair.slice(0, at))
    else cookies.set(pair.slice(0, at), pair.slice(at + 1))
  }
}

function codeOf(url: URL, state: string): string {
  const code = url.searchParams.get('code')
  if (!code || url.searchParams.get('state') !== state) throw new Error(`The client got ${url.href}`)
  return code
}

/** The page's form as a person sends it who agrees, and who has no password to remember. */
function formOf(answer: Answer): { action: string; fields: Record<string, string> } {
  const [, attributes = '', content] = /<form\b([^>]*)>([\s\S]*?)<\/form>/i.exec(answer.body) ?? []
  if (answer.status !== 200 || content === undefined) throw new Error(`No form: ${shown(answer)}`)
  const fields: Record<string, string> = {}
  for (const [, input = ''] of content.matchAll(/<input\b([^>]*)>/gi)) {
    const name = attribute(input, 'name')
    if (name) fields[name] = attribute(input, 'value') || 'someone'
  }
  const buttons = [...content.matchAll(/<button\b([^>]*)>/gi)].map(([, button = '']) => button)
  const pressed = buttons.find((button) => !/^(deny|cancel)$/.test(attribute(button, 'value')))
  const name = pressed && attribute(pressed, 'name')
  if (pressed && name) fields[name] = attribute(pressed, 'value')
  return { action: attribute(attributes, 'action'), fields }
}

function attribute(text: string, name: string): string {
  const [, value = ''] = new RegExp(`(?<![\\w-])${name}="([^"]*)"`, 'i').exec(text) ?? []
  return value
    .replaceAll(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

function expected<Body>(answer: Answer, status: number | readonly number[], what: string): Body {
  if (![status].flat().includes(answer.status)) throw new Error(`The ${what} answered ${shown(answer)}`)
  return JSON.parse(answer.body)
}

function shown({ status, head, body }: Answer): string {
  return `${status}\n${head}\n${body.slice(0, 500)}`
}

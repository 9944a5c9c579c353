import type { DevOidc, DevOidcTokens } from './dev-oidc.ts'

/** Parameters of a query or a form; `undefined` leaves one out. */
export type Asked = Readonly<Record<string, string | undefined>>

export interface Answered {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: whatever a provider says
  body: any
}

const app = { client_id: 'dev-client', redirect_uri: 'https://mcp.test/callback' }

/** An app and a person at a provider, with the requests that both send: what the tests of the dev providers borrow. */
export function atProvider(
  dev: DevOidc,
  { authorize: at, token, user }: { authorize: string; token: string; user: string },
  origin = 'https://login.test',
) {
  const fields = (asked: Asked) =>
    new URLSearchParams(
      Object.entries(asked).filter((each): each is [string, string] => each[1] !== undefined),
    )
  const get = (path: string, headers: Record<string, string> = {}) =>
    dev.fetch(new Request(origin + path, { headers }))

  async function post(path: string, form: Asked): Promise<Answered> {
    const response = await dev.fetch(new Request(origin + path, { method: 'POST', body: fields(form) }))
    const text = await response.text()
    return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text }
  }

  /** What somebody's choice is answered with. */
  async function choose(asked: Asked, login = user): Promise<Response> {
    const query = fields({ ...app, response_type: 'code', ...asked })
    const body = new URLSearchParams({ login })
    return dev.fetch(new Request(`${origin}${at}?${query}`, { method: 'POST', body }))
  }

  async function authorize(asked: Asked, login = user): Promise<Record<string, string>> {
    const back = (await choose(asked, login)).headers.get('location')
    return Object.fromEntries(new URL(back ?? 'about:blank').searchParams)
  }

  const exchange = ({ code }: Record<string, string>, changes: Asked = {}) =>
    post(token, { ...app, client_secret: 'dev-secret', grant_type: 'authorization_code', code, ...changes })

  return {
    dev,
    origin,
    get,
    post,
    choose,
    authorize,
    exchange,
    async signIn(asked: Asked, login = user, changes: Asked = {}): Promise<DevOidcTokens> {
      return (await exchange(await authorize(asked, login), changes)).body
    },
    refresh: (refresh_token: string | undefined, changes: Asked = {}) =>
      post(token, {
        client_id: app.client_id,
        client_secret: 'dev-secret',
        grant_type: 'refresh_token',
        refresh_token,
        ...changes,
      }),
    claims: ({ id_token }: { id_token: string }) => payloadOf(id_token),
  }
}

export function payloadOf(jwt: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())
}

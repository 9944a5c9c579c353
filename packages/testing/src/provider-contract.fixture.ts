import { AccessDenied, type OAuthProvider, type UpstreamTokens } from '@drawbridge/core/provider'
import { network } from './network.ts'
import { type OpenedProvider, providerCall } from './provider-contract.ts'

export const API = 'https://api.acme.test'
const SUBS = { member: 'user-1', other: 'user-2', refused: 'user-3' }

/** What a provider really does, whatever it declares. By default each sign-in is alone, and ends alone. */
export interface Truth {
  /** How many sign-ins of one person it keeps. */
  keeps?: number
  /** What its revocation ends. */
  ends?: 'token' | 'user' | "the user's refresh tokens" | 'access token' | 'nothing'
  /** The first sign-in brings a refresh token, and later ones none, until somebody has ended it. */
  refreshOnce?: boolean
  /** Renewing one sign-in ends the others. */
  renewsAlone?: boolean
  /** There is no refresh token, ever. */
  never?: boolean
}

interface Session {
  sub: string
  access_token: string | undefined
  refresh_token: string | undefined
}

/** A provider as it should be, over an API of its own, with one quirk at the token endpoint. */
export function opened(
  change: (provider: OAuthProvider) => Partial<OAuthProvider> = () => ({}),
  truth: Truth = {},
): OpenedProvider {
  const { keeps = Number.POSITIVE_INFINITY, ends = 'token', refreshOnce, renewsAlone, never } = truth
  let sessions: Session[] = []
  let count = 0
  const byAccess = (token: string) => sessions.find(({ access_token }) => access_token === token)
  const endAll = (sub: string) => {
    sessions = sessions.filter((each) => each.sub !== sub)
  }

  function end(session: Session): void {
    if (ends === 'user') endAll(session.sub)
    if (ends === 'access token') session.access_token = undefined
    if (ends === 'token' || ends === "the user's refresh tokens") {
      sessions = sessions.filter((each) => each !== session)
    }
    if (ends !== "the user's refresh tokens") return
    for (const each of sessions) if (each.sub === session.sub) each.refresh_token = undefined
  }

  const api = async (request: Request) => {
    const { pathname } = new URL(request.url)
    const session = byAccess(request.headers.get('authorization')?.replace('Bearer ', '') ?? '')
    if (pathname === '/rfc7009') {
      const form = new URLSearchParams(await request.text())
      const found = sessions.find((each) =>
        [each.access_token, each.refresh_token].includes(form.get('token') ?? ''),
      )
      if (form.get('client_secret') !== 'secret') return Response.json({}, { status: 401 })
      if (found) end(found)
      return new Response(null)
    }
    if (pathname === '/revoke') {
      if (session) end(session)
      return new Response(null, { status: session ? 204 : 404 })
    }
    const sub = session?.sub
    if (pathname === '/me') return sub ? Response.json({ sub }) : Response.json({}, { status: 401 })
    return Response.json({ member: sub !== SUBS.refused })
  }

  const base: OAuthProvider = {
    type: 'oauth',
    id: 'acme',
    label: 'Acme',
    client: { id: 'client', auth: { method: 'client_secret_post', secret: 'secret' } },
    endpoints: { authorization: 'https://acme.test/authorize', token: 'http://127.0.0.1:4000/token' },
    scopes: {
      default: ['profile'],
      supported: ['mail'],
      toUpstream: (scopes) => scopes.map((scope) => `acme/${scope}`),
      fromUpstream: (scopes) => scopes.map((scope) => scope.replace('acme/', '')),
    },
    parameters: {
      authorize: () => ({ access_type: 'offline' }),
      refresh: ({ scopes }) => ({ scope: scopes.join(' ') }),
    },
    tokens: 'per-login',
    revocation: 'token',
    async conform(response) {
      if (response.status !== 200) return response
      const body: unknown = await response
        .clone()
        .json()
        .catch(() => undefined)
      if (typeof body !== 'object' || body === null || !('error' in body)) return response
      return Response.json({ error: 'invalid_grant' }, { status: 400 })
    },
    async identify({ tokens, call }) {
      const headers = { authorization: `Bearer ${tokens.access_token}` }
      const me = (await (await call(`${API}/me`, { headers })).json()) as { sub?: string }
      if (!me.sub) throw new Error('nobody')
      const rules = (await (await call(`${API}/rules`, { headers })).json()) as { member?: boolean }
      if (rules.member === undefined) throw new Error('no answer')
      if (!rules.member) throw new AccessDenied('Sorry, this account has no access here.')
      return { sub: me.sub, claims: { sub: me.sub } }
    },
    exchange: ({ tokens, scopes, endpoints, post }) =>
      post(String(endpoints.token), {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: tokens.access_token,
        scope: scopes.join(' '),
      }),
    async revoke({ tokens, call }) {
      const headers = { authorization: `Bearer ${tokens.access_token}` }
      const { status } = await call(`${API}/revoke`, { method: 'POST', headers })
      if (status !== 204 && status !== 404) throw new Error(`revocation answered ${status}`)
    },
  }
  return {
    provider: { ...base, ...change(base) },
    call: providerCall({ fetch: network({ [API]: api }) }),
    async signIn(person) {
      const sub = SUBS[person]
      const theirs = sessions.filter((each) => each.sub === sub)
      const isKept = refreshOnce && theirs.some(({ refresh_token }) => refresh_token !== undefined)
      const session: Session = {
        sub,
        access_token: `secret-token-${++count}`,
        refresh_token: isKept || never ? undefined : `secret-refresh-${count}`,
      }
      const surplus = theirs.slice(0, Math.max(0, theirs.length + 1 - keeps))
      sessions = [...sessions.filter((each) => !surplus.includes(each)), session]
      return {
        tokens: { ...tokensOf(session), refresh_token: session.refresh_token },
        claims: { sub },
      }
    },
    works: async ({ access_token }) => byAccess(access_token) !== undefined,
    async refresh({ refresh_token }) {
      const session = sessions.find((each) => each.refresh_token === refresh_token)
      if (!session) return undefined
      if (renewsAlone) endAll(session.sub)
      const next = {
        ...session,
        access_token: `secret-token-${++count}`,
        refresh_token: `secret-refresh-${count}`,
      }
      sessions = [...sessions.filter((each) => each !== session), next]
      return tokensOf(next)
    },
    answers: async () => [
      {
        what: 'status 200',
        leg: 'code',
        response: Response.json({ error: 'x' }),
        becomes: { error: 'invalid_grant' },
      },
    ],
  }
}

function tokensOf({ access_token = '', refresh_token }: Session): UpstreamTokens {
  return { access_token, refresh_token, token_type: 'bearer', scopes: ['profile'] }
}

import { AccessDenied, type OAuthProvider, type UpstreamTokens } from '@drawbridge/core/provider'
import { describe, expect, it } from 'vitest'
import { network } from './network.ts'
import { type OpenedProvider, providerCall, providerContract } from './provider-contract.ts'

const API = 'https://api.acme.test'
const SUBS = { member: 'user-1', other: 'user-2', refused: 'user-3' }

/** A provider as it should be, over an API of its own, with one quirk at the token endpoint. */
function opened(change: (provider: OAuthProvider) => Partial<OAuthProvider> = () => ({})): OpenedProvider {
  const alive = new Map<string, string>()
  let count = 0

  const api = async (request: Request) => {
    const { pathname } = new URL(request.url)
    const token = request.headers.get('authorization')?.replace('Bearer ', '') ?? ''
    if (pathname === '/revoke') return new Response(null, { status: alive.delete(token) ? 204 : 404 })
    const sub = alive.get(token)
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
      toUpstream: (scope) => `acme/${scope}`,
      fromUpstream: (scope) => scope.replace('acme/', ''),
    },
    parameters: { authorize: { access_type: 'offline' }, refresh: (scopes) => ({ scope: scopes.join(' ') }) },
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
    async identify({ access_token }, _, call) {
      const headers = { authorization: `Bearer ${access_token}` }
      const me = (await (await call(`${API}/me`, { headers })).json()) as { sub?: string }
      if (!me.sub) throw new Error('nobody')
      const rules = (await (await call(`${API}/rules`, { headers })).json()) as { member?: boolean }
      if (rules.member === undefined) throw new Error('no answer')
      if (!rules.member) throw new AccessDenied('Sorry, this account has no access here.')
      return { sub: me.sub, claims: { sub: me.sub } }
    },
    async revoke({ access_token }, call) {
      const headers = { authorization: `Bearer ${access_token}` }
      const { status } = await call(`${API}/revoke`, { method: 'POST', headers })
      if (status !== 204 && status !== 404) throw new Error(`revocation answered ${status}`)
    },
  }
  return {
    provider: { ...base, ...change(base) },
    call: providerCall({ fetch: network({ [API]: api }) }),
    async signIn(person) {
      const access_token = `secret-token-${++count}`
      alive.set(access_token, SUBS[person])
      return { tokens: { access_token, token_type: 'bearer', scopes: ['profile'] } }
    },
    works: async ({ access_token }) => alive.has(access_token),
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

describe('a provider that keeps the contract', () => {
  for (const c of providerContract()) it(c.name, () => c.run(() => opened()))
})

describe('what it does not have is left out', () => {
  it('only when said so', () => {
    const names = (without?: Parameters<typeof providerContract>[0]) =>
      providerContract(without).map((c) => c.name)
    expect(names({ without: ['revoke'] }).filter((name) => /revo/.test(name))).toEqual([])
    expect(names({ without: ['refusal', 'calls', 'revoke', 'conform'] })).toHaveLength(14)
    expect(names().length).toBeGreaterThan(40)
  })
})

type Change = (provider: OAuthProvider) => Partial<OAuthProvider>
const identity =
  (sub: string, claims: unknown = {}): OAuthProvider['identify'] =>
  async () => ({ sub, claims })
let visits = 0

/** What can be wrong with a provider, and the cases that must notice. */
const broken: Record<string, { change: Change; noticed: RegExp[] }> = {
  'an id with a slash': { change: () => ({ id: 'acme/1' }), noticed: [/^the id fits/] },
  'an id that changes': { change: () => ({ id: `acme-${++visits}` }), noticed: [/^the id fits/] },
  'no label': { change: () => ({ label: ' ' }), noticed: [/label/] },
  'an empty secret': {
    change: () => ({ client: { id: 'c', auth: { method: 'client_secret_basic', secret: '' } } }),
    noticed: [/secret/],
  },
  'an http endpoint': {
    change: ({ endpoints }) => ({ endpoints: { ...endpoints, token: 'http://acme.test/token' } }),
    noticed: [/endpoints are https/],
  },
  'a missing endpoint': {
    change: () => ({ endpoints: { token: 'https://acme.test/token' } }),
    noticed: [/endpoints are https/],
  },
  'its own state': {
    change: () => ({ parameters: { authorize: { state: 'fixed' } } }),
    noticed: [/extra parameters/],
  },
  'its own code_verifier': {
    change: () => ({ parameters: { token: { code_verifier: 'x' } } }),
    noticed: [/extra parameters/],
  },
  'its own refresh token': {
    change: () => ({ parameters: { refresh: () => ({ refresh_token: 'x' }) } }),
    noticed: [/extra parameters/],
  },
  'one-way scopes': {
    change: ({ scopes }) => ({ scopes: { ...scopes, fromUpstream: (scope) => scope } }),
    noticed: [/scopes translate/],
  },
  'scopes with spaces': {
    change: () => ({ scopes: { default: ['read user'] } }),
    noticed: [/scopes translate/],
  },
  'an e-mail address as sub': {
    change: () => ({ identify: identity('a@b.test') }),
    noticed: [/no e-mail/, /two people/],
  },
  'a sub that changes': {
    change: () => ({ identify: async () => ({ sub: `${++visits}`, claims: {} }) }),
    noticed: [/sub is the same/],
  },
  'claims that cannot be stored': {
    change: () => ({ identify: identity('user-1', { at: new Date() }) }),
    noticed: [/claims survive/],
  },
  'a token in the claims': {
    change: () => ({ identify: async ({ access_token }) => ({ sub: '1', claims: { access_token } }) }),
    noticed: [/claims carry no token/],
  },
  'changed tokens': {
    change: () => ({
      identify: async (tokens: UpstreamTokens) => {
        tokens.token_type = 'changed'
        return { sub: '1', claims: {} }
      },
    }),
    noticed: [/identify changes neither/],
  },
  'a token in a URL': {
    change: ({ identify }) => ({
      identify: async (tokens, claims, call) => {
        await call(`${API}/me?access_token=${tokens.access_token}`)
        return identify(tokens, claims, call)
      },
    }),
    noticed: [/never in a URL/],
  },
  'refusing with an ordinary error': {
    change: ({ identify }) => ({
      identify: (...all) =>
        identify(...all).catch((error: Error) => Promise.reject(new Error(error.message))),
    }),
    noticed: [/a refused account/],
  },
  'a refusal that shows the token': {
    change: ({ identify }) => ({
      identify: (tokens, ...rest) =>
        identify(tokens, ...rest).catch(() => Promise.reject(new AccessDenied(`Not ${tokens.access_token}`))),
    }),
    noticed: [/a refused account/],
  },
  'taking any trouble for a refusal': {
    change: ({ identify }) => ({
      identify: (...all) => identify(...all).catch(() => Promise.reject(new AccessDenied('No.'))),
    }),
    noticed: [/an outage is not a refusal: 503/, /an outage is not a refusal: a reset connection/],
  },
  'letting people in when the rules cannot be asked': {
    change: () => ({
      identify: async ({ access_token }, _, call) => {
        const headers = { authorization: `Bearer ${access_token}` }
        const { sub = '' } = (await (await call(`${API}/me`, { headers })).json()) as { sub?: string }
        const rules = await call(`${API}/rules`, { headers }).catch(() => undefined)
        const { member } = ((await rules?.json().catch(() => undefined)) ?? {}) as { member?: boolean }
        if (member === false) throw new AccessDenied('No.')
        return { sub, claims: {} }
      },
    }),
    noticed: [/an outage lets nobody in: 503/, /an outage lets nobody in: a time-out/],
  },
  'a conform that turns outages into verdicts': {
    change: () => ({ conform: async () => Response.json({ error: 'invalid_grant' }, { status: 400 }) }),
    noticed: [/conforms already/, /stays an outage/, /nonsense/],
  },
  'no conform': {
    change: () => ({ conform: async (response) => response }),
    noticed: [/odd answers/],
  },
  'a revoke that does nothing': { change: () => ({ revoke: async () => {} }), noticed: [/work no more/] },
  'a revoke that fails the second time': {
    change: () => ({
      revoke: async ({ access_token }, call) => {
        const headers = { authorization: `Bearer ${access_token}` }
        const { ok } = await call(`${API}/revoke`, { method: 'POST', headers })
        if (!ok) throw new Error('failed')
      },
    }),
    noticed: [/has ended already/],
  },
  'a revoke that keeps quiet about failure': {
    change: ({ revoke }) => ({ revoke: async (...all) => revoke?.(...all).catch(() => {}) }),
    noticed: [/failed says so: 503/, /failed says so: a reset connection/],
  },
  'a revocation that ends less than it says': {
    change: () => ({ revocation: 'user' }),
    noticed: [/ends as much as it says/],
  },
}

describe('each case fails without what it asks for', () => {
  for (const [what, { change, noticed }] of Object.entries(broken)) {
    it(what, async () => {
      const failed: string[] = []
      for (const c of providerContract()) {
        await c.run(() => opened(change)).catch(() => failed.push(c.name))
      }
      for (const pattern of noticed) expect(failed).toContainEqual(expect.stringMatching(pattern))
    })
  }
})

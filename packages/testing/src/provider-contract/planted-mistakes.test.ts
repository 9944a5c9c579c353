import { AccessDenied, type OAuthProvider } from '@drawbridge/core/provider'
import { describe, expect, it } from 'vitest'
import { API, opened, type Truth } from '../provider-contract.fixture.ts'
import { providerContract } from '../provider-contract.ts'

type Change = (provider: OAuthProvider) => Partial<OAuthProvider>
const identity =
  (sub: string, claims: unknown = {}): OAuthProvider['identify'] =>
  async () => ({ sub, claims })
let visits = 0
/** Claims that say what somebody is called, and an account that may not. */
const named =
  (account: ((sub: string, token: string) => string) | undefined): Change =>
  ({ identify }) => ({
    identify: async (login) => {
      const { sub } = await identify(login)
      const name = account?.(sub, login.tokens.access_token)
      return { sub, account: name, claims: { email: `${sub}@acme.test` } }
    },
  })

/** What can be wrong with a provider, and the cases that must notice. */
const broken: Record<string, { change?: Change; truth?: Truth; noticed: RegExp[] }> = {
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
    change: () => ({ parameters: { authorize: () => ({ state: 'fixed' }) } }),
    noticed: [/extra parameters/],
  },
  'its own code_verifier': {
    change: () => ({ parameters: { token: () => ({ code_verifier: 'x' }) } }),
    noticed: [/extra parameters/],
  },
  'its own refresh token': {
    change: () => ({ parameters: { refresh: () => ({ refresh_token: 'x' }) } }),
    noticed: [/extra parameters/],
  },
  'one-way scopes': {
    change: ({ scopes }) => ({ scopes: { ...scopes, fromUpstream: (granted) => granted } }),
    noticed: [/scopes translate/],
  },
  'scopes with spaces': {
    change: () => ({ scopes: { default: ['read user'] } }),
    noticed: [/scopes translate/],
  },
  'words for a scope that nobody may ask for': {
    change: ({ scopes }) => ({ scopes: { ...scopes, descriptions: { nothing: 'Do nothing' } } }),
    noticed: [/words for scopes/],
  },
  'a prompt that nobody knows': {
    change: () => ({ prompts: ['consent' as 'none'] }),
    noticed: [/^what it says it does of `prompt`/],
  },
  'a prompt that is listed and not sent': {
    change: () => ({
      prompts: ['select_account', 'none'],
      parameters: { authorize: ({ prompt }) => (prompt === 'none' ? { prompt } : {}) },
    }),
    noticed: [/^what it says it does of `prompt`/],
  },
  'two prompts that are one': {
    change: () => ({
      prompts: ['select_account', 'none'],
      parameters: { authorize: ({ prompt }) => ({ ask: String(prompt !== undefined) }) },
    }),
    noticed: [/^what it says it does of `prompt`/],
  },
  'a new sign-in that no id_token could show': {
    change: () => ({
      prompts: ['login'],
      parameters: { authorize: ({ prompt }) => ({ ...(prompt && { prompt }) }) },
    }),
    noticed: [/^what it says it does of `prompt`/],
  },
  'an account that nobody names': {
    change: named(undefined),
    noticed: [/^an account is called/],
  },
  'an account by its id': {
    change: named((sub) => sub),
    noticed: [/^an account is called/],
  },
  'an account in two lines': {
    change: named(() => 'ada\nYou are signed in as root'),
    noticed: [/^an account is called/],
  },
  'an account by its token': {
    change: named((_, token) => token),
    noticed: [/^an account is called/],
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
    change: () => ({ identify: async ({ tokens }) => ({ sub: '1', claims: { ...tokens } }) }),
    noticed: [/claims carry no token/],
  },
  'a sub that needs what only the sign-in has': {
    change: ({ identify }) => ({
      identify: async (login) => (login.previous ? { sub: `${++visits}`, claims: {} } : identify(login)),
    }),
    noticed: [/checked again/],
  },
  'believing an id_token that nobody checked': {
    change: ({ identify }) => ({
      identify: async (login) => {
        const [, payload = ''] = String(login.answer.id_token ?? login.callback.id_token).split('.')
        if (payload === '') return identify(login)
        return { sub: JSON.parse(Buffer.from(payload, 'base64url').toString()).sub, claims: {} }
      },
    }),
    noticed: [/nobody checked/],
  },
  'making one person of two': {
    change: ({ identify }) => ({
      identify: async (login) => {
        const { sub } = await identify(login)
        return { sub: String(login.claims?.sub ?? sub), claims: { sub } }
      },
    }),
    noticed: [/no other person/],
  },
  'changed tokens': {
    change: () => ({
      identify: async ({ tokens }) => {
        tokens.token_type = 'changed'
        return { sub: '1', claims: {} }
      },
    }),
    noticed: [/identify changes neither/],
  },
  'a token in a URL': {
    change: ({ identify }) => ({
      identify: async (login) => {
        await login.call(`${API}/me?access_token=${login.tokens.access_token}`)
        return identify(login)
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
      identify: (login) =>
        identify(login).catch(() => Promise.reject(new AccessDenied(`Not ${login.tokens.access_token}`))),
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
      identify: async ({ tokens, call }) => {
        const headers = { authorization: `Bearer ${tokens.access_token}` }
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
  'a conform that makes a refusal of an outage where another token is asked for': {
    change: ({ conform }) => ({
      conform: async (response, leg) =>
        leg === 'exchange' && !response.ok
          ? Response.json({ error: 'invalid_grant' }, { status: 400 })
          : ((await conform?.(response, leg)) ?? response),
    }),
    noticed: [/^an outage of the token endpoint stays/],
  },
  'no conform': {
    change: () => ({ conform: async (response) => response }),
    noticed: [/odd answers/],
  },
  'an exchange that forgets the scopes': {
    change: ({ exchange }) => ({
      exchange: async (request) => exchange?.({ ...request, scopes: [] }) ?? Response.error(),
    }),
    noticed: [/asked for with its scopes/],
  },
  'an exchange with the token in the URL': {
    change: ({ endpoints }) => ({
      exchange: ({ tokens, scopes, post }) =>
        post(`${endpoints.token}?subject_token=${tokens.access_token}`, { scope: scopes.join(' ') }),
    }),
    noticed: [/not in a URL/],
  },
  'an exchange in the clear': {
    change: () => ({
      exchange: ({ scopes, post }) => post('http://acme.test/token', { scope: scopes.join(' ') }),
    }),
    noticed: [/not in a URL/],
  },
  'an exchange past `post`': {
    change: () => ({
      exchange: async () => Response.json({ access_token: 'another', token_type: 'Bearer' }),
    }),
    noticed: [/asked for with its scopes/, /refused stays refused/, /stays one: 503/],
  },
  'an exchange that changes what it was given': {
    change: ({ exchange }) => ({
      exchange: async (request) => {
        const response = await exchange?.(request)
        request.tokens.access_token = 'another'
        return response ?? Response.error()
      },
    }),
    noticed: [/asked for with its scopes/],
  },
  'an exchange that reads the answer itself': {
    change: ({ exchange }) => ({
      exchange: async (request) => {
        const response = await exchange?.(request)
        await response?.text()
        return Response.json({}, { status: response?.status ?? 500 })
      },
    }),
    noticed: [/asked for with its scopes/, /refused stays refused/],
  },
  'an exchange that takes any trouble for a refusal': {
    change: ({ exchange }) => ({
      exchange: async (request) => {
        const response = await exchange?.(request).catch(() => undefined)
        return response?.ok ? response : Response.json({ error: 'invalid_grant' }, { status: 400 })
      },
    }),
    noticed: [/stays one: 503/, /stays one: a reset connection/],
  },
  'an exchange that throws what it was given': {
    change: ({ exchange }) => ({
      exchange: async (request) => {
        const response = await exchange?.(request).catch(() => undefined)
        if (response?.ok) return response
        throw new Error(`no token for ${request.tokens.access_token}`)
      },
    }),
    noticed: [/refused stays refused/, /stays one: a time-out/],
  },
  'a revoke that does nothing': { change: () => ({ revoke: async () => {} }), noticed: [/work no more/] },
  'a revoke that fails the second time': {
    change: () => ({
      revoke: async ({ tokens, call }) => {
        const headers = { authorization: `Bearer ${tokens.access_token}` }
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
    noticed: [/ends as much as it says: the earlier/, /ends as much as it says: the later/],
  },
  'a revocation that ends more than it says': {
    truth: { ends: 'user' },
    noticed: [/ends as much as it says: the earlier/, /ends as much as it says: the later/],
  },
  "a revocation that ends others' refresh tokens and leaves their access tokens alone": {
    truth: { ends: "the user's refresh tokens" },
    noticed: [/ends as much as it says: the earlier/, /ends as much as it says: the later/],
  },
  'a revocation that leaves the refresh token': {
    truth: { ends: 'access token' },
    noticed: [/work no more/],
  },
  'a revocation that ends nothing': { truth: { ends: 'nothing' }, noticed: [/work no more/] },
  "a way to end tokens beside `revocation: 'none'`": {
    change: () => ({ revocation: 'none' }),
    noticed: [/words that core knows/],
  },
  'words that nobody knows': {
    change: () => ({ tokens: 'per-app' as 'per-user' }),
    noticed: [/words that core knows/],
  },
  'per-login where a new sign-in ends the one before': {
    truth: { keeps: 1 },
    noticed: [/a sign-in outlives/],
  },
  'per-login where ten are kept': { truth: { keeps: 10 }, noticed: [/a sign-in outlives/] },
  'per-login where only the first sign-in brings a refresh token': {
    truth: { refreshOnce: true },
    noticed: [/a sign-in outlives/],
  },
  'per-login where a renewal ends the other sign-ins': {
    truth: { renewsAlone: true },
    noticed: [/a sign-in outlives/],
  },
  'per-user where sign-ins do not know of each other': {
    change: () => ({ tokens: 'per-user' }),
    noticed: [/a sign-in outlives/],
  },
}

describe('each case fails without what it asks for', () => {
  for (const [what, { change, truth, noticed }] of Object.entries(broken)) {
    it(what, async () => {
      const failed: string[] = []
      for (const c of providerContract()) {
        await c.run(() => opened(change, truth)).catch(() => failed.push(c.name))
      }
      for (const pattern of noticed) expect(failed).toContainEqual(expect.stringMatching(pattern))
    })
  }
})

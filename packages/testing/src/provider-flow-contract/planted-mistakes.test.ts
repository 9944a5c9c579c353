import { AccessDenied } from '@drawbridge/core/provider'
import { describe, expect, it } from 'vitest'
import { providerFlowContract } from '../provider-flow-contract.ts'
import { marker } from './faults.ts'
import { noIdTokenCase } from './id-token-cases.ts'
import {
  acme,
  answering,
  inTrouble,
  type Mistake,
  mistaking,
  plain,
  redirecting,
  unbounded,
} from './planted-mistakes.fixture.ts'
import { noRefreshCase } from './refresh.ts'
import { noRevocationCase } from './revocation.ts'
import type { Tamper } from './world.ts'

const absent = [noIdTokenCase, noRefreshCase, noRevocationCase]
const all: { name: string; run(open: ReturnType<typeof acme>, tamper?: Tamper): Promise<void> }[] = [
  ...providerFlowContract(),
  ...absent,
]

describe('a provider as it should be', () => {
  for (const c of providerFlowContract()) it(c.name, () => c.run(acme()))
})

describe('a provider that has hardly anything, and says so', () => {
  const truth = { refreshTokens: 'never', accessTokenLifetime: 'for ever', revocation: 'none' } as const
  const change: Mistake['change'] = (provider) => {
    const { revocation: _, ...endpoints } = { ...plain(provider).endpoints }
    return { ...plain(provider), endpoints, revocation: 'none' }
  }
  const without = ['refresh', 'revoke', 'id_token'] as const
  for (const c of providerFlowContract({ without })) it(c.name, () => c.run(acme({ truth, change })))

  it('is looked at for what it says', () => {
    const names = providerFlowContract({ without }).map((c) => c.name)
    expect(names).toEqual(expect.arrayContaining(absent.map((c) => c.name)))
    expect(names.filter((name) => /^id_token/.test(name))).toEqual([])
  })
})

interface Planted extends Mistake {
  tamper?: Tamper
  /** Cases that must fail. */
  noticed: readonly RegExp[]
  because: RegExp
}

const forEver = { accessTokenLifetime: 'for ever' } as const

const planted: Record<string, Planted> = {
  'tokens that it does not take': {
    truth: { answer: (answer) => ({ ...answer, access_token: `nobody-knows-${crypto.randomUUID()}` }) },
    noticed: [/^login: the client has/],
    because: /does not take its token/,
  },
  'a token as the name of a person': {
    change: () => ({ identify: async ({ tokens }) => ({ sub: tokens.access_token, claims: {} }) }),
    noticed: [/^login: the client has/],
    because: /grant.created has a token in it/,
  },
  'one subject for all': {
    change: () => ({ identify: async () => ({ sub: 'somebody', claims: {} }) }),
    noticed: [/^login: somebody is the same/],
    because: /two people have one subject/,
  },
  'a subject for each login': {
    change: () => ({ identify: async () => ({ sub: crypto.randomUUID(), claims: {} }) }),
    noticed: [/^login: somebody is the same/],
    because: /one person have two subjects/,
  },
  'all scopes in each login': {
    change: ({ scopes }) => ({
      scopes: { ...scopes, toUpstream: (asked) => [...new Set([...asked, 'files', 'calendar'])] },
    }),
    noticed: [/^login: a second one/],
    because: /works with what the second asked for/,
  },
  'a login that ends the one before': {
    served: async (request, dev) => {
      const form = await request.clone().text()
      if (form.includes('authorization_code')) dev.revokeUser('ada')
      return dev.fetch(request)
    },
    noticed: [/^login: a dozen more/],
    because: /does not take its token/,
  },
  'words of its own for who turns back': {
    served: async (request, dev) => {
      const inItsWords = redirecting(({ searchParams }) => searchParams.set('error', 'user_cancelled'))
      return inItsWords(await dev.fetch(request))
    },
    noticed: [/^login: somebody who turns back/],
    because: /the client was told server_error/,
  },
  'a rule that is not asked': {
    change: () => ({ identify: async ({ claims }) => ({ sub: String(claims?.sub), claims: {} }) }),
    noticed: [/^denial by policy/, /^wrong tenant/, /^permit/],
    because: /brought a code/,
  },
  'a predicate that is not asked': {
    permit: () => undefined,
    noticed: [/^permit/],
    because: /brought a code/,
  },
  'a predicate that lets in by any answer but no': {
    permit: (given) => async (claims) => Boolean(await given(claims)),
    noticed: [/^permit/],
    because: /brought a code/,
  },
  'a predicate that is not told about whom': {
    permit: (given) => () => given({}),
    noticed: [/^permit/],
    because: /not told whom/,
  },
  'a predicate that is asked about whoever came first': {
    permit: (given) => {
      let first: unknown
      return (claims) => {
        first ??= claims
        return given(first)
      }
    },
    noticed: [/^permit/],
    because: /not told whom/,
  },
  'a refusal that shows the token': {
    change: ({ identify }) => ({
      identify: (login) =>
        identify(login).catch(() => Promise.reject(new AccessDenied(login.tokens.access_token))),
    }),
    noticed: [/^denial by policy/],
    because: /a token of the provider's in it/,
  },
  'a refusal as an outage': {
    change: ({ identify }) => ({
      identify: (login) => identify(login).catch((error) => Promise.reject(new Error(error.message))),
    }),
    noticed: [/^denial by policy/, /^wrong tenant/],
    because: /the client was told temporarily_unavailable/,
  },
  'prompts that are listed and not sent': {
    change: () => ({ parameters: { authorize: () => ({}) } }),
    noticed: [
      /^prompt: who would choose/,
      /^prompt: a client's select_account/,
      /^prompt: login is passed on/,
      /^prompt: none goes on/,
    ],
    because: /listed and not sent|does not hear that an account/,
  },
  'id_tokens that never say when somebody signed in': {
    truth: { idToken: ({ auth_time, ...claims }) => claims },
    noticed: [/^prompt: login lets in/],
    because: /the client was told login_required/,
  },
  'a sign-in that is not anew as any trouble': {
    tamper: redirecting(({ searchParams }) => {
      if (searchParams.get('error') === 'login_required') searchParams.set('error', 'server_error')
    }),
    noticed: [/^prompt: login lets nobody in/, /^prompt: none goes on/],
    because: /the client was told server_error/,
  },
  'id_tokens that nobody looks at': {
    change: plain,
    noticed: [/^id_token: .* lets nobody in/, /^id_token: .* at a refresh/],
    because: /brought a code|as who the other id_token says/,
  },
  'no error that is for now': {
    change: mistaking(() => 'invalid_client'),
    noticed: [/for the code: (temporarily|server_error|invalid_grant)/],
    because: /the client was told server_error|what the operator is told/,
  },
  'only errors that are for now': {
    change: mistaking(() => 'temporarily_unavailable'),
    noticed: [
      /for the code: (invalid|words)/,
      /^refresh: invalid_grant/,
      /^re-check after a day: who ended/,
      /has ended .* 2 days/,
    ],
    because: /the client was told temporarily|answered with 200|nothing failed/,
  },
  'errors that all end a sign-in': {
    change: mistaking(() => 'invalid_grant'),
    noticed: [/^refresh: .* ends nobody's/],
    because: /answered with 400/,
  },
  'a server that forgets iss': {
    tamper: redirecting(({ searchParams }) => searchParams.delete('iss')),
    noticed: [/^provider error at the callback/, /before the person gets there/],
    because: /iss/,
  },
  'a server that forgets the state': {
    tamper: redirecting(({ searchParams }) => searchParams.delete('state')),
    noticed: [/^provider error at the callback/, /before the person gets there/],
    because: /the state/,
  },
  "a server that passes on the provider's words": {
    tamper: (answer) => {
      answer.headers.set('why', marker)
      return answer
    },
    noticed: [/^provider error at the callback/, /^provider error for the code/],
    because: /the provider's words in it/,
  },
  'trouble as a refusal': {
    change: inTrouble(() => Promise.reject(new AccessDenied('No.'))),
    noticed: [/^outage: .* at a login/, /^outage: .* at a re-check/, /^slow: .* at a (login|re-check)/],
    because: /the client was told access_denied|answered with 400/,
  },
  'trouble as a permission': {
    change: inTrouble(async ({ previous }) => previous ?? { sub: 'somebody', claims: {} }),
    noticed: [/^outage: .* at a login/, /^slow: .* at a login/],
    because: /brought a code/,
  },
  'a request that may take for ever': {
    change: (provider) => ({
      ...plain(provider),
      identify: (login) => provider.identify({ ...login, call: unbounded(login.call) }),
    }),
    noticed: [/^slow: .* at a (login|re-check)/],
    because: /asked without a time-out/,
  },
  'refresh tokens that bring nothing': {
    change: answering((body, leg) => (leg === 'refresh' ? { error: 'invalid_grant' } : body)),
    noticed: [/^refresh: two clients/, /^refresh after a later/, /when a tool needs the token/],
    because: /turned away|ended/,
  },
  'a refresh token that is passed over': {
    change: answering((body, leg) => (leg === 'refresh' ? { ...body, refresh_token: undefined } : body)),
    noticed: [/^refresh with rotation/],
    because: /had been replaced|turned away|ended/,
  },
  'a refresh token out of thin air': {
    change: answering((body) => ({ refresh_token: 'nobody knows it', ...body })),
    noticed: [/^refresh without rotation/],
    because: /turned away|ended/,
  },
  'an identity that is what it was': {
    change: ({ identify }) => ({ identify: async (login) => login.previous ?? identify(login) }),
    truth: forEver,
    noticed: [
      /^re-check after a day: (the provider is asked|who may enter|who ended)/,
      /who left meanwhile/,
      /^permit/,
    ],
    because: /was not asked|answered with 200/,
  },
  'a re-check that takes trouble for a refusal': {
    change: inTrouble(() => Promise.reject(new AccessDenied('No.'))),
    truth: forEver,
    noticed: [/^re-check after eight days/],
    because: /day 1 of the outage: .* answered with 400/,
  },
  'a re-check that takes trouble for a permission': {
    change: inTrouble(async ({ previous }) => previous ?? { sub: 'somebody', claims: {} }),
    truth: forEver,
    noticed: [/^re-check after eight days/],
    because: /an answer is needed now: .* answered with 200/,
  },
  'a revocation that does nothing': {
    change: () => ({ revoke: async () => {} }),
    noticed: [/^revocation: a sign-out (ends|days)/, /^revocation: of two clients/, /^account page/],
    because: /still works|brings another|after the first sign-out|what came of it works/,
  },
  'a revocation that ends only one of several tokens': {
    change: () => {
      let isBusy = false
      return {
        tokens: 'per-user',
        async revoke({ tokens: { refresh_token = '' }, endpoints: { revocation = '' }, post }) {
          if (isBusy) return
          isBusy = true
          await post(revocation, { token: refresh_token })
        },
      }
    },
    noticed: [/^revocation: of two clients with the same/],
    because: /another login replaced works/,
  },
  'a revocation that ends more than it says': {
    truth: { revocation: 'user' },
    noticed: [/^revocation: of two clients/, /^account page/],
    because: /does not take its token/,
  },
  'a revocation that fails where nothing is left': {
    truth: { revocation: 'user' },
    change: () => ({ revocation: 'user', tokens: 'per-user' }),
    noticed: [/^revocation: what somebody has ended .* 0 days/],
    because: /nothing failed/,
  },
  'a server without a sign-out in an outage': {
    tamper: (answer, { url }) => (url.endsWith('/revoke') ? new Response(null, { status: 503 }) : answer),
    noticed: [/^revocation: a sign-out is one during/],
    because: /answered with 503/,
  },
  'everything, and says that it has nothing': {
    noticed: [/^there really is no (refresh|id_token)/, /^there really is no revocation/],
    because: /do not pass/,
  },
}

describe('each case fails without what it asks for', () => {
  for (const [what, { tamper, noticed, because, ...mistake }] of Object.entries(planted)) {
    describe(what, () => {
      const cases = all.filter(({ name }) => noticed.some((pattern) => pattern.test(name)))
      it.each(cases)('$name', async ({ run }) => {
        await expect(run(acme(mistake), tamper)).rejects.toThrow(because)
      })
      it('is about cases that there are', () => {
        for (const pattern of noticed) {
          expect(cases.map(({ name }) => name)).toContainEqual(expect.stringMatching(pattern))
        }
      })
    })
  }

  it('and none was forgotten', () => {
    const patterns = Object.values(planted).flatMap(({ noticed }) => noticed)
    const forgotten = all.filter(({ name }) => !patterns.some((pattern) => pattern.test(name)))
    expect(forgotten.map(({ name }) => name)).toEqual([])
  })
})

import { AccessDenied, type OAuthProvider } from '@drawbridge/core/provider'
import type { Upstream } from './upstreams.ts'

/** Something done wrongly, and what the ledger must say of it. */
export interface PlantedMistake {
  /** What of a provider is other than it should be. */
  plant: (upstream: Upstream) => Partial<OAuthProvider>
  found: RegExp
  /** Default 100. */
  steps?: number | undefined
  /** Default 1. */
  days?: number | undefined
  /** Of a day in which it shows. Default 3. */
  seed?: number | undefined
}

const at =
  (id: string, change: (provider: OAuthProvider) => Partial<OAuthProvider>) =>
  ({ provider }: Upstream): Partial<OAuthProvider> =>
    provider.id === id ? change(provider) : {}

/** With each answer of one leg as `become` makes it. */
const answering =
  (leg: string, become: (body: Record<string, unknown>, status: number) => object | undefined) =>
  ({ conform }: OAuthProvider): Partial<OAuthProvider> => ({
    async conform(response, on) {
      const body = await response
        .clone()
        .json()
        .catch(() => ({}))
      const changed = on === leg ? become(body, response.status) : undefined
      if (changed) return Response.json(changed, { status: 'error' in changed ? 400 : 200 })
      return conform ? conform(response, on) : response
    },
  })

const loggedOut = /is logged out/

export const mistakes: Readonly<Record<string, PlantedMistake>> = {
  'ends the tokens at Google at every sign-out': {
    plant: at('google', () => ({ tokens: 'per-login', revocation: 'token' })),
    found: /is ended at the provider, and \d+ stand on it/,
  },
  'believes that Google ends one token alone': {
    plant: at('google', () => ({ revocation: 'token' })),
    found: /is ended at the provider, and \d+ stand on it/,
  },
  'ends nothing at Google': {
    plant: at('google', () => ({ revocation: 'none' })),
    found: /everybody signed out, and \d+ tokens still work/,
    steps: 5,
  },
  'ends one token at GitHub where logins have left several': {
    plant: at('github', ({ revoke }) => {
      let isBusy = false
      return {
        async revoke(ending) {
          if (isBusy) return
          isBusy = true
          await revoke?.(ending).finally(() => {
            isBusy = false
          })
        },
      }
    }),
    found: /github.*everybody signed out, and \d+ tokens still work/,
    ...{ steps: 20, seed: 1 },
  },
  'takes two accounts for one': {
    plant: at('azure', ({ identify }) => ({
      identify: async (login) => ({ ...(await identify(login)), sub: 'the person' }),
    })),
    found: /two accounts are one here/,
  },
  'loses the kept refresh token when a login brings none': {
    plant: at('google', ({ parameters }) => ({
      tokens: 'per-login',
      parameters: {
        ...parameters,
        authorize: (request) => parameters?.authorize?.({ ...request, again: false }) ?? {},
      },
    })),
    found: loggedOut,
  },
  'loses the kept refresh token when a refresh brings none': {
    plant: at(
      'google',
      answering('refresh', (body) => ({ ...body, refresh_token: 'undefined' })),
    ),
    found: loggedOut,
  },
  'does not keep the refresh token that a refresh brings': {
    plant: at(
      'workos',
      answering('refresh', ({ refresh_token: _, ...body }) => body),
    ),
    found: loggedOut,
  },
  'keeps logins with other scopes in one place': {
    plant: at('google', ({ scopes }) => ({
      scopes: { ...scopes, fromUpstream: () => [...scopes.default, 'drive.file', 'gmail.send'] },
    })),
    found: /has a token for \[.*\], and its login obtained/,
  },
  'names no scopes when it refreshes at Entra': {
    plant: at('azure', ({ parameters }) => ({
      parameters: { ...parameters, refresh: () => ({ scope: '' }) },
    })),
    found: loggedOut,
  },
  'takes an outage for a refusal when it asks again who somebody is': {
    plant: ({ provider }) => ({
      identify: async (login) => {
        try {
          return await provider.identify(login)
        } catch {
          throw new AccessDenied('This account has no access.')
        }
      },
    }),
    found: loggedOut,
    ...{ days: 4, steps: 60, seed: 2 },
  },
}

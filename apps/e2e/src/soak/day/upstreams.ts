import { azure } from '@drawbridge/azure'
import type { OAuthProvider } from '@drawbridge/core/provider'
import { github } from '@drawbridge/github'
import { google } from '@drawbridge/google'
import {
  type DevOidc,
  type DevOidcOptions,
  devEntra,
  devGitHub,
  devGoogle,
  devWorkOS,
  entraTenants,
  type FakeClock,
} from '@drawbridge/testing'
import { workos } from '@drawbridge/workos'

/** What a token stands for at its provider. */
export interface Truth {
  account: string
  scopes: readonly string[]
}

/** A provider with its quirks, and what only it can know. */
export interface Upstream {
  provider: OAuthProvider
  origin: string
  fetch(request: Request): Promise<Response>
  /** What ending a token there ends. */
  revocation: 'token' | 'user' | 'none'
  /** Those of one person, as the sign-in page calls them. */
  accounts: readonly string[]
  /** What a login obtains in any case, and with each scope of ours, by the provider's names. */
  always: readonly string[]
  names: Readonly<Record<OurScope, string>>
  /** `undefined`: this access or refresh token is over. */
  truth(token: string): Promise<Truth | undefined>
  /** The token that this request ends. */
  ends(request: Request): Promise<string | undefined>
  /** What somebody does in their account settings. */
  endAccess(account: string): void
}

/** Beside `notes`, which needs nothing of a provider. */
export type OurScope = 'files' | 'mail'

const credentials = { clientId: 'dev-client', clientSecret: 'dev-secret' }
const basic = `Basic ${btoa('dev-client:dev-secret')}`
const openid = ['openid', 'profile', 'email', 'offline_access']

export function upstreamsAt(clock: FakeClock): Upstream[] {
  // Introspection is only for the ledger, and these keys are made in no time.
  const truth: DevOidcOptions = { clock, introspection: true, algorithm: 'ES256' }
  return [
    openIdProvider(devGoogle(truth), {
      origin: 'https://google.test',
      revocation: 'user',
      provider: google({ ...credentials, issuer: 'https://google.test' }),
      accounts: ['1001', '1004'],
      always: [],
      names: {
        files: 'https://www.googleapis.com/auth/drive.file',
        mail: 'https://www.googleapis.com/auth/gmail.send',
      },
    }),
    openIdProvider(devEntra(truth), {
      origin: 'https://entra.test',
      revocation: 'none',
      provider: azure({
        ...credentials,
        authority: 'https://entra.test',
        tenant: 'organizations',
        allow: { tenants: [entraTenants.acme, entraTenants.other] },
        scopes: ['openid', 'profile', 'email', 'access'],
      }),
      accounts: ['ada', 'max'],
      always: ['api://dev-client/access'],
      names: { files: 'api://dev-client/files', mail: 'api://dev-client/mail' },
    }),
    openIdProvider(
      devWorkOS(truth),
      {
        origin: 'https://workos.test',
        revocation: 'none',
        provider: workos({ ...credentials, domain: 'https://workos.test' }),
        accounts: ['user_ada'],
        always: [],
        names: { files: 'files', mail: 'mail' },
      },
      '/oauth2/introspection',
    ),
    gitHub(clock),
  ]
}

type Told = Omit<Upstream, 'fetch' | 'truth' | 'ends' | 'endAccess'>

function openIdProvider(dev: DevOidc, told: Told, introspection = '/introspect'): Upstream {
  return {
    ...told,
    fetch: dev.fetch,
    async truth(token) {
      const asked = new Request(told.origin + introspection, {
        method: 'POST',
        headers: { authorization: basic },
        body: new URLSearchParams({ token }),
      })
      const { active, sub, scope } = (await (await dev.fetch(asked)).json()) as {
        active: boolean
        sub: string
        scope: string
      }
      const scopes = active ? scope.split(' ').filter((name) => !openid.includes(name)) : []
      return active ? { account: sub, scopes } : undefined
    },
    async ends(request) {
      const { pathname } = new URL(request.url)
      if (pathname !== '/revoke') return undefined
      return new URLSearchParams(await request.clone().text()).get('token') ?? undefined
    },
    endAccess: dev.revokeUser,
  }
}

/** An OAuth app: tokens that do not end by themselves, and one of each ends alone. */
function gitHub(clock: FakeClock): Upstream {
  const origin = 'https://github.test'
  const dev = devGitHub({ clock })
  return {
    origin,
    revocation: 'token',
    provider: github({ ...credentials, host: origin }),
    fetch: dev.fetch,
    accounts: ['octocat'],
    always: ['read:user'],
    names: { files: 'gist', mail: 'user:email' },
    async truth(token) {
      const headers = { authorization: `Bearer ${token}`, 'user-agent': 'ledger' }
      const answer = await dev.fetch(new Request(`${origin}/api/v3/user`, { headers }))
      if (!answer.ok) return undefined
      const { login } = (await answer.json()) as { login: string }
      return { account: login, scopes: (answer.headers.get('x-oauth-scopes') ?? '').split(', ') }
    },
    async ends(request) {
      if (request.method !== 'DELETE' || !/\/applications\//.test(request.url)) return undefined
      return ((await request.clone().json()) as { access_token: string }).access_token
    },
    endAccess: dev.revokeUser,
  }
}

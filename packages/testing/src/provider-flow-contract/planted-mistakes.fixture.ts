import { AccessDenied, type Call, type OAuthProvider, openIdConnect } from '@drawbridge/core/provider'
import { type DevOidc, type DevOidcOptions, devOidc } from '../dev-oidc.ts'
import type { FlowOptions, OpenFlow, ProviderFlow } from './flow.ts'

export const ORIGIN = 'https://login.acme.test'

const person = (sub: string, more: object) => ({ sub, name: sub, email: `${sub}@acme.test`, ...more })

/** What is wrong with the provider, with what it really does, and with how it was opened. */
export interface Mistake {
  change?(provider: OAuthProvider): Partial<OAuthProvider>
  truth?: DevOidcOptions
  opened?: Partial<ProviderFlow>
  /** What it makes of the predicate that it is opened with. */
  permit?(given: NonNullable<FlowOptions['permit']>): FlowOptions['permit']
  /** What it does with a request in place of answering it. */
  served?(request: Request, dev: DevOidc): Promise<Response>
}

/** A provider as it should be, with a tenant and a rule, over an OpenID provider; and what is wrong with it. */
export function acme({ change, truth, opened, permit, served }: Mistake = {}): OpenFlow {
  return (clock, options) => {
    const users = [
      person('ada', { tenant: 'acme', member: true }),
      person('grace', { tenant: 'acme', member: true }),
      person('eve', { tenant: 'acme', member: false }),
      person('max', { tenant: 'other', member: true }),
    ]
    const dev = devOidc({ clock, users, ...truth })
    const asked = options.permit && permit ? permit(options.permit) : options.permit
    const provider: OAuthProvider = openIdConnect({
      id: 'acme',
      label: 'Acme',
      issuer: ORIGIN,
      clientId: 'dev-client',
      clientSecret: 'dev-secret',
      prompts: ['login', 'select_account', 'none'],
      permit: async (claims) =>
        claims.tenant === 'acme' && claims.member === true && (asked === undefined || asked(claims)),
    })
    return {
      provider: { ...provider, ...change?.(provider) },
      network: { [ORIGIN]: (request) => served?.(request, dev) ?? dev.fetch(request) },
      people: { member: 'ada', other: 'grace', refused: 'eve', foreign: 'max' },
      scopes: { first: 'files', second: 'calendar' },
      works: dev.works,
      endAccess: dev.revokeUser,
      leave(sub) {
        for (const user of dev.users) if (user.sub === sub) user.member = false
      },
      ...opened,
    }
  }
}

/** No id_tokens: who somebody is, and whether they may enter, its API says. */
export const plain = ({ identify, endpoints }: OAuthProvider): Partial<OAuthProvider> => ({
  openid: false,
  prompts: [],
  endpoints: {
    ...endpoints,
    authorization: `${ORIGIN}/authorize`,
    token: `${ORIGIN}/token`,
    userinfo: `${ORIGIN}/userinfo`,
    revocation: `${ORIGIN}/revoke`,
  },
  identify,
})

/** With `conform` in the place of what it has. */
export const answering =
  (become: (body: Record<string, unknown>, leg: string) => object) => (): Partial<OAuthProvider> => ({
    async conform(response, leg) {
      const body = (await response.json().catch(() => ({}))) as Record<string, unknown>
      const changed = become(body, leg) as { error?: unknown }
      return Response.json(changed, { status: changed.error === undefined ? 200 : 400 })
    },
  })

/** An error of the token endpoint as another one. */
export const mistaking = (becomes: (error: string) => string) =>
  answering((body) => (typeof body.error === 'string' ? { error: becomes(body.error) } : body))

/** With all trouble in `identify` handled like this. */
export const inTrouble =
  (handle: (...login: Parameters<OAuthProvider['identify']>) => ReturnType<OAuthProvider['identify']>) =>
  (provider: OAuthProvider): Partial<OAuthProvider> => {
    const { identify, ...rest } = plain(provider)
    return {
      ...rest,
      identify: async (login) => {
        try {
          return await provider.identify(login)
        } catch (error) {
          if (error instanceof AccessDenied) throw error
          return handle(login)
        }
      },
    }
  }

/** A `call` whose requests nothing bounds. */
export function unbounded(call: Call): Call {
  const { signal } = new AbortController()
  return Object.assign((url: string, init?: RequestInit) => call(url, { ...init, signal }), {
    clock: call.clock,
  })
}

/** With another address in each redirect that tells an error. */
export function redirecting(change: (url: URL) => void): (answer: Response) => Response {
  return (answer) => {
    const location = answer.headers.get('location')
    if (location === null || !location.includes('error=')) return answer
    const url = new URL(location)
    change(url)
    const headers = new Headers(answer.headers)
    headers.set('location', url.href)
    return new Response(null, { status: answer.status, headers })
  }
}

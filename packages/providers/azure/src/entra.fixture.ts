import { type DevOidc, type DevOidcOptions, type DevOidcUser, devOidc, network } from '@drawbridge/testing'

export const ORIGIN = 'https://login.entra.test'
export const GRAPH = 'https://graph.microsoft.com'
export const CREDENTIALS = { clientId: 'dev-client', clientSecret: 'dev-secret', authority: ORIGIN }
export const ACME = '11111111-1111-4111-8111-111111111111'
export const INITECH = '22222222-2222-4222-8222-222222222222'
export const PERSONAL = '9188040d-6c67-4c5b-b112-36a304b66dad'
export const API = 'api://dev-client'

const oid = (number: number) => `aaaaaaaa-0000-4000-8000-00000000000${number}`
export const ADA = { sub: 'ada', tid: ACME, oid: oid(1), name: 'Ada', email: 'ada@acme.test', acct: 0 }

/** Of a tenant, its guest, of another one, and of none. */
export const USERS: readonly DevOidcUser[] = [
  ADA,
  {
    sub: 'grace',
    tid: ACME,
    oid: oid(2),
    name: 'Grace',
    email: 'grace@acme.test',
    acct: 0,
    roles: ['Operator'],
  },
  {
    sub: 'guest',
    tid: ACME,
    oid: oid(3),
    name: 'Guest',
    email: 'max@initech.test',
    acct: 1,
    idp: 'live.com',
  },
  { sub: 'eve', tid: INITECH, oid: oid(4), name: 'Eve', email: 'ada@acme.test' },
  { sub: 'lin', tid: PERSONAL, oid: oid(5), name: 'Lin', email: 'lin@outlook.test' },
]

const openid = ['openid', 'profile', 'email', 'offline_access']

/** What is different about Entra, from its documentation. */
export const QUIRKS = {
  users: USERS,
  userinfo: false,
  discovery: false,
  revocation: 'none',
  refreshIdToken: false,
  onBehalfOf: true,
  issuerOf: ({ tid }, origin) => `${origin}/${tid}/v2.0`,
  // An access token is for one API, whatever people agreed to.
  scopesNamed: (asked) => {
    const ofApis = asked.filter((name) => !openid.includes(name))
    const own = ofApis.filter((name) => name.startsWith(API))
    return [own, ofApis, asked].find((names) => names.length > 0) ?? []
  },
} as const satisfies DevOidcOptions

/** A pretend Entra at its own paths, with Microsoft Graph beside it. */
export function pretendEntra(
  truth: DevOidcOptions = {},
  profile: Record<string, unknown> = { department: 'R&D' },
) {
  const dev: DevOidc = devOidc({ ...QUIRKS, ...truth })
  const graph: { url: string; works: boolean }[] = []
  const hosts = {
    [ORIGIN]: (request: Request) => dev.fetch(moved(request)),
    [GRAPH]: async ({ url, headers }: Request) => {
      const works = dev.works(headers.get('authorization')?.replace('Bearer ', '') ?? '')
      graph.push({ url, works })
      return works ? Response.json(profile) : Response.json({ error: {} }, { status: 401 })
    },
  }
  return { dev, graph, hosts, fetch: network(hosts) }
}

const paths: Readonly<Record<string, string>> = {
  '/oauth2/v2.0/authorize': '/authorize',
  '/oauth2/v2.0/token': '/token',
  '/discovery/v2.0/keys': '/jwks',
}

function moved(request: Request): Request {
  const url = new URL(request.url)
  const [, path] = /^\/[^/]+(\/.*)$/.exec(url.pathname) ?? []
  url.pathname = paths[path ?? ''] ?? '/nowhere'
  return new Request(url, request)
}

import type { Entry, Handler } from '../http/router.ts'
import type { Provider } from '../identity/provider.ts'
import { OAuthError } from '../oauth-error.ts'
import { accountEndpoint } from './account.ts'
import { authorizeEndpoint } from './authorize.ts'
import { callbackEndpoint } from './callback.ts'
import { consentEndpoint } from './consent.ts'
import { withErrorPage } from './error-page.ts'
import { jwksEndpoint } from './jwks.ts'
import type { LimitedEndpoint } from './limiter.ts'
import { accountPath, callbackPath, consentPath, signInPath } from './locations.ts'
import { metadataEndpoint, metadataPath } from './metadata.ts'
import { registerEndpoint, registrationPath } from './register.ts'
import { revokeEndpoint } from './revoke.ts'
import type { Server } from './server.ts'
import { signInEndpoint } from './sign-in.ts'
import { tokenEndpoint, tokenPath } from './token.ts'

/** One endpoint of the authorization server. */
interface Endpoint {
  /** Behind the issuer. With `*` there is one for each provider that it makes something for. */
  path: string
  /** What the metadata calls it (RFC 8414 2). Absent: only browsers come here, sent by us. */
  member?: string
  /** Pages of other origins may call it. */
  cors?: true
  /** Which limit it has; `own`: it counts its requests itself; `none`: a document, which caches keep. */
  limit: LimitedEndpoint | 'own' | 'none'
  /** What answers; `undefined` where this server, its engine or this provider has no use for it. */
  methods(server: Server, provider?: Provider): Entry['methods'] | undefined
}

/** The table of endpoints, in the order of the flow. */
const endpoints: readonly Endpoint[] = [
  {
    path: registrationPath,
    member: 'registration_endpoint',
    cors: true,
    limit: 'register',
    methods: registerEndpoint,
  },
  { path: '/authorize', member: 'authorization_endpoint', limit: 'authorize', methods: authorizeEndpoint },
  { path: consentPath, limit: 'consent', methods: consentEndpoint },
  { path: signInPath, limit: 'signIn', methods: signInEndpoint },
  { path: callbackPath, limit: 'callback', methods: callbackEndpoint },
  { path: accountPath, limit: 'account', methods: accountEndpoint },
  { path: tokenPath, member: 'token_endpoint', cors: true, limit: 'own', methods: tokenEndpoint },
  { path: '/revoke', member: 'revocation_endpoint', cors: true, limit: 'own', methods: revokeEndpoint },
  { path: '/jwks', member: 'jwks_uri', cors: true, limit: 'none', methods: jwksEndpoint },
]

/** What is mounted of them, and the metadata that names it. */
export function endpointEntries(server: Server): readonly Entry[] {
  const { issuer, prefix, providers } = server
  const mounted = endpoints.flatMap(({ path, member, cors = false, limit, methods }) => {
    const each = path.includes('*') ? providers : [undefined]
    return each.flatMap((provider) => {
      const own = path.replace('*', provider?.id ?? '')
      const found = methods(server, provider)
      if (!found) return []
      const limited = withLimit(server, found, limit, cors)
      const otherMethod = cors ? undefined : wrongMethod(server)
      const entry = { path: prefix + own, methods: limited, cors, ...(otherMethod && { otherMethod }) }
      return [{ member, url: issuer + own, entry }]
    })
  })
  const named = mounted.flatMap(({ member, url }) => (member === undefined ? [] : [[member, url]]))
  const metadata = metadataEndpoint(server, Object.fromEntries(named))
  return [{ path: metadataPath(prefix), methods: metadata, cors: true }, ...mounted.map(({ entry }) => entry)]
}

/** A browser may come with another method than ours, as when a provider posts what it was to send in the URL. */
function wrongMethod(server: Server): NonNullable<Entry['otherMethod']> {
  return (request, allow) => {
    if (!request.headers.get('accept')?.includes('text/html')) return undefined
    const refuse = withErrorPage(server, () => {
      throw new OAuthError('invalid_request', `Use ${allow}.`, { status: 405 })
    })
    return Promise.resolve(refuse(request, {})).then((page) => {
      page.headers.set('allow', allow)
      return page
    })
  }
}

/** Where no page of another origin calls, a person looks at the answer. */
function withLimit(
  server: Server,
  methods: Entry['methods'],
  limit: Endpoint['limit'],
  cors: boolean,
): Entry['methods'] {
  if (limit === 'own' || limit === 'none') return methods
  const limited = (handler: Handler) => {
    const counted = server.limiter.before(limit, handler)
    return cors || counted === handler ? counted : withErrorPage(server, counted)
  }
  return Object.fromEntries(Object.entries(methods).map(([method, handler]) => [method, limited(handler)]))
}

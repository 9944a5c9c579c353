import type { Entry } from '../http/router.ts'
import type { Provider } from '../identity/provider.ts'
import { authorizeEndpoint } from './authorize.ts'
import { callbackEndpoint } from './callback.ts'
import { consentEndpoint } from './consent.ts'
import { jwksEndpoint } from './jwks.ts'
import { callbackPath, consentPath, signInPath } from './locations.ts'
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
  /** What answers; `undefined` where this server, its engine or this provider has no use for it. */
  methods(server: Server, provider?: Provider): Entry['methods'] | undefined
}

/** The table of endpoints, in the order of the flow. */
const endpoints: readonly Endpoint[] = [
  { path: registrationPath, member: 'registration_endpoint', cors: true, methods: registerEndpoint },
  { path: '/authorize', member: 'authorization_endpoint', methods: authorizeEndpoint },
  { path: consentPath, methods: consentEndpoint },
  { path: signInPath, methods: signInEndpoint },
  { path: callbackPath, methods: callbackEndpoint },
  { path: tokenPath, member: 'token_endpoint', cors: true, methods: tokenEndpoint },
  { path: '/revoke', member: 'revocation_endpoint', cors: true, methods: revokeEndpoint },
  { path: '/jwks', member: 'jwks_uri', cors: true, methods: jwksEndpoint },
]

/** What is mounted of them, and the metadata that names it. */
export function endpointEntries(server: Server): readonly Entry[] {
  const { issuer, prefix, providers } = server
  const mounted = endpoints.flatMap(({ path, member, cors = false, methods }) => {
    const each = path.includes('*') ? providers : [undefined]
    return each.flatMap((provider) => {
      const own = path.replace('*', provider?.id ?? '')
      const found = methods(server, provider)
      return found ? [{ member, url: issuer + own, entry: { path: prefix + own, methods: found, cors } }] : []
    })
  })
  const named = mounted.flatMap(({ member, url }) => (member === undefined ? [] : [[member, url]]))
  const metadata = metadataEndpoint(server, Object.fromEntries(named))
  return [{ path: metadataPath(prefix), methods: metadata, cors: true }, ...mounted.map(({ entry }) => entry)]
}

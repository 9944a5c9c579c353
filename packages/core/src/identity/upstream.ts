import type { Clock } from '../clock.ts'
import type { UpstreamAnswer, UpstreamTokens } from '../records/upstream-tokens.ts'
import { asksOtherwise, authorizationUrl, type UpstreamRequest } from './authorization-url.ts'
import type { Identity, OAuthProvider } from './provider.ts'
import {
  type FurtherToken,
  furtherToken,
  identify,
  redeem,
  refresh,
  type UpstreamLogin,
} from './token-requests.ts'
import { upstreamClient } from './upstream-client.ts'
import { classified } from './upstream-error.ts'
import { revoke } from './upstream-revocation.ts'

/** The one upstream leg: what Drawbridge does, as an ordinary client, with any provider. */
export interface Upstream {
  readonly provider: OAuthProvider
  /** Where to send the browser (RFC 6749 4.1.1, RFC 7636, OpenID Connect Core 3.1.2.1). */
  authorizationUrl(request: UpstreamRequest): Promise<string>
  /** Whether it would be asked for something else when it is asked again. */
  asksOtherwise(scopes: readonly string[]): boolean
  /** The `iss` a callback must carry, when it carries one (RFC 9207). */
  expectedIssuer(): Promise<string | undefined>
  /** Redeems the callback's code and finds out who signed in. */
  redeem(callback: URLSearchParams, request: UpstreamRequest): Promise<UpstreamLogin>
  refresh(kept: Readonly<UpstreamAnswer>): Promise<UpstreamAnswer>
  /** Asks again who this is. */
  identify(kept: Readonly<UpstreamAnswer>, previous: Identity): Promise<Identity>
  /** Asks for another token for the same user, with these scopes of ours. Absent: the provider has no way. */
  furtherToken?(kept: UpstreamTokens, scopes: readonly string[]): Promise<FurtherToken>
  /** Resolves to false when the provider offers no way. */
  revoke(tokens: UpstreamTokens): Promise<boolean>
}

/** The leg for one provider. */
export function upstream(
  provider: OAuthProvider,
  dependencies: { redirect_uri: string; fetch: typeof fetch; clock: Clock },
): Upstream {
  const client = upstreamClient(provider, dependencies)
  const step = <T>(work: () => Promise<T>) => classified(provider, work)
  return {
    provider,
    authorizationUrl: (request) => step(() => authorizationUrl(client, request)),
    asksOtherwise: (scopes) => asksOtherwise(provider, scopes),
    expectedIssuer: async () => (typeof provider.issuer === 'string' ? provider.issuer : undefined),
    redeem: (callback, request) => step(() => redeem(client, callback, request)),
    refresh: (kept) => step(() => refresh(client, kept)),
    identify: (kept, previous) => step(() => identify(client, kept, { previous })),
    ...(provider.exchange && {
      furtherToken: (kept, asked) => step(() => furtherToken(client, kept, asked)),
    }),
    revoke: (tokens) => step(() => revoke(client, tokens)),
  }
}

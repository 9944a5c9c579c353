import type { RegisteredClient } from '../clients/metadata.ts'
import type { CompletedLogin, EngineAfterLogin, UpstreamOfLogin } from '../engine.ts'
import type { OAuthProvider } from '../identity/provider.ts'
import type { UpstreamLogin } from '../identity/upstream.ts'
import type { AuthorizationRequest } from '../records/transaction.ts'

/** The end of a login here: hands what was consented to, and who signed in, to an engine that makes a code of it. */
export function completeLogin(
  engine: EngineAfterLogin,
  login: {
    request: AuthorizationRequest
    client: RegisteredClient
    provider: OAuthProvider
    login: UpstreamLogin
  } & Pick<UpstreamOfLogin, 'began_at' | 'mayAskAgain'>,
): Promise<CompletedLogin> {
  const { request, client, provider, began_at, mayAskAgain } = login
  const { identity, ...brought } = login.login
  return engine.completeLogin({
    client,
    request,
    subject: `${provider.id}|${identity.sub}`,
    claims: identity.claims,
    scopes: grantedScopes(request.scopes, provider, brought.tokens.scopes),
    upstream: { provider, brought, began_at, mayAskAgain },
  })
}

/** Consented ∩ what the provider granted; scopes of the operator's own are not the provider's to grant. */
function grantedScopes(
  consented: readonly string[],
  { scopes }: OAuthProvider,
  granted: readonly string[],
): readonly string[] {
  const upstream = new Set([...scopes.default, ...(scopes.supported ?? [])])
  return consented.filter((scope) => !upstream.has(scope) || granted.includes(scope))
}

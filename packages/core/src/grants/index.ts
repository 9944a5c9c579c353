import type { Config } from '../config.ts'
import type { Engine, TokenSet } from '../engine.ts'
import type { Form } from '../http/forms.ts'
import { authorizationCodeGrant } from './authorization-code.ts'
import { clientCredentialsGrant } from './client-credentials.ts'
import { refreshTokenGrant } from './refresh-token.ts'

/** What the token endpoint does for one `grant_type`. */
export type GrantType = (headers: Headers, form: Form) => Promise<TokenSet>

/** Those that the engine can serve, by `grant_type` (RFC 6749 1.3, 6). */
export function grantTypes(server: { engine: Engine; config: Config }): ReadonlyMap<string, GrantType> {
  const { engine, config } = server
  const grants = new Map<string, GrantType>([
    ['authorization_code', (headers, form) => authorizationCodeGrant(server, headers, form)],
    ['refresh_token', (headers, form) => refreshTokenGrant(server, headers, form)],
  ])
  if (issues(engine)) {
    grants.set('client_credentials', (headers, form) =>
      clientCredentialsGrant({ engine, config }, headers, form),
    )
  }
  return grants
}

function issues(engine: Engine): engine is Engine & Required<Pick<Engine, 'issue'>> {
  return engine.issue !== undefined
}

import type { Engine } from '../engine/engine.ts'
import type { Emit } from '../events.ts'
import { authorizationCodeGrant } from './authorization-code.ts'
import { clientCredentialsGrant } from './client-credentials.ts'
import type { Grant } from './grant-type.ts'
import { refreshTokenGrant } from './refresh-token.ts'
import type { Offered } from './requested-access.ts'

/** The table of grant types (RFC 6749 1.3, 6): those that the engine can serve, by `grant_type`. */
export function grantTypes(server: { engine: Engine; emit: Emit } & Offered): ReadonlyMap<string, Grant> {
  const { engine } = server
  return new Map([
    ['authorization_code', authorizationCodeGrant(server)],
    ['refresh_token', refreshTokenGrant(server)],
    ...(issues(engine)
      ? ([['client_credentials', clientCredentialsGrant({ ...server, engine })]] as const)
      : []),
  ])
}

function issues(engine: Engine): engine is Engine & Required<Pick<Engine, 'issue'>> {
  return engine.issue !== undefined
}

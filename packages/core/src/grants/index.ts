import type { Engine } from '../engine/engine.ts'
import type { Emit } from '../events.ts'
import { authorizationCodeGrant } from './authorization-code.ts'
import { clientCredentialsGrant } from './client-credentials.ts'
import type { Grant } from './grant-type.ts'
import { refreshTokenGrant } from './refresh-token.ts'
import type { Offered } from './requested-access.ts'

/** One line of the table. */
export interface GrantType {
  grant: Grant
  /** Whether a client may register itself for it (RFC 7591 2), or somebody else has to give it to the client. */
  registrable: boolean
}

/** The table of grant types (RFC 6749 1.3, 6): those that the engine can serve, by `grant_type`. */
export function grantTypes(server: { engine: Engine; emit: Emit } & Offered): ReadonlyMap<string, GrantType> {
  const table: [string, GrantType | undefined][] = [
    ['authorization_code', { grant: authorizationCodeGrant(server), registrable: true }],
    ['refresh_token', { grant: refreshTokenGrant(server), registrable: true }],
    ['client_credentials', issuing(server)],
  ]
  return new Map(table.flatMap(([type, row]) => (row ? [[type, row]] : [])))
}

/** Anybody may register, and then nobody is asked whether the client may have a token. */
function issuing(server: { engine: Engine; emit: Emit } & Offered): GrantType | undefined {
  const { engine } = server
  if (!issues(engine)) return undefined
  return { grant: clientCredentialsGrant({ ...server, engine }), registrable: false }
}

function issues(engine: Engine): engine is Engine & Required<Pick<Engine, 'issue'>> {
  return engine.issue !== undefined
}

import type { Engine, OwnEngine } from '../engine/engine.ts'
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
  /**
   * Whether a sender over its limit is answered all the same when what it brings is genuine. The grant then counts what is
   * not; any other counts beforehand.
   */
  admitsGenuine?: true
}

/** The table of grant types (RFC 6749 1.3, 6): those that the engine can serve, by `grant_type`. */
export function grantTypes(
  server: { engine: Engine; own?: Pick<OwnEngine, 'stepUps'> | undefined; emit: Emit } & Offered,
): ReadonlyMap<string, GrantType> {
  const { engine } = server
  const machines = issues(engine) && clientCredentialsGrant({ ...server, engine })
  const table: Record<string, GrantType> = {
    authorization_code: { grant: authorizationCodeGrant(server), registrable: true },
    refresh_token: { grant: refreshTokenGrant(server), registrable: true, admitsGenuine: true },
    // Anybody may register, and then nobody is asked whether the client may have a token.
    ...(machines && { client_credentials: { grant: machines, registrable: false } }),
  }
  return new Map(Object.entries(table))
}

/** What a client may register itself for (RFC 7591 2). */
export function registrableGrantTypes(server: Parameters<typeof grantTypes>[0]): readonly string[] {
  return [...grantTypes(server)].flatMap(([type, { registrable }]) => (registrable ? [type] : []))
}

function issues(engine: Engine): engine is Engine & Required<Pick<Engine, 'issue'>> {
  return engine.issue !== undefined
}

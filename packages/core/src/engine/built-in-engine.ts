import type { Clock } from '../clock.ts'
import type { RandomBytes } from '../crypto/random.ts'
import type { Emit } from '../events.ts'
import type { GrantRecord } from '../records/grant.ts'
import type { AccessTokenCheck } from './access-token.ts'
import type { ClientRegistry } from './client-registry.ts'
import type { CreateGrant } from './creation.ts'
import type { EndGrant } from './ending.ts'
import type { EngineAfterLogin, LoadedAccessToken, RefusedAccessToken } from './engine.ts'
import { codeLoader } from './redemption.ts'
import type { RefreshPolicy } from './refresh-history.ts'
import { type RotationDependencies, refreshTokenLoader } from './rotation.ts'

/** What of the options decides about tokens. */
export interface BuiltInSettings {
  /** Seconds. */
  lifetimes: { accessToken: number }
  refreshPolicy: RefreshPolicy
  refreshUpstream: 'lazy' | 'proactive'
  clock: Clock
  random: RandomBytes
  emit: Emit
}

/** Our own engine: clients and grants as records, tokens as the files beside this one make them. */
export function builtInEngine(
  dependencies: Pick<
    RotationDependencies,
    'records' | 'loadGrant' | 'accessTokens' | 'end' | 'connections' | 'recheck'
  > & {
    settings: BuiltInSettings
    clients: ClientRegistry
    createGrant: CreateGrant
  },
): EngineAfterLogin & Required<Pick<EngineAfterLogin, 'registerClient'>> {
  const { settings, clients, accessTokens, createGrant, end } = dependencies
  const { clock, emit, lifetimes, random } = settings
  const shared = {
    ...dependencies,
    random,
    clock,
    emit,
    accessTokenLifetime: lifetimes.accessToken,
    touchClient: clients.touch,
  }
  /** Beside the answer, which does not wait for it. */
  const renewUpstream = ({ owner, connection, correlation }: Readonly<GrantRecord>): void => {
    if (connection === undefined) return
    dependencies.connections.token(owner, connection, { correlation }).catch(() => {
      // Told as an event; whoever needs the token tries again.
    })
  }
  return {
    getClient: clients.get,
    registerClient: clients.register,
    completeLogin: createGrant,

    loadCode: codeLoader(shared),
    loadRefreshToken: refreshTokenLoader({
      ...shared,
      policy: settings.refreshPolicy,
      ...(settings.refreshUpstream === 'proactive' && { renewUpstream }),
    }),

    async loadAccessToken(access_token) {
      const check = await accessTokens.verify(access_token)
      if (check.status === 'not-mine') return undefined
      return check.status === 'invalid' ? refused(check) : loaded(check, end)
    },
  }
}

function refused({ reason, claims }: Extract<AccessTokenCheck, { status: 'invalid' }>): RefusedAccessToken {
  if (!claims) return { refused: reason }
  const { client_id, grant, aud, scopes } = claims
  return { refused: reason, client_id, grant, held: { resource: aud, scopes } }
}

function loaded(
  { claims, grant: { value: grant } }: Extract<AccessTokenCheck, { status: 'valid' }>,
  end: EndGrant,
): LoadedAccessToken {
  return {
    token_type: 'Bearer',
    cnf: claims.cnf,
    client_id: claims.client_id,
    subject: claims.sub,
    resource: claims.aud,
    scopes: claims.scopes,
    granted: grant.scopes,
    client_auth: grant.client_auth,
    issued_at: claims.iat,
    expires_at: claims.exp,
    claims: grant.claims,
    grant: claims.grant,
    correlation: grant.correlation,
    revoke: () => end(claims.grant, 'revoked'),
  }
}

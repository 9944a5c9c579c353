import type { ClientRegistry } from './clients/registry.ts'
import type { Config } from './config.ts'
import type { Engine } from './engine.ts'
import type { AccessTokens } from './grants/access-token.ts'
import type { EndGrant } from './grants/ending.ts'
import { codeLoader } from './grants/redemption.ts'
import { type RotationDependencies, refreshTokenLoader } from './grants/rotation.ts'
import type { GrantRecord } from './records/grant.ts'
import type { Records } from './records/records.ts'

/** Our own engine: clients and grants as records, tokens as `grants/` makes them. */
export function builtInEngine(dependencies: {
  config: Config
  records: Records
  clients: ClientRegistry
  accessTokens: AccessTokens
  end: EndGrant
  connections: RotationDependencies['connections']
  recheck: RotationDependencies['recheck']
}): Engine {
  const { config, clients, accessTokens, end } = dependencies
  const { clock, emit, lifetimes } = config
  const shared = {
    ...dependencies,
    random: config.random,
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

    loadAuthorizationCode: codeLoader(shared),
    loadRefreshToken: refreshTokenLoader({
      ...shared,
      policy: config.refreshPolicy,
      ...(config.refreshUpstream === 'proactive' && { renewUpstream }),
    }),

    async loadAccessToken(access_token) {
      const check = await accessTokens.verify(access_token)
      if (check.status !== 'valid') return undefined
      const { client_id, grant } = check.claims
      const { correlation } = check.grant.value
      return { client_id, grant, correlation, revoke: () => end(grant, 'revoked') }
    },
  }
}

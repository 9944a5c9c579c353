import type { PublicKey } from '../crypto/public-keys.ts'
import type { Engine } from '../engine/engine.ts'
import type { RegisteredClient, TokenEndpointAuthMethod } from '../records/client-metadata.ts'

/** Every client there is for this server: those that the engine keeps, and those that a document describes. */
export interface KnownClients {
  /**
   * @param presented how the client authenticates, where it does: what a document says is only looked up for a proof
   */
  get(client_id: string, presented?: TokenEndpointAuthMethod): Promise<RegisteredClient | undefined>
  /** What the client signs its assertions with. `newer`: looked up again, unless that was a moment ago. */
  keys(client: RegisteredClient, options?: { newer?: boolean }): Promise<readonly PublicKey[]>
}

export function knownClients({ engine }: { engine: Pick<Engine, 'getClient'> }): KnownClients {
  return {
    get: (client_id) => engine.getClient(client_id),
    keys: async ({ jwks }) => jwks?.keys ?? [],
  }
}

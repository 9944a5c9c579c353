import type { UpstreamTokenOptions } from '../auth.ts'
import type { Clock } from '../clock.ts'
import { NoUpstreamToken, UpstreamEnded } from '../errors.ts'
import type { Emit } from '../events.ts'
import { type ConnectionRecord, connectionKey } from '../records/connection.ts'
import type { Records, Versioned } from '../records/records.ts'
import type { Upstream } from './upstream.ts'

/** What connections are made from. */
export interface Parts {
  records: Records
  upstreams: ReadonlyMap<string, Upstream>
  clock: Clock
  emit: Emit
}

/** What a caller needs of a token. */
export interface Want extends UpstreamTokenOptions {
  /** That of the grant it is for. */
  correlation: string
}

/** The same, and of which connection. */
export interface Need extends Want {
  owner: string
  id: string
}

export type Connection = Readonly<ConnectionRecord>
export type Kept = Versioned<ConnectionRecord>

/** One that is there, and that the provider has not ended. */
export async function keptConnection({ records }: Parts, owner: string, id: string): Promise<Kept> {
  const record = await records.get<ConnectionRecord>(connectionKey(owner, id))
  if (!record)
    throw new NoUpstreamToken('No provider token is kept for this user. Sign in again to obtain one.')
  if (record.value.ended) throw new UpstreamEnded('The provider ended this authorization. Sign in again.')
  return record
}

/** Where its tokens can be used. */
export function upstreamOf({ upstreams }: Parts, { provider, client_id }: Connection): Upstream {
  const found = upstreams.get(provider)
  if (!found) throw new NoUpstreamToken(`The provider "${provider}" is no longer configured.`)
  if (found.provider.client.id !== client_id) {
    throw new NoUpstreamToken('The provider token is of another app than is configured. Sign in again.')
  }
  return found
}

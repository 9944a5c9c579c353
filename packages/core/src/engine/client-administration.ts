import { type Clock, unixTime } from '../clock.ts'
import { Unavailable } from '../errors.ts'
import type { Emit } from '../events.ts'
import {
  type ClientRecord,
  candidatePrefix,
  clientKey,
  clientPrefix,
  type DeletedClientRecord,
  findCandidate,
  findClient,
  isDeleted,
} from '../records/client.ts'
import { type GrantRecord, grantKinds, grantRef } from '../records/grant.ts'
import { forEachKey, type Records } from '../records/records.ts'
import type { ClientEditing } from './client-editing.ts'
import { type ClientSummary, clientSummary } from './client-summary.ts'
import type { EndGrant } from './ending.ts'

/** What an operator does with clients: those that registered themselves, and those made here. */
export interface ClientAdmin extends ClientEditing {
  /**
   * A page of them, in no particular order, without those of the options. Reads the whole store at a store's own pace: not
   * for users' requests.
   *
   * @param options.cursor where the page before ended; none is the first
   * @param options.limit how many at most. Default 100
   * @example
   * let page = await auth.clients.list()
   * while (page.cursor) page = await auth.clients.list({ cursor: page.cursor })
   */
  list(options?: { cursor?: string | undefined; limit?: number | undefined }): Promise<ClientPage>
  /** Resolves to `undefined` when there is none, and for a client of the options: that one is `clients`. */
  get(client_id: string): Promise<ClientSummary | undefined>
  /** Removes a client and ends every grant made to it. Resolves to false when there was no such client. */
  delete(client_id: string): Promise<boolean>
}

/** Some of the clients, and where to go on. */
export interface ClientPage {
  clients: readonly ClientSummary[]
  cursor?: string | undefined
}

const pageSize = 100
/** Seconds for which it is noted that a client was deleted: no request is at work for longer. */
const deletionNoted = 600

export function clientAdmin(dependencies: {
  records: Records
  clock: Clock
  end: EndGrant
  emit: Emit
}): Omit<ClientAdmin, keyof ClientEditing> {
  const { records, clock, end, emit } = dependencies

  async function find(client_id: string): Promise<Readonly<ClientRecord> | undefined> {
    // In the order in which a client moves.
    const candidate = await findCandidate(records, client_id)
    const stored = await findClient(records, client_id)
    if (stored) return isDeleted(stored.value) ? undefined : stored.value
    return candidate?.value
  }

  /**
   * A candidate may be on its way to the clients that were approved. A note in its future place stops it, so that
   * nothing brings back what is deleted here. Resolves to false when there was no such client.
   */
  async function remove(client_id: string): Promise<boolean> {
    let wasThere = false
    for (let tries = 0; tries < 10; tries++) {
      const candidate = await findCandidate(records, client_id)
      const stored = await findClient(records, client_id)
      const isThere = stored && !isDeleted(stored.value)
      if (!isThere && !candidate) return wasThere
      const now = unixTime(clock)
      const note: DeletedClientRecord = { client_id, deleted_at: now }
      const expiresAt = Math.max(now + deletionNoted, candidate?.value.expires_at ?? 0)
      const ifVersion = stored?.version ?? null
      const version = await records.put(clientKey(client_id), note, { ifVersion, expiresAt })
      if (version === undefined) continue
      wasThere = true
      if (!candidate || (await records.delete(candidate.key, candidate.version))) return true
    }
    throw new Unavailable('clients: too many writers')
  }

  /** Of what lies there, what is a client. A copy of a candidate that has moved is none. */
  async function clientAt(key: string): Promise<ClientSummary[]> {
    const record = await records.get<ClientRecord | DeletedClientRecord>(key, { keep: false })
    if (!record || isDeleted(record.value)) return []
    const { client_id } = record.value
    const isCopy = key !== clientKey(client_id) && (await findClient(records, client_id))
    return isCopy ? [] : [clientSummary(record.value)]
  }

  /** Those that were approved, and then those that were not. The cursor says in which of the two it goes on. */
  const list: ClientAdmin['list'] = async ({ cursor, limit = pageSize } = {}) => {
    const prefix = cursor?.startsWith(candidatePrefix) ? candidatePrefix : clientPrefix
    const page = await records.list(prefix, { cursor: cursor?.slice(prefix.length) || undefined, limit })
    const clients = (await Promise.all(page.keys.map(clientAt))).flat()
    if (page.cursor !== undefined) return { clients, cursor: prefix + page.cursor }
    if (prefix === candidatePrefix) return { clients }
    const room = limit - page.keys.length
    if (room <= 0) return { clients, cursor: candidatePrefix }
    const others = await list({ cursor: candidatePrefix, limit: room })
    return { clients: [...clients, ...others.clients], cursor: others.cursor }
  }

  return {
    list,

    async get(client_id) {
      const client = await find(client_id)
      return client && clientSummary(client)
    },

    async delete(client_id) {
      const removed = await remove(client_id)
      if (removed) emit({ type: 'client.deleted', client_id })
      const failures: unknown[] = []
      await forEachKey(records, grantKinds, async (key) => {
        try {
          const grant = await records.get<GrantRecord>(key)
          if (grant?.value.client_id === client_id) await end(grantRef(grant.value), 'administration')
        } catch (error) {
          // One record that does not open must not keep the others' grants alive.
          failures.push(error)
        }
      })
      if (failures.length > 0) throw failures[0]
      return removed
    },
  }
}

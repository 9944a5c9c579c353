import type { Emit } from '../events.ts'
import type { Connections } from '../identity/connections.ts'
import { connectionPrefix } from '../records/connection.ts'
import { type GrantRecord, grantPrefix, grantRef } from '../records/grant.ts'
import { everyKey, forEachKey, type Records } from '../records/records.ts'
import { endApiKeysOf } from './api-key-ending.ts'
import type { EndGrant } from './ending.ts'
import type { OwnerOf } from './owner.ts'

/** Why what a person has ends: an operator wants it, or they do. */
export type PersonEnd = 'administration' | 'account_page'

/** Ends what one person let in, as far as it goes: one that fails is in the way of no other. */
export interface PersonEnding {
  /** Those that open, and what the others failed with. */
  grantsOf(owner: string): Promise<{ grants: Readonly<GrantRecord>[]; failures: unknown[] }>
  /**
   * All grants of one client, also one whose code is still on its way.
   *
   * @throws what one failed with, after all others have ended
   */
  client(subject: string, client_id: string): Promise<void>
  /** Grants, API keys and the provider's tokens; sessions are the caller's. */
  everything(subject: string, reason: PersonEnd): Promise<{ ended: number; failures: unknown[] }>
}

export function personEnding(dependencies: {
  records: Records
  connections: Connections
  ownerOf: OwnerOf
  emit: Emit
  end: EndGrant
}): PersonEnding {
  const { records, connections, ownerOf, end } = dependencies

  async function grantsOf(owner: string): ReturnType<PersonEnding['grantsOf']> {
    const grants: Readonly<GrantRecord>[] = []
    const failures: unknown[] = []
    await forEachKey(records, grantPrefix(owner), async (key) => {
      const grant = await records.peek<GrantRecord>(key)
      if (grant?.value) grants.push(grant.value)
      else if (grant) failures.push(grant.unreadable)
    })
    return { grants, failures }
  }

  async function endConnection(owner: string, id: string): Promise<void> {
    const connection = await connections.forget(owner, id)
    if (connection) await connections.revoke(connection)
  }

  return {
    grantsOf,

    async client(subject, client_id) {
      const { grants } = await grantsOf(await ownerOf(subject))
      const failures: unknown[] = []
      for (const grant of grants.filter((one) => one.client_id === client_id)) {
        await end(grantRef(grant), 'account_page').catch((error: unknown) => void failures.push(error))
      }
      if (failures.length > 0) throw failures[0]
    },

    async everything(subject, reason) {
      const owner = await ownerOf(subject)
      const { grants, failures } = await grantsOf(owner)
      const attempted = (work: Promise<void>) => work.catch((error: unknown) => void failures.push(error))
      let ended = 0
      const endKeys = async () => {
        ended += await endApiKeysOf(
          dependencies,
          owner,
          reason === 'account_page' ? 'revoked' : 'administration',
        )
      }
      // First, since the provider may take its time over each grant.
      await attempted(endKeys())
      for (const grant of grants) await attempted(end(grantRef(grant), reason))
      // What a login left behind that never became a grant, or outlived it.
      for await (const key of everyKey(records, connectionPrefix(owner))) {
        await attempted(endConnection(owner, key.slice(connectionPrefix(owner).length)))
      }
      // A request that one of the grants had let in may have been making one.
      await attempted(endKeys())
      return { ended: grants.length + ended, failures }
    },
  }
}

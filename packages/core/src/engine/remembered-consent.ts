import { isEnded } from '../records/endings.ts'
import { type GrantRecord, grantPrefix } from '../records/grant.ts'
import { everyKey, type Records } from '../records/records.ts'
import type { ServerKeys } from '../records/server-keys.ts'
import type { AuthorizationRequest } from '../records/transaction.ts'
import { installationOf } from './creation.ts'
import type { OwnerOf } from './owner.ts'

/**
 * Whether a person let the same in before, on the page: a grant of theirs says so, to the letter, for this client, redirect
 * URI, resource and scopes. It is no record of its own, so that whatever ends the grant ends the memory with it; and a grant
 * for which nobody was asked carries none on.
 */
export function rememberedConsent(dependencies: {
  records: Records
  keys: Pick<ServerKeys, 'endings'>
  ownerOf: OwnerOf
}): (subject: string, request: AuthorizationRequest) => Promise<boolean> {
  const { records, keys, ownerOf } = dependencies
  return async (subject, request) => {
    const owner = await ownerOf(subject)
    const installation = grantPrefix(owner) + installationOf(request)
    const own: string[] = []
    for await (const key of everyKey(records, grantPrefix(owner))) {
      if (key.startsWith(installation)) own.push(key)
    }
    const [grants, endings] = await Promise.all([
      Promise.all(own.map((key) => records.peek<GrantRecord>(key))),
      keys.endings(),
    ])
    return grants.some((grant) => {
      const { value } = grant ?? {}
      return value !== undefined && isStanding(value) && !isEnded(value, endings) && isSame(value, request)
    })
  }
}

/** One that has come to its end is not there any more. */
function isStanding({ code, doubt }: Readonly<GrantRecord>): boolean {
  return code.redeemed_at !== undefined && !doubt
}

function isSame(grant: Readonly<GrantRecord>, request: AuthorizationRequest): boolean {
  return (
    grant.client_id === request.client_id &&
    grant.redirect_uri === request.redirect_uri &&
    grant.resource === request.resource &&
    grant.consented !== undefined &&
    sorted(grant.consented) === sorted(request.scopes)
  )
}

function sorted(scopes: readonly string[]): string {
  return [...new Set(scopes)].sort().join(' ')
}

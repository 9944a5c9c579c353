import type { ConnectionRecord, ReplacedTokens } from '../records/connection.ts'
import type { UpstreamTokens } from '../records/upstream-tokens.ts'
import type { Connection } from './kept-connection.ts'

/** Ten with the one in use: where a provider counts them, it ends the oldest beyond so many itself. */
const most = 9
/** Bytes of all of them: tokens may be long, stores have limits, and the record is read at each use of the newest. */
const mostBytes = 16 * 1024

/**
 * What earlier logins left in a connection that these tokens are now to be in, newest first: nobody will use it any more,
 * and it is to end with the connection. Without what has ended by itself.
 */
export function replacedBy(
  tokens: UpstreamTokens,
  existing: Connection | undefined,
  now: number,
): readonly ReplacedTokens[] {
  if (!existing) return []
  const earlier = [...(existing.ended ? [] : [existing.tokens]), ...(existing.replaced ?? [])]
  const others = earlier
    .filter(({ access_token }) => access_token !== tokens.access_token)
    .map((each) => withoutScopes(each.refresh_token === tokens.refresh_token ? accessOnly(each) : each))
  let bytes = 0
  return living(others, now)
    .filter((each) => {
      const size = new TextEncoder().encode(JSON.stringify(each)).length
      if (bytes + size > mostBytes) return false
      bytes += size
      return true
    })
    .slice(0, most)
}

/** Those of a connection that there is still something to end of. */
export function replacedIn({ tokens, replaced = [] }: Connection, now: number): UpstreamTokens[] {
  return living(replaced, now).map((each) => ({ ...each, scopes: tokens.scopes }))
}

/** The connection with what a refresh brought, where a login meanwhile replaced what was refreshed; else `undefined`. */
export function withReplacedRefreshed(
  connection: Connection,
  refreshed: UpstreamTokens,
  tokens: UpstreamTokens,
): ConnectionRecord | undefined {
  const { replaced = [] } = connection
  const isMeant = ({ refresh_token }: ReplacedTokens) =>
    refresh_token !== undefined && refresh_token === refreshed.refresh_token
  if (!replaced.some(isMeant)) return undefined
  const changed = replaced.map((each) => (isMeant(each) ? withoutScopes(tokens) : each))
  return { ...connection, replaced: changed }
}

function living<T extends ReplacedTokens>(all: readonly T[], now: number): T[] {
  const isAhead = (time: number | undefined) => time === undefined || time > now
  return all.filter(
    ({ expires_at, refresh_token, refresh_expires_at }) =>
      isAhead(expires_at) || (refresh_token !== undefined && isAhead(refresh_expires_at)),
  )
}

function withoutScopes({ scopes: _, ...tokens }: ReplacedTokens & { scopes?: unknown }): ReplacedTokens {
  return tokens
}

/** A login that brought no refresh token lives on theirs. */
function accessOnly({ access_token, token_type, expires_at }: ReplacedTokens): ReplacedTokens {
  return { access_token, token_type, expires_at }
}

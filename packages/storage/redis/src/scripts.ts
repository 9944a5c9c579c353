import { createHash } from 'node:crypto'
import type { Connection } from './connection.ts'

/** Lua that Redis runs as one step. All its keys are in one slot; the first says in which. */
export interface Script {
  source: string
  sha1: string
}

/** How many characters of an entry are its version; the value follows. */
export const versionLength = 22

// A client that lost its connection may send a command again although the first one was carried out, or much later
// than its caller waits. The second would then find its own write and answer that somebody else was first; the late
// one could bring back what was deleted meanwhile. Both are turned into errors: "unknown", which callers know to handle.
//
// KEYS: entry, mark of this write, the owner's index if there is one.
// ARGV: deadline in Unix milliseconds, version to find (empty: the entry must be absent).
const opening = `
local now = redis.call('TIME')
local left = ARGV[1] - now[1] * 1000 - math.floor(now[2] / 1000)
if left <= 0 then
  return redis.error_reply('LATE the write arrived after its caller gave up, or the clock of Redis is ahead by a minute')
end
if redis.call('EXISTS', KEYS[2]) == 1 then
  return redis.error_reply('REPEATED the write arrived twice, and may have taken effect the first time')
end
if redis.call('GETRANGE', KEYS[1], 0, ${versionLength - 1}) ~= ARGV[2] then return 0 end
`

// The mark comes after the write: a Redis out of memory refuses SET as the first change of a script, but not later, and
// deleting must work there.
//
// An index lives as long as the entry in it that lives longest. Redis ends a key one millisecond after the time it was
// given, hence the "- 1".
const closing = `
if KEYS[3] then
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now[1])
  local latest = redis.call('ZRANGE', KEYS[3], -1, -1, 'WITHSCORES')[2]
  if latest == 'inf' then
    redis.call('PERSIST', KEYS[3])
  elseif latest then
    redis.call('PEXPIREAT', KEYS[3], latest * 1000 - 1)
  end
end
redis.call('SET', KEYS[2], '', 'PX', left)
return 1
`

/** Further ARGV: version and value, expiry in Unix seconds or `+inf`, member of the index. */
export const putScript: Script = script(`${opening}
redis.call('SET', KEYS[1], ARGV[3])
if ARGV[4] ~= '+inf' then redis.call('PEXPIREAT', KEYS[1], ARGV[4] * 1000 - 1) end
if KEYS[3] then redis.call('ZADD', KEYS[3], ARGV[4], ARGV[5]) end
${closing}`)

/** Further ARGV: member of the index. */
export const deleteScript: Script = script(`${opening}
redis.call('DEL', KEYS[1])
if KEYS[3] then redis.call('ZREM', KEYS[3], ARGV[3]) end
${closing}`)

/** KEYS: an owner's index. ARGV: cursor, count. Answers the next cursor and members, each followed by its expiry. */
export const listScript: Script = script(`
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', redis.call('TIME')[1])
return redis.call('ZSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
`)

/** By its hash; with its source when this server has not seen it yet, or no longer knows it. */
export async function run(
  connection: Connection,
  script: Script,
  keys: readonly [string, ...string[]],
  args: readonly string[],
): Promise<unknown> {
  const rest = [String(keys.length), ...keys, ...args]
  try {
    return await connection.send(keys[0], 'EVALSHA', script.sha1, ...rest)
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
    return connection.send(keys[0], 'EVAL', script.source, ...rest)
  }
}

function script(source: string): Script {
  return { source, sha1: createHash('sha1').update(source).digest('hex') }
}

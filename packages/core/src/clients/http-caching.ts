/** Seconds: a host cannot have us ask at each request, nor keep a key in use that it has withdrawn a day ago. */
const shortest = 300
const longest = 24 * 3600
/** For a host that says nothing. */
const usual = 3600

/**
 * For how many seconds an answer may be kept (RFC 9111 4.2), between five minutes and a day. We are a cache that many
 * share: `s-maxage` goes before `max-age`, and that before `Expires`.
 */
export function cacheLifetime(headers: Headers): number {
  const control = headers.get('cache-control')?.toLowerCase() ?? ''
  const held = (seconds: number) => Math.min(Math.max(seconds, shortest), longest)
  if (/\b(no-store|no-cache|private)\b/.test(control)) return shortest
  const [, shared] = /\bs-maxage="?(\d{1,10})/.exec(control) ?? []
  const [, own] = /\bmax-age="?(\d{1,10})/.exec(control) ?? []
  const seconds = shared ?? own
  if (seconds !== undefined)
    return held(Number(seconds) - Number(/^\d{1,10}/.exec(headers.get('age') ?? '') ?? 0))
  const expires = Date.parse(headers.get('expires') ?? '')
  const date = Date.parse(headers.get('date') ?? '')
  return Number.isFinite(expires) && Number.isFinite(date) ? held((expires - date) / 1000) : usual
}

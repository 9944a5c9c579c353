import type { Timers } from './timers.ts'

/** What a load balancer asks: whether to send requests here. */
export interface Health {
  answer(request: Request): Promise<Response>
  /** From now on it is no. */
  end(): void
}

/** How long a look at what we need may take, and how long its result is used, in milliseconds. */
const longest = 2000
const usedFor = 1000

/**
 * Answers 200 while `ready` resolves, in time, and 503 otherwise: with no reason, since anybody may ask. However often that
 * is, there is one look a second.
 */
export function health(ready: () => Promise<void>, time: Timers): Health {
  let ended = false
  let looking: Promise<boolean> | undefined
  let last: { well: boolean; at: number } | undefined

  return {
    async answer({ method }) {
      if (method !== 'GET' && method !== 'HEAD') {
        return new Response(null, { status: 405, headers: { allow: 'GET, HEAD' } })
      }
      const well = !ended && (await isWell())
      return new Response(
        method === 'HEAD' ? null : JSON.stringify({ status: well ? 'ok' : 'unavailable' }),
        {
          status: well ? 200 : 503,
          headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
        },
      )
    },
    end() {
      ended = true
    },
  }

  async function isWell(): Promise<boolean> {
    if (last && time.now() - last.at < usedFor) return last.well
    looking ??= look().finally(() => {
      looking = undefined
    })
    return looking
  }

  async function look(): Promise<boolean> {
    let cancel = () => {}
    const late = new Promise<boolean>((resolve) => {
      cancel = time.after(longest, () => resolve(false))
    })
    const asked = ready().then(
      () => true,
      () => false,
    )
    const well = await Promise.race([asked, late]).finally(cancel)
    last = { well, at: time.now() }
    return well
  }
}

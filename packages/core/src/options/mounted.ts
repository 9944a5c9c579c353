import type { GuardedRequest, Mountable } from '../auth.ts'
import { systemClock } from '../clock.ts'
import { callbackHint, pathHint } from '../http/path-hint.ts'
import { tellOperator } from '../log/operator-log.ts'
import { checkMounted } from './check-mounted.ts'

/** What an adapter makes of what `drawbridge()` was given: one thing to mount, which knows what to say of where it stands. */
export interface Mounted extends Required<Omit<Mountable, 'notice'>> {
  notice(text: string): void
  /**
   * Tells the operator, once, of the routes that cannot be reached where it stands. Nothing is told while it is also
   * mounted elsewhere.
   *
   * @param reaches whether requests for a path come here
   * @param fix what to do instead, in the framework's words
   */
  standsWhere(reaches: (path: string) => boolean, fix: string): void
  /**
   * To be asked about each request that is none of ours, before the application has it. Where an answer of 404 would
   * mean that somebody looks for an MCP endpoint in the wrong place, or that a provider has another callback: what to call then. At most once an hour it tells
   * the operator, of all endpoints that saw the request.
   *
   * @param key the same object for all that see this request
   */
  passedOn(request: GuardedRequest, key: object): (() => void) | undefined
}

const anHour = 3_600_000

/** What saw a request that was not for it. */
const passedBy = new WeakMap<object, { mounted: Mountable[]; watched: boolean }>()

/** How many places each is mounted at, and where requests for its routes can come in. */
const places = new WeakMap<Mountable, { mounts: number; seen: number; reachable: Set<string> }>()

/**
 * For adapters: checks what `drawbridge(...)` was given, and makes one of several.
 *
 * @throws {ConfigurationError} saying what to write instead
 * @example
 * const x = mounted([files, mail])
 * const response = await x.handle(request)
 */
export function mounted(given: Mountable | readonly Mountable[]): Mounted {
  const all: readonly Mountable[] = isList(given) ? given : [given]
  // A list of nothing is nothing to mount.
  if (all.length === 0) checkMounted('drawbridge', given as never)
  for (const x of all) {
    checkMounted('drawbridge', x)
    const place = placeOf(x)
    place.mounts++
  }
  const notice = (text: string) => {
    const listener = all.find((x) => x.notice)
    if (listener) listener.notice?.(text)
    else tellOperator(undefined, text)
  }
  let stood = false
  let toldAt = Number.NEGATIVE_INFINITY

  return {
    // Read when asked for, as each has them then.
    get routes() {
      return all.length === 1 && all[0] ? all[0].routes : all.flatMap(({ routes }) => routes)
    },
    get endpoints() {
      return all.flatMap(({ endpoints = [] }) => endpoints)
    },
    async handle(request, context) {
      for (const x of all) {
        const response = await x.handle(request, context)
        if (response) return response
      }
      return undefined
    },
    async ready() {
      await Promise.all(all.map((x) => x.ready?.()))
    },
    async close() {
      await Promise.all(all.map((x) => x.close?.()))
    },
    notice,
    standsWhere(reaches, fix) {
      if (stood) return
      stood = true
      const hidden = all.flatMap((x) => hiddenOf(x, reaches))
      if (hidden.length > 0) {
        notice(
          `drawbridge() is mounted where requests for ${[...new Set(hidden)].join(', ')} do not reach it. ${fix}`,
        )
      }
    },
    passedOn(request, key) {
      const before = passedBy.get(key)
      const here = before ?? { mounted: [], watched: false }
      here.mounted.push(...all)
      if (!before) passedBy.set(key, here)
      // One watches the answer for all.
      if (here.watched || hintOf(all, request) === undefined) return undefined
      here.watched = true
      // Only the head is kept: what is told after the answer needs no body.
      const { method, url, headers } = request
      return () => {
        const now = systemClock.now()
        if (now - toldAt < anHour) return
        toldAt = now
        notice(`Nobody answered ${method} (404). ${hintOf(here.mounted, { method, url, headers })}`)
      }
    },
  }
}

function hintOf(all: readonly Mountable[], request: GuardedRequest): string | undefined {
  const endpoints = all.flatMap((x) => x.endpoints ?? [])
  const hint = endpoints.length > 0 ? pathHint(endpoints, request) : undefined
  return hint ?? callbackHint([...new Set(all.flatMap(({ routes }) => routes))], request)
}

function isList(given: Mountable | readonly Mountable[]): given is readonly Mountable[] {
  return Array.isArray(given)
}

function placeOf(x: Mountable): { mounts: number; seen: number; reachable: Set<string> } {
  const place = places.get(x) ?? { mounts: 0, seen: 0, reachable: new Set() }
  places.set(x, place)
  return place
}

/** Routes that no place of `x` can serve, as soon as all its places are known. */
function hiddenOf(x: Mountable, reaches: (path: string) => boolean): string[] {
  const paths = x.routes.map(({ path }) => path)
  const place = placeOf(x)
  place.seen++
  for (const path of paths.filter(reaches)) place.reachable.add(path)
  return place.seen < place.mounts ? [] : paths.filter((path) => !place.reachable.has(path))
}

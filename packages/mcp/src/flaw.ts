import { isObject } from './json-rpc.ts'

/** Levels of arrays and objects. Code that walks by recursion gives up a few thousand further down. */
const deepest = 1000

/**
 * Why no server should see a body, although it is JSON; `undefined` for most. A member called `__proto__` is a member
 * to some who copy it and a prototype to others, so that the gate and the server could read two different messages.
 *
 * @example
 * flawOf(JSON.parse('{"__proto__":{}}')) // '"__proto__" is not a member'
 */
export function flawOf(body: unknown): string | undefined {
  let level: unknown[] = [body]
  for (let depth = 0; level.length > 0; depth += 1) {
    const next: unknown[] = []
    for (const value of level) {
      if (!isObject(value)) continue
      if (depth === deepest) return `nested deeper than ${deepest} levels`
      if (Object.hasOwn(value, '__proto__')) return '"__proto__" is not a member'
      for (const member of Array.isArray(value) ? value : Object.values(value)) {
        if (isObject(member)) next.push(member)
      }
    }
    level = next
  }
  return undefined
}

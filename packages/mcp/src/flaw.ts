import { isObject, messagesIn } from './json-rpc.ts'

/** Levels of arrays and objects. Code that walks by recursion gives up a few thousand further down. */
const deepest = 1000
/** Values of a message. Servers write a line of error about each wrong one, and spend a hundred times as long on it. */
const mostValues = 5000
/** Values of a tool's arguments, which may well be a long list. */
const mostArguments = 100_000
/** UTF-16 units of a URI: what HTTP asks everybody to take (RFC 9110 4.1). Templates take long for longer ones, or fail. */
const longestUri = 8192

/**
 * Why no server should see a body, although it is JSON; `undefined` for most. A member called `__proto__` is a member
 * to some who copy it and a prototype to others, so that the gate and the server could read two different messages.
 *
 * @example
 * flawOf(JSON.parse('{"__proto__":{}}')) // '"__proto__" is not a member'
 */
export function flawOf(body: unknown): string | undefined {
  let level: unknown[] = [body]
  let values = 0
  for (let depth = 0; level.length > 0; depth += 1) {
    const next: unknown[] = []
    for (const value of level) {
      if (!isObject(value)) continue
      if (depth === deepest) return `nested deeper than ${deepest} levels`
      if (Object.hasOwn(value, '__proto__')) return '"__proto__" is not a member'
      for (const member of Array.isArray(value) ? value : Object.values(value)) {
        values += 1
        if (isObject(member)) next.push(member)
      }
    }
    level = next
  }
  const tooMany = values > mostValues ? tooManyValues(body, values) : undefined
  if (tooMany !== undefined) return tooMany
  const isLong = messagesIn(body).some(({ params }) => hasLongUri(params))
  return isLong ? `a uri of more than ${longestUri} characters` : undefined
}

function hasLongUri(params: unknown): boolean {
  if (!isObject(params)) return false
  const { uri, ref } = params
  return [uri, isObject(ref) ? ref.uri : undefined].some(
    (one) => typeof one === 'string' && one.length > longestUri,
  )
}

function tooManyValues(body: unknown, values: number): string | undefined {
  const ofArguments = messagesIn(body).reduce((sum, { params }) => sum + valuesIn(argumentsOf(params)), 0)
  if (ofArguments > mostArguments) return `arguments of more than ${mostArguments} values`
  return values - ofArguments > mostValues ? `more than ${mostValues} values` : undefined
}

function argumentsOf(params: unknown): unknown {
  return isObject(params) && Object.hasOwn(params, 'arguments') ? params.arguments : undefined
}

function valuesIn(body: unknown): number {
  let values = 0
  const left: unknown[] = [body]
  while (left.length > 0) {
    const value = left.pop()
    if (!isObject(value)) continue
    for (const member of Array.isArray(value) ? value : Object.values(value)) {
      values += 1
      if (isObject(member)) left.push(member)
    }
  }
  return values
}

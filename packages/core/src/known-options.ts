import { ConfigurationError } from './errors.ts'

/** What an option may be; `true` where somebody looks closer. */
export type OptionKind =
  | true
  | 'text'
  | 'texts'
  | 'text or texts'
  | 'number'
  | 'seconds'
  | 'count'
  | 'flag'
  | 'function'
  | 'list'
  | 'object'
  | 'clock'

/**
 * Every option of a type, and what it may be. An option that is added to the type and not here does not compile, and
 * neither does one that is only here.
 */
export type OptionTable<Options> = Readonly<Record<keyof Options, OptionKind>>

const isText = (value: unknown) => typeof value === 'string'

const kinds: Readonly<Record<Exclude<OptionKind, true>, { holds(value: unknown): boolean; fix: string }>> = {
  text: { holds: isText, fix: 'Pass a text.' },
  texts: { holds: (value) => isListOf(value, isText), fix: 'Pass a list of texts.' },
  'text or texts': {
    holds: (value) => isText(value) || isListOf(value, isText),
    fix: 'Pass a text, or a list of texts.',
  },
  number: { holds: (value) => typeof value === 'number', fix: 'Pass a number.' },
  seconds: {
    holds: (value) => Number.isFinite(value) && Number(value) >= 0,
    fix: 'Pass a number of seconds, 0 or more.',
  },
  count: {
    holds: (value) => Number.isSafeInteger(value) && Number(value) > 0,
    fix: 'Pass a whole number, 1 or more.',
  },
  flag: { holds: (value) => typeof value === 'boolean', fix: 'Pass true or false.' },
  function: { holds: (value) => typeof value === 'function', fix: 'Pass a function.' },
  list: { holds: Array.isArray, fix: 'Pass a list.' },
  object: { holds: isPlain, fix: 'Pass an object, such as { ... }.' },
  clock: {
    holds: (value) => ['now', 'sleep'].every((name) => typeof Object(value)[name] === 'function'),
    fix: 'Pass a clock with `now` and `sleep`, or leave it out.',
  },
}

/**
 * Checks what a function was called with: an object, with options that there are, each of its kind. Mistyped names would
 * otherwise do nothing, and be found when it is late.
 *
 * @param example a good call, such as `redis({ client })`; for the message, which begins with its name
 * @param prefix stands before the names of options in messages: `redis.`
 * @throws {ConfigurationError} naming the option and, for a name that does not exist, the one that may have been meant
 * @example
 * checkCall('redis({ client })', options, { client: true, timeout: 'number' }, 'redis.')
 */
export function checkCall<Options extends object>(
  example: string,
  given: Options,
  table: OptionTable<Options>,
  prefix = '',
): void {
  const name = example.slice(0, example.indexOf('('))
  check(`${name}()`, given, table, {
    prefix,
    of: name,
    fix: `Call it with an object of options: ${example}.`,
  })
}

/**
 * The same for an option that holds options itself. Left out is fine.
 *
 * @param option its full name, such as `scopes` or `resources["/mcp"].scopes`
 * @throws {ConfigurationError} as {@link checkCall} does
 * @example
 * checkMembers('registration', options.registration, { enabled: 'flag', lifetime: 'number' })
 */
export function checkMembers<Options extends object>(
  option: string,
  given: Options | undefined,
  table: OptionTable<Options>,
): void {
  if (given === undefined) return
  const names = Object.keys(table).join(', ')
  check(option, given, table, { prefix: `${option}.`, of: option, fix: `Pass an object with ${names}.` })
}

/** What was given, in words that are safe to print: `null`, `a promise`, `a Pool`, `12`, `a text`. */
export function inWords(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return 'a text'
  if (typeof value !== 'object') return `a ${typeof value}`
  if (typeof Object(value).then === 'function') return 'a promise'
  const maker: unknown = Object.getPrototypeOf(value)?.constructor
  const name = typeof maker === 'function' ? maker.name : ''
  if (name === 'Object' || name === '') return 'an object'
  return `${/^[AEIOU]|^Mc/.test(name) ? 'an' : 'a'} ${name}`
}

/** The same, and a text as it was written: `"eager"`. Not for what may be a secret. */
export function said(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : inWords(value)
}

/** Checks that an option is one of a few texts. Left out is fine. Throws {@link ConfigurationError}. */
export function checkOneOf(
  option: string,
  given: unknown,
  values: readonly string[],
  fix: string = `Use one of ${values.join(', ')}.`,
): void {
  if (given === undefined || values.some((value) => value === given)) return
  throw new ConfigurationError(option, `is ${said(given)}`, fix)
}

/** An option that counts something. Throws {@link ConfigurationError}. */
export function wholeNumber(
  option: string,
  value: unknown,
  minimum = 1,
  fix: string = `Pass a whole number, at least ${minimum}.`,
): number {
  if (Number.isSafeInteger(value) && Number(value) >= minimum) return Number(value)
  throw new ConfigurationError(option, `is ${typeof value === 'number' ? value : said(value)}`, fix)
}

/** An option in seconds, of which there are no parts. Throws {@link ConfigurationError}. */
export function wholeSeconds(option: string, value: unknown, minimum = 1): number {
  return wholeNumber(option, value, minimum, `Pass whole seconds, at least ${minimum}.`)
}

function check(
  option: string,
  given: unknown,
  table: Readonly<Record<string, OptionKind>>,
  { prefix, of, fix }: { prefix: string; of: string; fix: string },
): void {
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given)
  const members = new Map<string, unknown>(isObject ? Object.entries(given) : [])
  const stranger = [...members.keys()].find((name) => !Object.hasOwn(table, name))
  // A client or a promise has members of its own, none of which was meant as an option.
  if (!isPlain(given) && (!isObject || members.size === 0 || stranger !== undefined)) {
    throw new ConfigurationError(option, `is ${inWords(given)}`, fix)
  }
  if (stranger !== undefined) {
    const names = Object.keys(table)
    const instead = didYouMean(stranger, names, `There are ${names.join(', ')}.`)
    throw new ConfigurationError(prefix + stranger, `there is no such option of ${of}`, instead)
  }
  for (const [name, kind] of Object.entries(table)) {
    const value = members.get(name)
    if (kind === true || value === undefined || kinds[kind].holds(value)) continue
    // Others may be secrets.
    const isCounted = typeof value === 'number' && (kind === 'seconds' || kind === 'count')
    const isOfOthers = Array.isArray(value) && (kind === 'texts' || kind === 'text or texts')
    const got = isOfOthers
      ? `holds ${nothingOr(value.find((one) => !isText(one)))}`
      : `is ${isCounted ? value : inWords(value)}`
    throw new ConfigurationError(prefix + name, got, kinds[kind].fix)
  }
}

function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function nothingOr(entry: unknown): string {
  return entry === undefined ? 'undefined' : inWords(entry)
}

function isListOf(value: unknown, is: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(is)
}

/** What to write instead of a name there is not: the one that is near it, else what is said otherwise. */
export function didYouMean(name: string, names: readonly string[], otherwise: string): string {
  const near = nearest(name, names)
  return near === undefined ? otherwise : `Did you mean "${near}"?`
}

/** The name that was meant, if one is near: another spelling of it, or a few letters away. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, '')
  const wanted = plain(name).slice(0, 64)
  let best: { name: string; distance: number } | undefined
  for (const candidate of names) {
    const distance = editDistance(wanted, plain(candidate))
    const limit = Math.max(1, Math.floor(Math.max(wanted.length, candidate.length) / 3))
    if (distance <= limit && (best === undefined || distance < best.distance)) {
      best = { name: candidate, distance }
    }
  }
  return best?.name
}

/** Letters to add, remove, replace or swap with their neighbour (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1]
      let cost = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (isSame ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1)
      }
      next.push(cost)
    }
    before = row
    row = next
  }
  return row[b.length] ?? 0
}

import { deflateSync, gzipSync } from 'node:zlib'
import type { Random } from './soak/random.ts'

/** Bytes that may or may not be a JSON-RPC message, and the headers they come with. */
export interface OddMessage {
  bytes: Uint8Array<ArrayBuffer>
  headers: Record<string, string>
}

/** A message to a server whose tools are `open` and `closed`: valid, misspelt, encoded strangely, or damaged. */
export function oddMessage(random: Random): OddMessage {
  return oddly(random, random.chance(0.1) ? batch(random) : message(random))
}

/** Text as bytes, which may be encoded strangely, or damaged. */
export function oddly(random: Random, text: string): OddMessage {
  const headers: Record<string, string> = { 'content-type': random.pick(contentTypes) }
  let bytes: Buffer = encodings[random.weighted(encodingWeights)](text)
  for (let left = random.chance(0.3) ? 1 + Math.floor(random.next() * 3) : 0; left > 0; left -= 1) {
    bytes = damaged(random, bytes)
  }
  if (random.chance(0.05)) bytes = random.pick([gzipSync, deflateSync])(bytes)
  if (random.chance(0.05))
    headers['content-encoding'] = random.pick(['gzip', 'deflate', 'identity', 'br', ''])
  return { bytes: Uint8Array.from(bytes), headers }
}

const contentTypes = [
  ...Array.from({ length: 12 }, () => 'application/json'),
  'application/json; charset=utf-8',
  'application/json; charset=utf-16',
  'application/json;charset=latin1',
  'APPLICATION/JSON',
  'application/json;',
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/vnd.api+json',
]

const mark = '\uFEFF'
const utf8 = (text: string) => Buffer.from(text)
const utf16 = (text: string) => Buffer.from(text, 'utf16le')
const encodings = {
  plain: utf8,
  marked: (text: string) => utf8(mark + text),
  'marked twice': (text: string) => utf8(mark + mark + text),
  'marked often': (text: string) => utf8(mark.repeat(5) + text),
  'UTF-16LE': utf16,
  'UTF-16LE, marked': (text: string) => utf16(mark + text),
  'UTF-16BE': (text: string) => utf16(text).swap16(),
  'UTF-16BE, marked': (text: string) => utf16(mark + text).swap16(),
  'UTF-8, then UTF-16': (text: string) => Buffer.concat([utf8(mark), utf16(text)]),
  'Latin-1': (text: string) => Buffer.from(text, 'latin1'),
}
const encodingWeights = {
  plain: 50,
  marked: 10,
  'marked twice': 15,
  'marked often': 3,
  'UTF-16LE': 1,
  'UTF-16LE, marked': 2,
  'UTF-16BE': 1,
  'UTF-16BE, marked': 2,
  'UTF-8, then UTF-16': 1,
  'Latin-1': 5,
} satisfies Record<keyof typeof encodings, number>

function batch(random: Random): string {
  const messages = Array.from({ length: Math.floor(random.next() * 4) }, () => message(random))
  return `[${messages.join(',')}]`
}

function message(random: Random): string {
  if (random.chance(0.05)) return value(random, 3)
  return object(random, [
    ['jsonrpc', random.chance(0.97) ? '"2.0"' : value(random, 1)],
    ...(random.chance(0.95) ? [['id', id(random)] as Member] : []),
    ['method', method(random)],
    ...(random.chance(0.95) ? [['params', params(random)] as Member] : []),
  ])
}

function id(random: Random): string {
  return random.chance(0.9)
    ? String(Math.floor(random.next() * 1000))
    : random.pick(['"a"', '""', 'null', '-0', '1.5', '1e3', '9007199254740993', '{}', '[1]', 'true'])
}

function method(random: Random): string {
  const odd = ['ping', 'initialize', 'tools/call ', 'Tools/Call', 'notifications/tools/call', 'tasks/result']
  if (random.chance(0.03)) return value(random, 1)
  return string(
    random,
    random.chance(0.85) ? random.pick(['tools/call', 'tools/call', 'tools/list']) : random.pick(odd),
  )
}

function params(random: Random): string {
  if (random.chance(0.05)) return value(random, 2)
  const names = [
    'open',
    'open',
    'closed',
    'closed',
    'closed',
    'open',
    'open',
    'clo\u0000sed',
    'Closed',
    'closed ',
    'ｃlosed',
    'toString',
  ]
  return object(random, [
    ['name', random.chance(0.97) ? string(random, random.pick(names)) : value(random, 1)],
    ['arguments', random.chance(0.8) ? object(random, [['a', value(random, 2)]]) : value(random, 1)],
    ...(random.chance(0.2) ? [['_meta', object(random, [['progressToken', '1']])] as Member] : []),
    ...(random.chance(0.1) ? [['task', '{"ttl":1000}'] as Member] : []),
  ])
}

/** JSON for a value, in one of many spellings, some of which say more than the value. */
export function written(random: Random, given: unknown): string {
  if (typeof given === 'string') return string(random, given)
  if (Array.isArray(given)) return `[${given.map((one) => written(random, one)).join(',')}]`
  if (typeof given !== 'object' || given === null) return JSON.stringify(given) ?? 'null'
  return object(
    random,
    Object.entries(given)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]): Member => [name, written(random, member)]),
  )
}

export function value(random: Random, depth: number): string {
  const leaf = ['0', '-1.5e2', 'true', 'null', '"ü"', '"\\ud800"', '"closed"', '"tools/call"', '"\\u0000"']
  if (depth === 0 || random.chance(0.6)) return random.pick(leaf)
  if (random.chance(0.02)) return '['.repeat(2000) + ']'.repeat(2000)
  const inner = [value(random, depth - 1), value(random, depth - 1)]
  if (random.chance(0.5)) return `[${inner.join(',')}]`
  return object(random, [
    [random.pick(['a', 'toJSON', 'constructor', 'name', '']), inner[0] ?? '0'],
    [random.pick(['b', 'length', 'then', 'method']), inner[1] ?? '0'],
  ])
}

type Member = [name: string, value: string]

/** Members in any order, with space between them, sometimes twice, and sometimes what a copy would not copy. */
function object(random: Random, members: readonly Member[]): string {
  const all = [...members]
  for (const [name, written] of members) {
    if (random.chance(0.06)) all.push([name, random.chance(0.5) ? written : value(random, 1)])
  }
  if (random.chance(0.03)) all.push(['__proto__', '{"name":"closed","method":"tools/call"}'])
  if (random.chance(0.02)) all.push(['name', '"closed"'])
  const shuffled = random.chance(0.3) ? inAnyOrder(random, all) : all
  const space = () => (random.chance(0.1) ? random.pick([' ', '\n', '\t', '\r\n']) : '')
  const written = shuffled.map(
    ([name, text]) => `${space()}${string(random, name)}${space()}:${space()}${text}`,
  )
  return `{${written.join(`${space()},`)}${space()}}`
}

function inAnyOrder<T>(random: Random, list: readonly T[]): T[] {
  return list
    .map((item) => ({ item, place: random.next() }))
    .sort((one, other) => one.place - other.place)
    .map(({ item }) => item)
}

/** Some characters are spelt out, which is the same string to everyone who reads JSON. */
function string(random: Random, text: string): string {
  const spelling = random.chance(0.2)
  const characters = [...text].map((character) =>
    spelling && random.chance(0.3)
      ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
      : JSON.stringify(character).slice(1, -1),
  )
  return `"${characters.join('')}"`
}

function damaged(random: Random, bytes: Buffer): Buffer {
  const at = Math.floor(random.next() * (bytes.length + 1))
  const until = Math.min(bytes.length, at + Math.floor(random.next() * 8))
  const odd = random.pick([
    '\uFEFF',
    '\0',
    '"',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '\\',
    '/**/',
    '\u2028',
    'closed',
    '__proto__',
  ])
  const inserted = random.chance(0.8) ? Buffer.from(odd) : Buffer.from([Math.floor(random.next() * 256)])
  switch (random.pick(['insert', 'insert', 'drop', 'double', 'overwrite', 'cut'] as const)) {
    case 'insert':
      return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at)])
    case 'drop':
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(until)])
    case 'double':
      return Buffer.concat([bytes.subarray(0, until), bytes.subarray(at)])
    case 'overwrite':
      return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(until)])
    case 'cut':
      return random.chance(0.2) ? bytes.subarray(0, at) : Buffer.concat([bytes, inserted])
  }
}

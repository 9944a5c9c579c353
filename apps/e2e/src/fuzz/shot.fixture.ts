import { wellFormed } from './texts.fixture.ts'

/** A name and a value of a request, as data that can be changed, printed and sent again. */
export interface Field {
  name: string
  /** In JSON bodies the text of the value, which need not be valid. */
  value: string
  /** What goes on the wire instead: `name=value`, encoded however somebody likes. */
  raw?: string | undefined
}

export const places = ['query', 'form', 'json', 'headers', 'cookies'] as const
export type Place = (typeof places)[number]

/** A request. It has one of the bodies at most, and the first of `text`, `json` and `form` is it. */
export interface Shot extends Record<Place, readonly Field[]> {
  method: string
  path: string
  /** A body as it is. */
  text?: string | undefined
}

type Pairs = Readonly<Record<string, string | undefined>>

export function shot(
  method: string,
  path: string,
  parts: Partial<Record<Place, Pairs>> & { text?: string | undefined } = {},
): Shot {
  const { text } = parts
  const fields = (place: Place): Field[] =>
    Object.entries(parts[place] ?? {}).flatMap(([name, value]) =>
      value === undefined ? [] : [{ name, value }],
    )
  return {
    method,
    path,
    query: fields('query'),
    form: fields('form'),
    json: fields('json'),
    headers: fields('headers'),
    cookies: fields('cookies'),
    ...(text !== undefined && { text }),
  }
}

/** The same as it goes over the wire. */
export interface Wired {
  method: string
  /** Path and query. */
  target: string
  headers: [name: string, value: string][]
  body: Uint8Array<ArrayBuffer> | undefined
}

export function wired(given: Shot): Wired {
  const query = given.query.map(pair).join('&')
  const cookies = given.cookies.map(({ name, value, raw }) => raw ?? `${name}=${value}`).join('; ')
  const headers = given.headers.flatMap(({ name, value }) => header(name, value))
  if (cookies !== '') headers.push(...header('cookie', cookies))
  const text = bodyOf(given)
  // Neither kind of transport sends a body with these.
  const isBodiless = given.method === 'GET' || given.method === 'HEAD' || text === undefined
  return {
    method: given.method,
    target: target(given.path) + (query === '' ? '' : `?${query.replace(/[^\x21\x22\x24-\x7e]/gu, encoded)}`),
    headers,
    body: isBodiless ? undefined : Uint8Array.from(Buffer.from(text)),
  }
}

function bodyOf({ text, json, form }: Shot): string | undefined {
  if (text !== undefined) return text
  if (json.length > 0)
    return `{${json.map(({ name, value, raw }) => raw ?? `${JSON.stringify(name)}:${value}`).join(',')}}`
  return form.length > 0 ? form.map(pair).join('&') : undefined
}

function pair({ name, value, raw }: Field): string {
  return raw === undefined ? `${encoded(name)}=${encoded(value)}` : raw
}

/** As a browser would write it. */
function encoded(text: string): string {
  return encodeURIComponent(wellFormed(text))
}

/** What may stand in a request line; the rest is escaped. */
function target(path: string): string {
  const escaped = path.replace(/[^\x21\x22\x24-\x3e\x40-\x7e]/gu, encoded)
  return escaped.startsWith('/') ? escaped : `/${escaped}`
}

/** Bytes that no header can carry are left out: what sends requests refuses them. */
function header(name: string, value: string): [string, string][] {
  const cleanName = name.replace(/[^\w!#$%&'*+.^`|~-]/g, '')
  const bytes = [...Buffer.from(value)].filter((byte) => byte === 9 || (byte >= 32 && byte !== 127))
  const clean = Buffer.from(bytes).toString('latin1')
  return cleanName === '' ? [] : [[cleanName, clean]]
}

/** What somebody who reads specifications finds in a request: all values of each name, wherever it stands. */
export interface Reading {
  method: string
  path: string
  query: URLSearchParams
  form: URLSearchParams
  cookies: ReadonlyMap<string, string>
  header(name: string): string | undefined
  /** Everything in it, for looking whether it holds something. */
  whole: string
}

export function read(given: Shot): Reading {
  const { target, headers, body } = wired(given)
  const { pathname, searchParams } = new URL(`http://host${target}`)
  const header = (name: string) => {
    const values = headers.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value)
    return values.length > 0 ? values.join(', ') : undefined
  }
  const text = new TextDecoder().decode(body)
  const isForm = /application\/x-www-form-urlencoded/i.test(header('content-type') ?? '')
  const cookies = (header('cookie') ?? '').split(';').map((one): [string, string] => {
    const equals = one.indexOf('=')
    return [one.slice(0, equals).trim(), one.slice(equals + 1).trim()]
  })
  return {
    method: given.method,
    path: pathname,
    query: searchParams,
    form: new URLSearchParams(isForm ? text : ''),
    // The first of a name counts, as the server has it.
    cookies: new Map(cookies.reverse()),
    header,
    whole: [
      given.path,
      decodeURIComponent(safe(target)),
      ...headers.flat(),
      text,
      safeDecoded(text),
      unescaped(text),
    ].join('\n'),
  }
}

/** What JSON reads in it. */
function unescaped(text: string): string {
  return text.replace(/\\u([\da-f]{4})/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  )
}

function safe(text: string): string {
  return text.replace(/%/g, (sign, at: number) => (canDecode(text.slice(at, at + 3)) ? sign : '%25'))
}

function canDecode(triplet: string): boolean {
  return /^%[0-7][0-9a-f]$/i.test(triplet)
}

function safeDecoded(text: string): string {
  return decodeURIComponent(safe(text.replaceAll('+', ' ')))
}

/** For people who want to see what was sent. */
export function printed(given: Shot): string {
  const { method, target, headers, body } = wired(given)
  const lines = [`${method} ${target}`, ...headers.map(([name, value]) => `${name}: ${value}`)]
  if (body) lines.push('', Buffer.from(body).toString())
  return lines
    .map((line) => (line.length > 600 ? `${line.slice(0, 600)}... (${line.length})` : line))
    .join('\n')
}

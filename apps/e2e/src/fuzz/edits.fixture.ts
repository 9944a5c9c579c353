import fc from 'fast-check'
import { type AssertionEdit, editedAssertion } from './assertions.fixture.ts'
import { type Field, type Place, places, type Shot } from './shot.fixture.ts'
import { bodyText, contentType, encodedText, jsonText, text, wellFormed } from './texts.fixture.ts'

/** A change of a request, as data: `in` is where, and the field is the one at `at`, counted around. */
export type Edit =
  | { do: 'drop' | 'repeat'; in: Place; at: number }
  | { do: 'repeat as' | 'set' | 'before' | 'after'; in: Place; at: number; text: string }
  /** As on the wire: a query or a form with this value not encoded, a JSON member with this as its text. */
  | { do: 'raw'; in: Place; at: number; text: string }
  | { do: 'swap'; in: Place; at: number; with: number }
  | { do: 'move'; in: Place; at: number; to: Place }
  | { do: 'grow'; in: Place; at: number; times: number }
  | { do: 'rename'; in: Place; at: number; text: string }
  | { do: 'recode'; in: Place; at: number; how: Recoding }
  | { do: 'flip'; in: Place; at: number; character: number }
  /** With something that somebody else has. */
  | { do: 'steal'; in: Place; at: number; what: number }
  | { do: 'add'; in: Place; name: string; text: string }
  /** The field of this name, whether it was there or not; of JSON the text of the value. */
  | { do: 'put'; in: Place; name: string; text: string }
  /** One more Authorization header, with these: somebody else's, the own once more, or none that there are. */
  | { do: 'second credentials'; what: number; isFirst: boolean }
  | { do: 'assertion'; how: AssertionEdit }
  /** Of another browser, or none. */
  | { do: 'cookies'; whose: 'another' | 'nobody' }
  | { do: 'method' | 'type' | 'body'; text: string }
  | { do: 'path'; how: PathEdit }

const recodings = ['every byte', 'twice', 'lower case', 'nothing', 'plus', 'wide'] as const
type Recoding = (typeof recodings)[number]
const pathEdits = [
  'slash',
  'double slash',
  'upper case',
  'escaped',
  'dots',
  'deeper',
  'shorter',
  'nul',
  'parameters',
] as const
type PathEdit = (typeof pathEdits)[number]

const at = fc.nat(15)
const place: fc.Arbitrary<Place> = fc.constantFrom(...places)
// Names of parameters and members, also where they do not belong.
const fieldName = fc.oneof(
  fc.constantFrom(
    'client_id',
    'client_secret',
    'redirect_uri',
    'state',
    'code',
    'code_verifier',
    'code_challenge',
    'code_challenge_method',
    'response_type',
    'response_mode',
    'grant_type',
    'refresh_token',
    'token',
    'token_type_hint',
    'scope',
    'resource',
    'transaction',
    'csrf',
    'decision',
    'provider',
    'iss',
    'error',
    'error_description',
    'prompt',
    'login_hint',
    'request',
    'request_uri',
    'username',
    'password',
    'redirect_uris',
    'client_name',
    'client_uri',
    'logo_uri',
    'jwks_uri',
    'jwks',
    'application_type',
    'token_endpoint_auth_method',
    'grant_types',
    'client_assertion',
    'client_assertion_type',
    'token_endpoint_auth_methods_supported',
    'token_endpoint_auth_signing_alg',
    'software_id',
    'x-forwarded-for',
    'authorization',
    'host',
    'origin',
    'sec-fetch-site',
    'accept',
    'x-forwarded-host',
    'x-http-method-override',
    'content-length',
    'mcp-session-id',
    'mcp-protocol-version',
    'access-control-request-headers',
    'access-control-request-method',
  ),
  text.map((one) => one.slice(0, 60)),
)

export const edit: fc.Arbitrary<Edit> = fc.oneof(
  { arbitrary: fc.record({ do: fc.constantFrom('drop', 'repeat'), in: place, at }), weight: 4 },
  {
    arbitrary: fc.record({
      do: fc.constantFrom('repeat as', 'set', 'set', 'set', 'before', 'after'),
      in: place,
      at,
      text,
    }),
    weight: 8,
  },
  {
    arbitrary: fc.record({ do: fc.constant('raw'), in: place, at, text: fc.oneof(encodedText, jsonText) }),
    weight: 4,
  },
  { arbitrary: fc.record({ do: fc.constant('swap'), in: place, at, with: at }), weight: 2 },
  { arbitrary: fc.record({ do: fc.constant('move'), in: place, at, to: place }), weight: 2 },
  {
    arbitrary: fc.record({ do: fc.constant('grow'), in: place, at, times: fc.constantFrom(2, 50, 3000) }),
    weight: 1,
  },
  { arbitrary: fc.record({ do: fc.constant('rename'), in: place, at, text: fieldName }), weight: 2 },
  {
    arbitrary: fc.record({ do: fc.constant('recode'), in: place, at, how: fc.constantFrom(...recodings) }),
    weight: 2,
  },
  { arbitrary: fc.record({ do: fc.constant('flip'), in: place, at, character: fc.nat(60) }), weight: 3 },
  { arbitrary: fc.record({ do: fc.constant('steal'), in: place, at, what: fc.nat(30) }), weight: 5 },
  { arbitrary: fc.record({ do: fc.constant('add'), in: place, name: fieldName, text }), weight: 4 },
  {
    arbitrary: fc.record({ do: fc.constant('cookies'), whose: fc.constantFrom('another', 'nobody') }),
    weight: 1,
  },
  {
    arbitrary: fc.record({
      do: fc.constant('method'),
      text: fc.constantFrom('GET', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE', 'PROPFIND'),
    }),
    weight: 1,
  },
  { arbitrary: fc.record({ do: fc.constant('type'), text: contentType }), weight: 1 },
  { arbitrary: fc.record({ do: fc.constant('body'), text: bodyText }), weight: 1 },
  { arbitrary: fc.record({ do: fc.constant('path'), how: fc.constantFrom(...pathEdits) }), weight: 1 },
) as fc.Arbitrary<Edit>

/** What an attacker may have of somebody else. */
export interface Loot {
  values: readonly string[]
  /** An assertion that was used. */
  used?: string | undefined
  cookies: readonly Field[]
  /** As they stand in an Authorization header. */
  credentials: readonly string[]
}

export const takesLoot = (change: Edit): boolean =>
  change.do === 'steal' || change.do === 'cookies' || change.do === 'second credentials'

export function edited(given: Shot, change: Edit, stolen: Loot): Shot {
  switch (change.do) {
    case 'cookies':
      return { ...given, cookies: change.whose === 'nobody' ? [] : stolen.cookies }
    case 'method':
      return { ...given, method: change.text }
    case 'type': {
      const others = given.headers.filter(({ name }) => name !== 'content-type')
      return { ...given, headers: [...others, { name: 'content-type', value: change.text }] }
    }
    case 'body':
      return { ...given, text: change.text }
    case 'path':
      return { ...given, path: pathEdited(given.path, change.how) }
    case 'add': {
      const value = change.in === 'json' ? JSON.stringify(change.text) : change.text
      return { ...given, [change.in]: [...given[change.in], { name: change.name, value }] }
    }
    case 'put': {
      const fields = given[change.in]
      const index = fields.findIndex(({ name }) => name === change.name)
      const field = { name: change.name, value: change.text }
      const put = index < 0 ? [...fields, field] : fields.with(index, field)
      return { ...given, [change.in]: put }
    }
    case 'second credentials': {
      const { credentials } = stolen
      const value = credentials[change.what % Math.max(1, credentials.length)] ?? 'Bearer x'
      const field = { name: 'authorization', value }
      return { ...given, headers: change.isFirst ? [field, ...given.headers] : [...given.headers, field] }
    }
    case 'assertion':
      return {
        ...given,
        form: given.form.map((field) =>
          field.name === 'client_assertion'
            ? { ...field, value: editedAssertion(field.value, change.how, stolen.used) }
            : field,
        ),
      }
  }
  const where = given[change.in].length > 0 ? change.in : places.find((one) => given[one].length > 0)
  if (where === undefined) return given
  const fields = given[where]
  const index = change.at % fields.length
  const field = fields[index]
  if (!field) return given
  const isJson = where === 'json'
  const value = (inner: string) => (isJson ? JSON.stringify(inner) : inner)
  const put = (...instead: Field[]): Shot => ({ ...given, [where]: fields.toSpliced(index, 1, ...instead) })
  switch (change.do) {
    case 'drop':
      return put()
    case 'repeat':
      return put(field, field)
    case 'repeat as':
      return put(field, { ...field, value: value(change.text), raw: undefined })
    case 'set':
      return put({ name: field.name, value: value(change.text) })
    case 'before':
      return put(changed(field, isJson, (inner) => change.text + inner))
    case 'after':
      return put(changed(field, isJson, (inner) => inner + change.text))
    case 'raw':
      return put(
        isJson || where === 'headers' || where === 'cookies'
          ? { name: field.name, value: change.text }
          : { ...field, raw: `${field.name}=${change.text}` },
      )
    case 'swap': {
      const other = fields[change.with % fields.length]
      if (!other) return given
      return {
        ...given,
        [where]: fields.map((one) =>
          one === field
            ? { ...one, value: other.value }
            : one === other
              ? { ...one, value: field.value }
              : one,
        ),
      }
    }
    case 'move': {
      const rest = put()
      const moved = {
        name: field.name,
        value: change.to === 'json' ? JSON.stringify(field.value) : field.value,
      }
      return { ...rest, [change.to]: [...rest[change.to], moved] }
    }
    case 'grow':
      return put(changed(field, isJson, (inner) => inner.repeat(change.times).slice(0, 80_000)))
    case 'rename':
      return put({ ...field, name: change.text, raw: undefined })
    case 'recode':
      return put({ ...field, raw: recoded(field, change.how, where) })
    case 'flip':
      return put(changed(field, isJson, (inner) => flipped(inner, change.character)))
    case 'steal': {
      const taken = stolen.values[change.what % Math.max(1, stolen.values.length)]
      return taken === undefined ? given : put({ name: field.name, value: value(taken) })
    }
  }
}

function changed(field: Field, isJson: boolean, change: (inner: string) => string): Field {
  const { name, value } = field
  if (!isJson) return { name, value: change(value) }
  try {
    const inner: unknown = JSON.parse(value)
    if (typeof inner === 'string') return { name, value: JSON.stringify(change(inner)) }
    if (Array.isArray(inner)) {
      return {
        name,
        value: JSON.stringify(inner.map((one) => (typeof one === 'string' ? change(one) : one))),
      }
    }
  } catch {
    // Not JSON any more: changed as it is.
  }
  return { name, value: change(value) }
}

function flipped(text: string, character: number): string {
  if (text === '') return 'x'
  const index = character % text.length
  const old = text[index] ?? ''
  const other = /[a-z]/.test(old)
    ? old.toUpperCase()
    : /[A-Z]/.test(old)
      ? old.toLowerCase()
      : old === '0'
        ? '1'
        : '0'
  return text.slice(0, index) + other + text.slice(index + 1)
}

function recoded({ name, value }: Field, how: Recoding, where: Place): string {
  const separator = where === 'headers' ? ': ' : '='
  if (where === 'json') return `${JSON.stringify(name)}:${value.replace(/[a-z]/g, escapedInJson)}`
  switch (how) {
    case 'every byte':
      return everyByte(name) + separator + everyByte(value)
    case 'twice':
      return `${name}${separator}${encodeURIComponent(encodeURIComponent(wellFormed(value)))}`
    case 'lower case':
      return `${name}${separator}${everyByte(value).toLowerCase()}`
    case 'nothing':
      return name + separator + value.replace(/[&\0-\x20]/g, '')
    case 'plus':
      return `${name}${separator}+${encodeURIComponent(wellFormed(value))}+`
    case 'wide':
      return `${name}${separator}${value.replace(/[!-~]/g, (one) => encodeURIComponent(String.fromCharCode(one.charCodeAt(0) + 0xfee0)))}`
  }
}

function escapedInJson(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function everyByte(text: string): string {
  return [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join('')
}

function pathEdited(path: string, how: PathEdit): string {
  switch (how) {
    case 'slash':
      return `${path}/`
    case 'double slash':
      return `/${path}`
    case 'upper case':
      return path.toUpperCase()
    case 'escaped':
      return path.replace(/[a-z]/, everyByte)
    case 'dots':
      return `/x/..${path}`
    case 'deeper':
      return `${path}/x`
    case 'shorter':
      return path.slice(0, -1) || '/'
    case 'nul':
      return `${path}%00`
    case 'parameters':
      return `${path};x=1`
  }
}

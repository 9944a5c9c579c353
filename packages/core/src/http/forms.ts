import type { UnreadableBody } from '../errors.ts'
import { OAuthError } from '../oauth-error.ts'
import { limitedBody } from './limited-body.ts'

/** Parameters of a request; a value is what the sender meant, never a list by accident. */
export interface Form {
  /** The value; empty counts as left out (RFC 6749 3.1). */
  get(name: string): string | undefined
  all(name: string): readonly string[]
}

const maximumBytes = 64 * 1024

/** Levels of arrays and objects. */
const deepest = 100

/** The query's parameters. Throws `invalid_request` when one repeats that may not. */
export function queryForm(request: Request): Form {
  return form(new URL(request.url).searchParams)
}

/**
 * A form body's parameters. Some clients name several content types at once: the form type need only be among them.
 */
export async function bodyForm(request: Request): Promise<Form> {
  return form(await bodyParameters(request))
}

/** The same as they came, to be passed on. */
export async function bodyParameters(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get('content-type') ?? ''
  const text = await bodyText(request)
  if (/application\/x-www-form-urlencoded/i.test(type)) return new URLSearchParams(text)
  throw new OAuthError('invalid_request', 'The body must be application/x-www-form-urlencoded.')
}

/**
 * A JSON body. Throws `invalid_request` when it is none, and when it is nested deeper than anything that is sent here:
 * code that walks it by recursion would give up some thousand levels down.
 */
export async function jsonBody(request: Request): Promise<unknown> {
  const text = await bodyText(request)
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw new OAuthError('invalid_request', 'The body is not JSON.')
  }
  if (isDeeperThan(deepest, body)) {
    throw new OAuthError('invalid_request', `The body is nested deeper than ${deepest} levels.`)
  }
  return body
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((member) => isDeeperThan(levels - 1, member))
}

/**
 * What could not be read is 400 and no fault of ours: either the client has gone, and nobody hears the answer, or the
 * body was read before it came here. That is a mistake on this server, but not one that trying again or waiting would
 * cure, as a client must expect of a 5xx; the message is for the developer.
 */
async function bodyText(request: Request): Promise<string> {
  const bytes = await limitedBody(request, maximumBytes).catch(({ message }: UnreadableBody) => {
    throw new OAuthError('invalid_request', message)
  })
  if (bytes) return new TextDecoder().decode(bytes)
  throw new OAuthError('invalid_request', `The body is larger than ${maximumBytes} bytes.`, { status: 413 })
}

/** RFC 8707 lets `resource` repeat; anything else may come once (RFC 6749 3.1). */
function form(parameters: URLSearchParams): Form {
  // Gone through once: `getAll` for each of the thousands of names that fit into a body takes seconds.
  const values = new Map<string, string[]>()
  for (const [name, value] of parameters) {
    const earlier = values.get(name)
    if (!earlier) values.set(name, [value])
    else if (name === 'resource') earlier.push(value)
    else throw new OAuthError('invalid_request', `The parameter ${safeName(name)} is repeated.`)
  }
  return {
    get: (name) => values.get(name)?.[0] || undefined,
    all: (name) => (values.get(name) ?? []).filter((value) => value !== ''),
  }
}

function safeName(name: string): string {
  return name.replace(/[^A-Za-z0-9_.-]/g, '?').slice(0, 40)
}

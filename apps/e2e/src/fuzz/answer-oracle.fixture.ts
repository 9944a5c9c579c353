import { isDescription } from './redirect-oracle.fixture.ts'
import type { Reading } from './shot.fixture.ts'
import type { Answer } from './subject.fixture.ts'

// RFC 6749 5.2, RFC 7591 3.2.2, RFC 8707 2; and what the gate says (RFC 6750 3.1).
const errorCodes = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
  'invalid_redirect_uri',
  'invalid_client_metadata',
  'temporarily_unavailable',
  'unauthorized',
  'invalid_token',
  'insufficient_scope',
])

/** What is wrong with an answer that is no page, whatever it is about. */
export function answerFaults(reading: Reading, answer: Answer, may: { fail: boolean }): string[] {
  const { status, headers, text } = answer
  const faults: string[] = []
  if (status >= 500 && !(may.fail && status === 503)) faults.push(`${status}: ${text.slice(0, 500)}`)
  if (status === 503 && /"error":/.test(text) && !text.includes('"temporarily_unavailable"') && !isRpc(text))
    faults.push(`503 that says ${text}`)
  if (status === 503 && !/^[1-9]\d*$/.test(headers.get('retry-after') ?? ''))
    faults.push('503 without Retry-After')
  const challenge = headers.get('www-authenticate')
  if (challenge !== null && !isChallenge(challenge)) faults.push(`WWW-Authenticate: ${challenge}`)
  if (status === 401 && challenge === null && /^basic\b/i.test(reading.header('authorization') ?? '')) {
    faults.push('401 without WWW-Authenticate to a client that used it')
  }
  if (status === 401 && challenge === null && reading.path === '/mcp') faults.push('401 without a challenge')
  for (const [name, value] of headers) {
    if (!/^[\x20-\x7e]*$/.test(value)) faults.push(`${name} has odd characters: ${value}`)
  }
  if (/\bat \S+\.[cm]?[jt]s:\d+|node:internal|node_modules/.test(text))
    faults.push(`the code shows: ${text.slice(0, 300)}`)
  const type = headers.get('content-type') ?? ''
  if (/^application\/(jwk-set\+)?json/.test(type)) faults.push(...jsonFaults(answer))
  else if (text !== '' && !type.startsWith('text/html')) faults.push(`content-type: ${type}`)
  return faults
}

const isRpc = (text: string) => text.includes('"jsonrpc"')

function jsonFaults({ status, headers, text }: Answer): string[] {
  if (text === '') return []
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return [`no JSON: ${text.slice(0, 200)}`]
  }
  if (status < 400) return []
  const faults: string[] = []
  for (const one of Array.isArray(body) ? body : [body]) {
    const { jsonrpc, error, error_description } = Object(one) as Record<string, unknown>
    if (jsonrpc === '2.0') {
      const { code, message } = Object(error) as Record<string, unknown>
      if (!Number.isInteger(code) || typeof message !== 'string') faults.push(`no JSON-RPC error: ${text}`)
      // What answers here is the SDK, and no cache keeps an answer to a POST.
      continue
    }
    if (!/\bno-store\b/.test(headers.get('cache-control') ?? '')) faults.push('an error that may be cached')
    if (!errorCodes.has(String(error))) faults.push(`the error ${String(error)}`)
    else if (!isDescription(error_description))
      faults.push(`error_description is ${String(error_description)}`)
  }
  return faults
}

// RFC 9110 11.6.1, as strictly as clients read it: one challenge, all values quoted.
const parameter = '[a-z_]+="[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]*"'
const challengeSyntax = new RegExp(`^(?:Bearer|Basic) ${parameter}(?:, ${parameter})*$`)

function isChallenge(value: string): boolean {
  const names = [...value.matchAll(/([a-z_]+)="/g)].map(([, name]) => name)
  return challengeSyntax.test(value) && new Set(names).size === names.length
}

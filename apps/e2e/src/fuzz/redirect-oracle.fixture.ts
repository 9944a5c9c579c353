import { issuer } from '../world.ts'
import type { KnownRequest, Ledger } from './ledger.fixture.ts'
import type { Reading } from './shot.fixture.ts'
import { type Answer, signInPlaces } from './subject.fixture.ts'
import { wellFormed } from './texts.fixture.ts'

type Presented = Pick<KnownRequest, 'client_id' | 'redirect_uri' | 'state'>

const errorCodes = new Set([
  'invalid_request',
  'unauthorized_client',
  'access_denied',
  'unsupported_response_type',
  'invalid_scope',
  'server_error',
  'temporarily_unavailable',
  'invalid_target',
  // OpenID Connect Core 3.1.2.6.
  'consent_required',
  'login_required',
  'interaction_required',
  'account_selection_required',
])
const responseNames = new Set(['code', 'state', 'iss', 'error', 'error_description'])

/** What is wrong with where a browser is sent. */
export function redirectFaults(known: Ledger, reading: Reading, { status, headers }: Answer): string[] {
  const location = headers.get('location')
  const isRedirect = status >= 300 && status < 400
  if (location === null) return isRedirect ? [`${status} without a Location`] : []
  if (!isRedirect) return [`${status} with a Location`]
  if (!/^[\x21-\x7e]+$/.test(location)) return [`a Location with odd characters: ${location}`]
  if (headers.get('cache-control') !== 'no-store') return ['a redirect that may be cached']
  const { path } = reading
  // The consent page looks at which site somebody came from, and nobody at more.
  const policy = path === '/authorize' && isConsent(location) ? 'strict-origin' : 'no-referrer'
  if (headers.get('referrer-policy') !== policy) return ['a redirect that may be told to where it leads']
  if (path === '/authorize' && isConsent(location)) {
    // Who is remembered is known at the consent page, and not before.
    const isTooLate = wantsNobodyAsked(reading) && known.setup !== 'remembered consent'
    if (isTooLate) return ['somebody is asked, and the client wants nobody asked']
    return mayAsk(known, reading)
      ? []
      : ['a request of an unknown client or to an unregistered address goes on']
  }
  if (path === '/callback/apple' && location.startsWith(`${issuer}/callback/apple?`)) return []
  const asked = path === '/authorize' ? undefined : known.about(reading)
  if (asked && isSignIn(location)) return []
  const candidates =
    path === '/authorize' ? presented(known, reading) : asked && isStillNamed(known, asked) ? [asked] : []
  if (candidates.length === 0) return [`sent to ${location}, and nothing in the request is good for that`]
  if (path === '/authorize' && candidates.every((one) => isOnTheWeb(known, one))) {
    return [`a faulty request sends people to ${location}, which is a stranger's`]
  }
  const faults = candidates.map((one) => answerFaults(one, location))
  return faults.some((list) => list.length === 0) ? [] : (faults[0] ?? [])
}

/** What a client's document named when it was looked at last. */
function isStillNamed({ clients }: Ledger, { client_id, redirect_uri }: Presented): boolean {
  const client = clients.get(client_id)
  if (client?.source !== 'document') return true
  return client.redirect_uris.some((one) => isSame(one, redirect_uri))
}

/** RFC 9700 4.11.2: whoever has registered it may be out to catch people there. */
function isOnTheWeb({ clients }: Ledger, { client_id, redirect_uri }: Presented): boolean {
  const host = URL.parse(redirect_uri)?.hostname ?? ''
  const isLocal = /(^|\.)localhost$|^127\.|^0\.0\.0\.0$|^\[::1?\]$|^\[::ffff:7f/.test(host)
  return /^https:/i.test(redirect_uri) && !isLocal && clients.get(client_id)?.source !== 'listed'
}

/** For each good reading of a request to `/authorize`: what is wrong with an answer to its client. */
export function answersTo(known: Ledger, reading: Reading): ((location: string) => string[])[] {
  return presented(known, reading).map((one) => (location) => answerFaults(one, location))
}

const isConsent = (location: string) => /^https:\/\/mcp\.test\/consent\?transaction=[\w.-]+$/.test(location)

function isSignIn(location: string): boolean {
  const url = URL.parse(location)
  const found = Object.entries(signInPlaces).find(([, place]) => location.startsWith(`${place}?`))
  if (!url || !found) return false
  const [id] = found
  if (url.searchParams.getAll('state').length !== 1) return false
  return id === 'acme' || url.searchParams.get('redirect_uri') === `${issuer}/callback/${id}`
}

/** The addresses of a request to `/authorize` that are its client's. Both must be good, if there are several of either. */
function presented(known: Ledger, reading: Reading): Presented[] {
  const all = (name: string) => [...reading.query.getAll(name), ...reading.form.getAll(name)].filter(Boolean)
  const clients = all('client_id').map((id) => known.clients.get(id))
  const named = all('redirect_uri')
  return clients.flatMap((client) => {
    if (!client) return []
    const uris = named.length > 0 ? named : client.redirect_uris
    return uris
      .filter((uri) => client.redirect_uris.some((registered) => isSame(registered, uri)))
      .flatMap((redirect_uri) =>
        [undefined, ...all('state')].map((state) => ({ client_id: client.client_id, redirect_uri, state })),
      )
  })
}

function mayAsk(known: Ledger, reading: Reading): boolean {
  const all = (name: string) => [...reading.query.getAll(name), ...reading.form.getAll(name)].filter(Boolean)
  const [client_id, ...others] = new Set(all('client_id'))
  const client = known.clients.get(client_id ?? '')
  if (!client) return false
  // Where one stands in the query and another in the body, one of them is not looked at.
  return (
    others.length > 0 ||
    all('redirect_uri').length === 0 ||
    presented(known, reading).some(({ redirect_uri }) => all('redirect_uri').includes(redirect_uri))
  )
}

/** OpenID Connect Core 3.1.2.1. */
export function wantsNobodyAsked({ method, query, form }: Reading): boolean {
  const prompts = (method === 'POST' ? form : query).getAll('prompt')
  return prompts.length === 1 && (prompts[0] ?? '').split(' ').includes('none')
}

const loopback = /^(http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]))(?::\d+)?(\/.*)?$/

/** The same, or on loopback with another port. */
export function isSame(registered: string, presented: string): boolean {
  if (registered === presented) return true
  const one = loopback.exec(registered)
  const other = loopback.exec(presented)
  return one !== null && other !== null && one[1] === other[1] && (one[2] ?? '') === (other[2] ?? '')
}

/** What is wrong with an answer to a client, as it stands behind its address. */
function answerFaults({ redirect_uri, state }: Presented, location: string): string[] {
  if (!location.startsWith(redirect_uri)) return [`sent to ${location} instead of ${redirect_uri}`]
  const rest = location.slice(redirect_uri.length)
  const expected = !redirect_uri.includes('?') ? '?' : /[?&]$/.test(redirect_uri) ? '' : '&'
  if (!rest.startsWith(expected))
    return [`sent to ${location}, which is another address than ${redirect_uri}`]
  const answer = new URLSearchParams(rest.slice(expected.length))
  const faults: string[] = []
  for (const name of new Set(answer.keys())) {
    if (!responseNames.has(name)) faults.push(`the client is told ${name}`)
    if (answer.getAll(name).length > 1) faults.push(`the client is told ${name} twice`)
  }
  if (answer.get('iss') !== issuer) faults.push(`iss is ${answer.get('iss')}`)
  if ((answer.get('state') ?? undefined) !== (state === undefined ? undefined : wellFormed(state)))
    faults.push(`the state came back as ${answer.get('state')}`)
  const error = answer.get('error')
  if ((error === null) === (answer.get('code') === null))
    faults.push('the client is told neither a code nor an error, or both')
  if (error !== null && !errorCodes.has(error)) faults.push(`the client is told of the error ${error}`)
  const description = answer.get('error_description')
  if (description !== null && !isDescription(description)) faults.push(`error_description is ${description}`)
  return faults
}

/** RFC 6749 4.1.2.1: printable ASCII, without double quotes and backslashes. */
export function isDescription(text: unknown): boolean {
  return typeof text === 'string' && /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/.test(text)
}

import type { JsonWebKey } from 'node:crypto'
import { assertionType, parts } from './assertions.fixture.ts'
import { type Ledger, scopesOf } from './ledger.fixture.ts'
import { answersTo } from './redirect-oracle.fixture.ts'
import { closure, initialAccessToken, limitWindow, troublesome } from './setups.fixture.ts'
import type { Reading } from './shot.fixture.ts'
import type { Answer } from './subject.fixture.ts'
import type { Fetched } from './web.fixture.ts'

// What must not be of clients that publish a document, that sign, and that ask too often; and of what they are given.

/** Whether a 503 is right although nothing of ours is out. */
export function mayBeUnavailable(known: Ledger, reading: Reading): boolean {
  const { path, form, whole } = reading
  if (path === '/token' || path === '/revoke') {
    return form.getAll('client_assertion').some(Boolean) && known.clients.hasFailed()
  }
  if (path !== '/register' || known.setup !== 'few may register') return false
  return [troublesome.throws, troublesome.nonsense].some((one) => whole.includes(one))
}

export function clientFaults(
  known: Ledger,
  reading: Reading,
  answer: Answer,
  fetched: readonly Fetched[],
): string[] {
  return [
    ...fetchFaults(reading, fetched),
    ...limitFaults(known, reading, answer),
    ...authorizeFaults(known, reading, answer),
    ...askingFaults(known, reading, answer),
    ...tokenFaults(known, reading, answer),
    ...registrationFaults(known, reading, answer),
  ]
}

const fetchers = /^\/(authorize|consent|token|revoke)$|^\/(callback|sign-in)\//

/** What a stranger names is fetched for few reasons, and from few kinds of addresses. */
function fetchFaults(reading: Reading, fetched: readonly Fetched[]): string[] {
  const { path, form, query } = reading
  if (fetched.length === 0) return []
  const urls = fetched.map(({ url }) => url)
  const faults = urls.flatMap((url) => {
    const { protocol, username, password } = URL.parse(url) ?? { protocol: '', username: '', password: '' }
    const isPlain = protocol === 'https:' && /^https:/.test(url) && username === '' && password === ''
    return isPlain && !/[#\\\s]|^https:\/\/[^/?]*@/.test(url) ? [] : [`asks at ${url}`]
  })
  const named = [...query.getAll('client_id'), ...form.getAll('client_id')]
  for (const jwt of form.getAll('client_assertion')) named.push(String(parts(jwt)?.claims.sub))
  for (const url of urls.filter((one) => named.includes(one))) {
    const [, own = ''] = /^https:\/\/[^/?]*([^?]*)/.exec(url) ?? []
    if (own === '' || own === '/' || /(^|\/)(\.|%2e){1,2}(\/|;|$)/i.test(own)) faults.push(`asks at ${url}`)
  }
  if (!fetchers.test(path)) faults.push(`${path} asks at ${urls}`)
  // RFC 7523 3: only what is signed needs a key.
  if (/^\/(token|revoke)$/.test(path) && !form.getAll('client_assertion').some(Boolean)) {
    faults.push(`asks at ${urls} for a client that shows nothing`)
  }
  // A document, the keys it names, and both once more when no key fits.
  if (urls.length > 4) faults.push(`asks ${urls.length} times for one request`)
  return faults
}

const limitedPaths = /^\/(register|authorize|consent|token|revoke)$|^\/(callback|sign-in)\//

function limitFaults(known: Ledger, reading: Reading, { status, headers, text }: Answer): string[] {
  if (status !== 429) return []
  const faults: string[] = []
  if (known.setup !== 'limits' || !limitedPaths.test(reading.path)) faults.push('429 without a limit')
  const seconds = headers.get('retry-after') ?? ''
  if (!/^[1-9]\d*$/.test(seconds) || Number(seconds) > limitWindow)
    faults.push(`429 with Retry-After ${seconds}`)
  const isPage = headers.get('content-type')?.startsWith('text/html')
  if (!isPage && reading.method !== 'HEAD' && errorOf(text) !== 'temporarily_unavailable')
    faults.push(`429 that says ${text}`)
  if (headers.has('set-cookie') || headers.has('location')) faults.push('429 with something more')
  if (isGoodRefresh(known, reading)) faults.push('429 for a refresh token that is good')
  return faults
}

/** A refresh that is right to the letter. */
export function isGoodRefresh(known: Ledger, reading: Reading): boolean {
  const { path, form, header } = reading
  const names = [...form.keys()]
  const isPlain =
    path === '/token' &&
    header('content-type') === 'application/x-www-form-urlencoded' &&
    new Set(names).size === names.length &&
    form.get('grant_type') === 'refresh_token' &&
    !(form.has('client_secret') && (header('authorization') ?? form.get('client_assertion'))) &&
    !(form.has('client_assertion') && header('authorization'))
  if (!isPlain) return false
  const id = form.get('client_id')
  // Who brings a secret although it has none has not shown who it is, and that counts.
  const isBare = !form.get('client_secret') && header('authorization') === undefined
  const proofs = known.clients.proven(reading).filter(({ how }) => how !== 'nothing' || isBare)
  const grant = known.entitled(reading)?.grant
  return (
    grant !== undefined && !grant.isOver && proofs.length === 1 && (id ?? grant.client_id) === grant.client_id
  )
}

/** RFC 9700 4.11.2, and OAuth Client ID Metadata Document 4. */
function authorizeFaults(known: Ledger, reading: Reading, answer: Answer): string[] {
  const { method, path, query, form } = reading
  const { status, headers, text } = answer
  if (path !== '/authorize') return []
  const faults: string[] = []
  const ids = [...query.getAll('client_id'), ...form.getAll('client_id')]
  const isKnown = ids.some((id) => known.clients.get(id))
  if (!isKnown && status < 400) faults.push(`${status} for a client that nobody knows`)
  if (!isKnown && status >= 400 && ![400, 405, 413, 429, 503].includes(status))
    faults.push(`${status} for it`)
  const isPage = headers.get('content-type')?.startsWith('text/html') ?? false
  const [, link] = isPage ? (/<a class="button" href="([^"]*)"/.exec(text) ?? []) : []
  const answers = answersTo(known, reading)
  if (link !== undefined) {
    const faultsOf = answers.map((check) => check(unescaped(link)))
    if (!faultsOf.some((list) => list.length === 0)) {
      faults.push(...(faultsOf[0] ?? [`a link to ${link}, and nothing in the request is good for that`]))
    }
    if (!unescaped(link).includes('error=')) faults.push('a link that brings no error')
  }
  const isPlain = method === 'GET' && new Set(query.keys()).size === query.size
  const redirect = query.get('redirect_uri')
  const client = known.clients.get(query.get('client_id') ?? '')
  const isTold =
    status === 400 &&
    isPlain &&
    client?.source === 'registered' &&
    redirect !== null &&
    client.redirect_uris.includes(redirect) &&
    (query.get('state') ?? '').length < 400
  if (isTold && link === undefined) faults.push('a faulty request, and no way to its client')
  return faults
}

/** OpenID Connect Core 3.1.2.1: with `prompt=none` the answer is a code or an error. */
function askingFaults(known: Ledger, reading: Reading, { status, text }: Answer): string[] {
  const isAsking = reading.path === '/consent' && status === 200 && scopesOf(text) !== undefined
  return isAsking && known.about(reading)?.isSilent
    ? ['somebody is asked, and the client wants nobody asked']
    : []
}

function unescaped(text: string): string {
  const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name] ?? '')
}

/** What a client is given is what somebody consented to, and it has shown itself once and in one way. */
function tokenFaults(known: Ledger, reading: Reading, { status, text }: Answer): string[] {
  const { path, form, header } = reading
  if (path !== '/token' || status !== 200 || !text.includes('access_token')) return []
  const faults: string[] = []
  const assertions = form.getAll('client_assertion').filter(Boolean)
  if (assertions.length > 0) {
    const types = form.getAll('client_assertion_type')
    if (types.some((type) => type !== assertionType)) faults.push(`an assertion of the type ${types}`)
    if (form.getAll('client_secret').some(Boolean) || /^basic\b/i.test(header('authorization') ?? '')) {
      faults.push('a client that shows in two ways who it is')
    }
  }
  const { scope } = JSON.parse(text) as { scope?: unknown }
  const found = known.entitled(reading)
  if (scope === undefined || !found) return faults
  if (typeof scope !== 'string') return [...faults, `the scope ${JSON.stringify(scope)}`]
  const { request, grant } = found
  const limits = [
    ['was asked for', request.asked],
    ['people consented to', request.shown && closure(known.setup, request.shown)],
    ['was granted before', grant && closure(known.setup, grant.scopes)],
  ] as const
  for (const one of scope.split(' ').filter(Boolean)) {
    for (const [what, limit] of limits) {
      if (limit && !limit.has(one)) faults.push(`the scope ${one} is more than ${what}`)
    }
  }
  return faults
}

function registrationFaults({ setup }: Ledger, reading: Reading, { status, text }: Answer): string[] {
  if (reading.path !== '/register' || status !== 201) return []
  const faults: string[] = []
  const { jwks } = JSON.parse(text) as { jwks?: { keys: JsonWebKey[] } }
  if (jwks?.keys.some(({ d, k }) => d !== undefined || k !== undefined)) {
    faults.push('a private key is registered')
  }
  if (setup !== 'few may register') return faults
  const token = /^bearer +(\S+)$/i.exec(reading.header('authorization')?.trim() ?? '')?.[1]
  if (token !== initialAccessToken) faults.push('anybody may register')
  const refused = Object.values(troublesome)
  if (refused.some((one) => text.includes(`"software_id":"${one}"`))) {
    faults.push('somebody registers whom the operator refuses')
  }
  return faults
}

function errorOf(text: string): unknown {
  try {
    return (Object(JSON.parse(text)) as { error?: unknown }).error
  } catch {
    return undefined
  }
}

import { issuer } from '../world.ts'
import { type KnownClients, knownClients } from './known-clients.fixture.ts'
import { wantsNobodyAsked } from './redirect-oracle.fixture.ts'
import { askedFor, type SetupName } from './setups.fixture.ts'
import { type Reading, read, type Shot } from './shot.fixture.ts'
import type { Answer } from './subject.fixture.ts'

/** An authorization request that was accepted: what it asked, whoever asked it. */
export interface KnownRequest {
  client_id: string
  redirect_uri: string
  state: string | undefined
  code_challenge: string
  /** Nobody is to be asked anything. */
  isSilent: boolean
  /** What it may come to at most. */
  asked: ReadonlySet<string>
  /** What people were shown, once they were: they consent to that. */
  shown?: readonly string[] | undefined
}

/** What a code was redeemed for, and what has come of it since. */
export interface KnownGrant {
  client_id: string
  request: KnownRequest
  /** It was made for a client that signs, and nobody can do without from then on. */
  isSigned: boolean
  /** What the first answer said. */
  scopes: readonly string[]
  /** Whether a grant has ended since: it may have been this one. */
  isOver: boolean
}

/** A page's proof, and the cookie without which it is none. */
interface KnownForm {
  /** Where its form goes, with the query that says what it is about. */
  action: string
  cookie: KnownCookie
}

interface KnownCookie {
  name: string
  value: string
}

/**
 * Everything the server has handed out, as an onlooker would note it who sees all requests and answers and knows the
 * specifications. It says what a request may do: nothing here is taken from the server's code.
 */
export interface Ledger {
  setup: SetupName
  clients: KnownClients
  /** By the handle that the request travels in. */
  requests: ReadonlyMap<string, KnownRequest>
  /** By the `state` that it travels in at the provider. */
  states: ReadonlyMap<string, { request: KnownRequest; cookie: KnownCookie | undefined }>
  /** Everything that lets somebody do something. */
  secrets: ReadonlySet<string>
  /** Looks at a request and its answer. */
  learn(request: Shot, answer: Answer): void
  /** Whether a request holds all that somebody must have who may change something with it. */
  mayChange(request: Shot, answer: Answer): boolean
  /** The authorization request that a browser's request is about. */
  about(reading: Reading): KnownRequest | undefined
  /** The code's request, or the refresh token's grant, of a request that has what it takes for tokens. */
  entitled(reading: Reading): { request: KnownRequest; grant?: KnownGrant } | undefined
  isAccessToken(token: string): boolean
  /** A grant ended. */
  ended(): void
  verifier(challenge: string, verifier: string): void
}

/** @param now Unix milliseconds */
export function ledger(setup: SetupName, now: () => number): Ledger {
  const clients = knownClients(now)
  const requests = new Map<string, KnownRequest>()
  const states = new Map<string, { request: KnownRequest; cookie: KnownCookie | undefined }>()
  const forms = new Map<string, KnownForm>()
  const codes = new Map<string, KnownRequest>()
  const refreshTokens = new Map<string, KnownGrant>()
  const accessTokens = new Map<string, KnownGrant>()
  const verifiers = new Map<string, string>()
  const secrets = new Set<string>()

  const keep = (value: string) => {
    // The front of our codes and tokens names the grant, as events do; the part after the last dot is the secret.
    const part = value.slice(value.lastIndexOf('.') + 1)
    if (part.length >= 8) secrets.add(part)
  }

  const owns = (reading: Reading, grant: KnownGrant | undefined): boolean =>
    clients
      .proven(reading)
      .some(
        ({ client_id, how }) => client_id === grant?.client_id && (how === 'assertion' || !grant.isSigned),
      )

  function cookiesOf({ headers }: Answer): KnownCookie[] {
    return headers.getSetCookie().map((cookie) => {
      const [pair = ''] = cookie.split(';')
      const equals = pair.indexOf('=')
      return { name: pair.slice(0, equals), value: pair.slice(equals + 1) }
    })
  }

  const has = (reading: Reading, cookie: KnownCookie | undefined) =>
    cookie !== undefined && reading.cookies.get(cookie.name) === cookie.value

  function about({ path, query }: Pick<Reading, 'path' | 'query'>) {
    if (path === '/consent') return requests.get(query.get('transaction') ?? '')
    return states.get(query.get('state') ?? '')?.request
  }

  /** Any page of this request will do: the proof is of a browser and of what it was shown, not of one page. */
  const isForm = (reading: Reading): boolean =>
    reading.form.getAll('csrf').some((csrf) => {
      const form = forms.get(csrf)
      const asked = form && about(pageOf(form.action))
      return asked !== undefined && about(reading) === asked && has(reading, form?.cookie)
    })

  const pageOf = (action: string) => {
    const { pathname, searchParams } = new URL(action)
    return { path: pathname, query: searchParams }
  }

  function entitled(reading: Reading): ReturnType<Ledger['entitled']> {
    const owners = clients.proven(reading)
    for (const code of reading.form.getAll('code')) {
      const request = codes.get(code)
      const isOwner = owners.some(
        ({ client_id, how }) =>
          client_id === request?.client_id && (how !== 'nothing' || isPublic(client_id)),
      )
      const isVerified = reading.form
        .getAll('code_verifier')
        .some((one) => verifiers.get(request?.code_challenge ?? '') === one)
      if (request && isOwner && isVerified) return { request }
    }
    for (const token of reading.form.getAll('refresh_token')) {
      const grant = refreshTokens.get(token)
      if (grant && owns(reading, grant)) return { request: grant.request, grant }
    }
    return undefined
  }

  const isPublic = (client_id: string) =>
    clients.get(client_id)?.isPublic === true || clients.mayBePublic(client_id)

  const mayRevoke = (reading: Reading): boolean =>
    reading.form
      .getAll('token')
      .some((token) => owns(reading, refreshTokens.get(token) ?? accessTokens.get(token)))

  return {
    setup,
    clients,
    entitled,
    requests,
    states,
    secrets,
    about,
    isAccessToken: (token) => accessTokens.has(token),
    ended() {
      for (const grant of refreshTokens.values()) grant.isOver = true
    },
    verifier(challenge, verifier) {
      verifiers.set(challenge, verifier)
      keep(verifier)
    },
    mayChange(request, answer) {
      const reading = read(request)
      const { path } = reading
      if (path === '/register') return answer.status === 201
      if (path === '/consent') return request.method === 'POST' && isForm(reading)
      if (path === '/token') return request.method === 'POST' && entitled(reading) !== undefined
      if (path === '/revoke') return request.method === 'POST' && mayRevoke(reading)
      if (path.startsWith('/sign-in/') || path.startsWith('/callback/')) {
        const state = states.get(reading.query.get('state') ?? '')
        if (request.method !== 'POST') return state !== undefined && has(reading, state.cookie)
        return (
          path.startsWith('/sign-in/') && state !== undefined && has(reading, state.cookie) && isForm(reading)
        )
      }
      return false
    },
    learn(request, answer) {
      const reading = read(request)
      const { status, headers, text } = answer
      for (const cookie of cookiesOf(answer)) keep(cookie.value)
      const location = headers.get('location')
      if (location !== null && status >= 300 && status < 400 && URL.canParse(location)) {
        const { searchParams } = new URL(location)
        const handle = searchParams.get('transaction')
        if (location.startsWith(`${issuer}/consent?`) && handle !== null) {
          const given = request.method === 'POST' ? reading.form : reading.query
          const client_id = given.get('client_id') ?? ''
          const redirect_uri = given.get('redirect_uri') || clients.get(client_id)?.redirect_uris[0] || ''
          const code_challenge = given.get('code_challenge') ?? ''
          requests.set(handle, {
            client_id,
            redirect_uri,
            state: given.get('state') || undefined,
            code_challenge,
            isSilent: wantsNobodyAsked(reading),
            asked: askedFor(setup, given.get('scope')),
          })
          keep(handle)
        }
        const asked = about(reading)
        const state = searchParams.get('state')
        const found = reading.path === '/consent' ? reading.query.get('transaction') : null
        if (asked && found !== null && state !== null && state !== asked.state) {
          const transaction = requests.get(found)
          const cookie = cookiesOf(answer)[0] ?? states.get(state)?.cookie
          if (transaction) states.set(state, { request: transaction, cookie })
          keep(state)
        }
        const code = searchParams.get('code')
        const owner = states.get(reading.query.get('state') ?? '')
        if (owner && code !== null && location.startsWith(owner.request.redirect_uri)) {
          codes.set(code, owner.request)
          keep(code)
        }
      }
      if (status === 201 && reading.path === '/register') {
        const made = JSON.parse(text) as { client_secret?: string }
        clients.registered(made)
        if (made.client_secret) keep(made.client_secret)
      }
      if (status === 200 && reading.path === '/token') learnTokens(reading, text)
      if (headers.get('content-type')?.startsWith('text/html')) learnPage(reading, answer)
    },
  }

  function learnTokens(reading: Reading, text: string) {
    const made = JSON.parse(text) as { access_token?: string; refresh_token?: string; scope?: string }
    const found = entitled(reading)
    if (!found) return
    const { request } = found
    const isSigned = clients.proven(reading).some(({ how }) => how === 'assertion')
    const scopes = made.scope?.split(' ') ?? []
    const grant = found.grant ?? { client_id: request.client_id, request, isSigned, scopes, isOver: false }
    for (const [token, all] of [
      [made.access_token, accessTokens],
      [made.refresh_token, refreshTokens],
    ] as const) {
      if (token) all.set(token, grant)
      if (token) keep(token)
    }
    for (const jwt of reading.form.getAll('client_assertion')) keep(jwt)
    clients.spend(reading)
  }

  function learnPage(reading: Reading, answer: Answer) {
    const [, csrf] = /name="csrf" value="([^"]*)"/.exec(answer.text) ?? []
    const [, action] = /<form method="post" action="([^"]*)"/.exec(answer.text) ?? []
    const [cookie] = cookiesOf(answer)
    const shown = reading.path === '/consent' ? scopesOf(answer.text) : undefined
    const request = shown && requests.get(reading.query.get('transaction') ?? '')
    if (request) request.shown = shown
    if (csrf && action && cookie) {
      forms.set(csrf, { action: action.replaceAll('&amp;', '&'), cookie })
      keep(csrf)
    }
    // "Open in a browser": the same request once more.
    const [, again] = /class="button" href="[^"]*[?&]transaction=([^"&]+)/.exec(answer.text) ?? []
    const state = reading.query.get('state')
    const asked =
      again && (states.get(state ?? '')?.request ?? requests.get(reading.query.get('transaction') ?? ''))
    if (again && asked && !requests.has(again)) requests.set(again, asked)
  }
}

/** What a consent page says the client asks for, by name; `undefined` where it is none. */
export function scopesOf(page: string): readonly string[] | undefined {
  if (!page.includes('<form')) return undefined
  const [, names = ''] = /<dt>Scopes<\/dt><dd><code><bdi dir="ltr">([^<]*)</.exec(page) ?? []
  return names.split(' ').filter((name) => name !== '')
}

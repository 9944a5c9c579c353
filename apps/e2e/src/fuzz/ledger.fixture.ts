import { issuer } from '../world.ts'
import { type Reading, read, type Shot } from './shot.fixture.ts'
import { type Answer, listed } from './subject.fixture.ts'

/** A client, as it was told it is. */
interface KnownClient {
  client_id: string
  client_secret: string | undefined
  redirect_uris: readonly string[]
}

/** An authorization request that was accepted: what it asked, whoever asked it. */
export interface KnownRequest {
  client_id: string
  redirect_uri: string
  state: string | undefined
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
  clients: ReadonlyMap<string, KnownClient>
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
  /** Whether the client of a request to the token or revocation endpoint has shown who it is. */
  authenticates(reading: Reading): boolean
  /** The authorization request that a browser's request is about. */
  about(reading: Reading): KnownRequest | undefined
  isAccessToken(token: string): boolean
  verifier(challenge: string, verifier: string): void
}

export function ledger(): Ledger {
  const clients = new Map<string, KnownClient>([
    [listed.client_id, { ...listed, redirect_uris: ['https://listed.example/callback'] }],
  ])
  const requests = new Map<string, KnownRequest & { code_challenge: string }>()
  const states = new Map<
    string,
    { request: KnownRequest & { code_challenge: string }; cookie: KnownCookie | undefined }
  >()
  const forms = new Map<string, KnownForm>()
  const codes = new Map<string, KnownRequest & { code_challenge: string }>()
  const refreshTokens = new Map<string, string>()
  const accessTokens = new Map<string, string>()
  const verifiers = new Map<string, string>()
  const secrets = new Set<string>()

  const keep = (value: string) => {
    // The front of our codes and tokens names the grant, as events do; the part after the last dot is the secret.
    const part = value.slice(value.lastIndexOf('.') + 1)
    if (part.length >= 8) secrets.add(part)
  }

  /** The clients that a request says it comes from, with the secrets that it brings. */
  function claims(reading: Reading): { client_id: string; secrets: readonly string[] }[] {
    const named = reading.form.getAll('client_id').filter((id) => id !== '')
    const sent = reading.form.getAll('client_secret')
    const basic = /^basic\s+(.*)$/i.exec(reading.header('authorization')?.trim() ?? '')?.[1]
    const found = named.map((client_id) => ({ client_id, secrets: sent }))
    if (basic === undefined) return found
    const text = Buffer.from(basic, 'base64').toString()
    const [id = '', ...rest] = text.split(':')
    const plain = { client_id: id, secrets: [rest.join(':')] }
    const decoded = { client_id: percentDecoded(id), secrets: [percentDecoded(rest.join(':'))] }
    return [...found, plain, decoded]
  }

  const proven = (reading: Reading): string[] =>
    claims(reading).flatMap(({ client_id, secrets }) => {
      const known = clients.get(client_id)
      if (!known) return []
      return known.client_secret === undefined || secrets.includes(known.client_secret) ? [client_id] : []
    })

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

  function mayToken(reading: Reading): boolean {
    const owners = proven(reading)
    const byCode = reading.form.getAll('code').some((code) => {
      const known = codes.get(code)
      if (!known || !owners.includes(known.client_id)) return false
      return reading.form.getAll('code_verifier').some((one) => verifiers.get(known.code_challenge) === one)
    })
    return (
      byCode ||
      reading.form.getAll('refresh_token').some((token) => owners.includes(refreshTokens.get(token) ?? ' '))
    )
  }

  function mayRevoke(reading: Reading): boolean {
    const owners = proven(reading)
    return reading.form
      .getAll('token')
      .some((token) => owners.includes(refreshTokens.get(token) ?? accessTokens.get(token) ?? ' '))
  }

  return {
    clients,
    requests,
    states,
    secrets,
    about,
    isAccessToken: (token) => accessTokens.has(token),
    verifier(challenge, verifier) {
      verifiers.set(challenge, verifier)
      keep(verifier)
    },
    authenticates: (reading) => proven(reading).length > 0,
    mayChange(request, answer) {
      const reading = read(request)
      const { path } = reading
      if (path === '/register') return answer.status === 201
      if (path === '/consent') return request.method === 'POST' && isForm(reading)
      if (path === '/token') return request.method === 'POST' && mayToken(reading)
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
        const made = JSON.parse(text) as KnownClient
        clients.set(made.client_id, { ...made, client_secret: made.client_secret })
        if (made.client_secret) keep(made.client_secret)
      }
      if (status === 200 && reading.path === '/token') {
        const made = JSON.parse(text) as { access_token?: string; refresh_token?: string }
        const [client_id = ''] = proven(reading)
        if (made.access_token) {
          accessTokens.set(made.access_token, client_id)
          keep(made.access_token)
        }
        if (made.refresh_token) {
          refreshTokens.set(made.refresh_token, client_id)
          keep(made.refresh_token)
        }
      }
      if (headers.get('content-type')?.startsWith('text/html')) learnPage(reading, answer)
    },
  }

  function learnPage(reading: Reading, answer: Answer) {
    const [, csrf] = /name="csrf" value="([^"]*)"/.exec(answer.text) ?? []
    const [, action] = /<form method="post" action="([^"]*)"/.exec(answer.text) ?? []
    const [cookie] = cookiesOf(answer)
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

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

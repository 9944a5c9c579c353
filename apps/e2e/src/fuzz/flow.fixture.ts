import { createHash, randomBytes } from 'node:crypto'
import { chooseButton } from '@drawbridge/testing'
import { parseForms } from '../../../../packages/testing/src/driver/forms.ts'
import { password } from '../endpoints/sign-in.fixture.ts'
import { issuer, resource } from '../world.ts'
import { assertion, assertionType, type KeyName, signingKeys } from './assertions.fixture.ts'
import type { Ledger } from './ledger.fixture.ts'
import { initialAccessToken, type SetupName } from './setups.fixture.ts'
import { type Shot, shot } from './shot.fixture.ts'
import type { Answer, ProviderId, Subject } from './subject.fixture.ts'

/** What a client asks for, when all is as it should be. */
export interface Plan {
  setup: SetupName
  provider: ProviderId
  /** Whether it registers, or its client_id is the URL of what it says about itself. */
  client: 'registered' | 'document'
  /** Left out: the client names no method, and may send its secret either way. `either`: its document says that it may sign. */
  method: 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'either' | undefined
  /** Where its keys are, if it signs. */
  keys: 'jwks' | 'jwks_uri'
  /** The path of its document. */
  document: string
  redirect_uri: string
  /** Odd, but nothing that a client may not be called. */
  client_name: string
  client_uri: string
  scope: string | undefined
  state: string | undefined
  /** What a client may put beside all that. */
  login_hint: string | undefined
  /** What it wants the person to be asked (OpenID Connect Core 3.1.2.1). */
  prompt: string | undefined
}

/** One sign-in of one person with one client, and how far it has come. */
export interface Flow {
  plan: Plan
  /** Whose key it signs with. */
  key: KeyName
  /** Unix milliseconds. */
  now(): number
  /** An assertion that it has used. */
  used: string | undefined
  client_id: string
  client_secret: string | undefined
  code_verifier: string
  /** The handle of the consent page. */
  transaction: string
  csrf: string
  cookies: Record<string, string>
  /** What the provider has the browser send. */
  callback: Record<string, string>
  signInState: string
  code: string
  access_token: string
  refresh_token: string
}

const hosts: Readonly<Record<KeyName, string>> = {
  own: 'https://client.example',
  another: 'https://other.example',
  unknown: 'https://unknown.example',
}

export const urlsOf = ({ plan, key }: Pick<Flow, 'plan' | 'key'>) => ({
  document: hosts[key] + plan.document,
  keys: `${hosts[key]}/jwks.json`,
})

/** Publishes what the client has to say. */
export function begin(plan: Plan, { web, now }: Pick<Subject, 'web' | 'now'>, key: KeyName = 'own'): Flow {
  const { document, keys } = urlsOf({ plan, key })
  if (signs(plan)) web.publish(keys, { keys: [signingKeys[key].jwk] })
  if (plan.client === 'document') {
    web.publish(document, { client_id: document, ...metadataOf({ plan, key }) })
  }
  return {
    plan,
    key,
    now,
    used: undefined,
    client_id: plan.client === 'document' ? document : 'nobody',
    client_secret: undefined,
    code_verifier: randomBytes(32).toString('base64url'),
    transaction: 'none',
    csrf: 'none',
    cookies: {},
    callback: { code: 'none', state: 'none' },
    signInState: 'none',
    code: 'none',
    access_token: 'none',
    refresh_token: 'none',
  }
}

/** One request of a flow: what is sent, and what a good answer is. */
export interface Step {
  name: string
  /** Not a part of every flow. */
  only?: (plan: Plan) => boolean
  request(flow: Flow): Shot
  /** Takes on what the answer says; resolves to what is wrong with it. */
  take(
    flow: Flow,
    answer: Answer,
    inside: { server: Subject; known: Ledger },
  ): Promise<string | undefined> | string | undefined
}

const fromBrowser = { accept: 'text/html,*/*;q=0.8', 'user-agent': 'Mozilla/5.0', 'accept-language': 'en' }
const fromOurPage = { ...fromBrowser, 'sec-fetch-site': 'same-origin', origin: 'null' }
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const rpc = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

const challengeOf = (verifier: string) => createHash('sha256').update(verifier).digest('base64url')

const signs = ({ method }: Plan) => method === 'private_key_jwt' || method === 'either'

/** What the client says of itself, wherever it does. */
function metadataOf(flow: Pick<Flow, 'plan' | 'key'>): Record<string, unknown> {
  const { plan, key } = flow
  const isEither = plan.method === 'either'
  return {
    client_name: plan.client_name,
    client_uri: plan.client_uri,
    logo_uri: plan.client_uri,
    redirect_uris: [plan.redirect_uri],
    token_endpoint_auth_method: isEither ? 'none' : plan.method,
    ...(isEither && { token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'] }),
    ...(signs(plan) &&
      (plan.keys === 'jwks' ? { jwks: { keys: [signingKeys[key].jwk] } } : { jwks_uri: urlsOf(flow).keys })),
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  }
}

/** How the client says who it is. */
function authenticated({ client_id, client_secret, key, now, plan }: Flow): {
  headers: Record<string, string>
  form: Record<string, string>
} {
  if (signs(plan)) {
    const client_assertion = assertion(signingKeys[key], client_id, now())
    return { headers: {}, form: { client_id, client_assertion_type: assertionType, client_assertion } }
  }
  if (client_secret === undefined) return { headers: {}, form: { client_id } }
  if (plan.method !== 'client_secret_post') {
    const pair = Buffer.from(`${client_id}:${client_secret}`).toString('base64')
    return { headers: { authorization: `Basic ${pair}` }, form: {} }
  }
  return { headers: {}, form: { client_id, client_secret } }
}

const toClient = (flow: Flow, path: string, own: Record<string, string>): Shot => {
  const who = authenticated(flow)
  return shot('POST', path, { headers: { ...form, ...who.headers }, form: { ...who.form, ...own } })
}

const call = (flow: Flow): Shot =>
  shot('POST', '/mcp', {
    headers: { ...rpc, authorization: `Bearer ${flow.access_token}` },
    json: { jsonrpc: '"2.0"', id: '1', method: '"tools/call"', params: '{"name":"whoami","arguments":{}}' },
  })

const isOAuth = ({ provider }: Plan) => provider !== 'acme'

function status(answer: Answer, ...good: number[]): string | undefined {
  if (good.includes(answer.status)) return undefined
  return `${answer.status} instead of ${good.join(' or ')}: ${answer.text.replace(/<style>.*<\/style>/s, '').slice(0, 800)}`
}

/** In the order of a flow. A new way to be a client, or to sign in, is a step or a plan more. */
export const steps: readonly Step[] = [
  {
    name: 'register',
    only: ({ client }) => client === 'registered',
    request: (flow) =>
      shot('POST', '/register', {
        headers: {
          'content-type': 'application/json',
          ...(flow.plan.setup === 'few may register' && { authorization: `Bearer ${initialAccessToken}` }),
        },
        json: Object.fromEntries(
          Object.entries(metadataOf(flow)).flatMap(([name, value]) =>
            value === undefined ? [] : [[name, JSON.stringify(value)]],
          ),
        ),
      }),
    take(flow, answer) {
      if (answer.status !== 201) return status(answer, 201)
      Object.assign(flow, JSON.parse(answer.text))
      return undefined
    },
  },
  {
    name: 'authorize',
    request: ({ plan, client_id, code_verifier }) =>
      shot('GET', '/authorize', {
        headers: fromBrowser,
        query: {
          response_type: 'code',
          client_id,
          redirect_uri: plan.redirect_uri,
          state: plan.state,
          scope: plan.scope,
          code_challenge: challengeOf(code_verifier),
          code_challenge_method: 'S256',
          resource,
          login_hint: plan.login_hint,
          prompt: plan.prompt,
        },
      }),
    take(flow, answer, { known }) {
      known.verifier(challengeOf(flow.code_verifier), flow.code_verifier)
      const handle = locationOf(answer)?.searchParams.get('transaction')
      if (!handle) return status(answer, 302) ?? 'it does not lead to the consent page'
      flow.transaction = handle
      return undefined
    },
  },
  {
    name: 'consent page',
    request: ({ transaction, cookies }) =>
      shot('GET', '/consent', { headers: fromBrowser, query: { transaction }, cookies }),
    take(flow, answer) {
      const found = parseForms(answer.text, issuer)[0]?.fields.find(([name]) => name === 'csrf')
      if (!found) return status(answer, 200) ?? 'it has no form'
      flow.csrf = found[1]
      return undefined
    },
  },
  {
    name: 'consent',
    request: ({ transaction, cookies, csrf, plan }) =>
      shot('POST', '/consent', {
        headers: { ...fromOurPage, ...form },
        query: { transaction },
        form: { csrf, provider: plan.provider },
        cookies,
      }),
    async take(flow, answer, { server }) {
      const location = locationOf(answer)
      if (answer.status !== 303 || !location) return status(answer, 303)
      if (flow.plan.provider === 'acme') {
        flow.signInState = location.searchParams.get('state') ?? 'none'
        return undefined
      }
      flow.callback = await signInThere(server, location)
      return undefined
    },
  },
  {
    name: 'sign-in page',
    only: ({ provider }) => provider === 'acme',
    request: ({ signInState, cookies }) =>
      shot('GET', '/sign-in/acme', { headers: fromBrowser, query: { state: signInState }, cookies }),
    take(flow, answer) {
      const found = parseForms(answer.text, issuer)[0]?.fields.find(([name]) => name === 'csrf')
      if (!found) return status(answer, 200) ?? 'it has no form'
      flow.csrf = found[1]
      return undefined
    },
  },
  {
    name: 'sign-in',
    only: ({ provider }) => provider === 'acme',
    request: ({ signInState, csrf, cookies }) =>
      shot('POST', '/sign-in/acme', {
        headers: { ...fromOurPage, ...form },
        query: { state: signInState },
        form: { csrf, username: 'ada', password },
        cookies,
      }),
    take: takeCode,
  },
  {
    name: 'posted callback',
    only: ({ provider }) => provider === 'apple',
    // Another site's form brings no Lax cookies.
    request: ({ callback }) =>
      shot('POST', '/callback/apple', {
        headers: { ...fromBrowser, ...form, 'sec-fetch-site': 'cross-site', origin: 'https://login.test' },
        form: callback,
      }),
    take: (_, answer) => status(answer, 303),
  },
  {
    name: 'callback',
    only: isOAuth,
    request: ({ callback, cookies, plan }) =>
      shot('GET', `/callback/${plan.provider}`, {
        headers: { ...fromBrowser, 'sec-fetch-site': 'cross-site' },
        query: callback,
        cookies,
      }),
    take: takeCode,
  },
  {
    name: 'token',
    request: (flow) =>
      toClient(flow, '/token', {
        grant_type: 'authorization_code',
        code: flow.code,
        code_verifier: flow.code_verifier,
        redirect_uri: flow.plan.redirect_uri,
        resource,
      }),
    take: takeTokens,
  },
  { name: 'call', request: call, take: (_, answer) => status(answer, 200) },
  {
    name: 'refresh',
    request: (flow) =>
      toClient(flow, '/token', { grant_type: 'refresh_token', refresh_token: flow.refresh_token, resource }),
    take: takeTokens,
  },
  { name: 'call again', request: call, take: (_, answer) => status(answer, 200) },
  {
    name: 'revoke',
    request: (flow) =>
      toClient(flow, '/revoke', { token: flow.refresh_token, token_type_hint: 'refresh_token' }),
    take: (_, answer) => status(answer, 200),
  },
  { name: 'refused call', request: call, take: (_, answer) => status(answer, 401) },
]

export const stepsOf = (plan: Plan): readonly Step[] => steps.filter(({ only }) => only?.(plan) ?? true)

/** What a browser keeps. */
export function keepCookies(flow: Flow, { headers }: Answer): void {
  for (const cookie of headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]*)=([^;]*)/.exec(cookie) ?? []
    flow.cookies[name] = value
  }
}

function takeCode(flow: Flow, answer: Answer): string | undefined {
  const location = locationOf(answer)
  const code = location?.searchParams.get('code')
  if (!code) return status(answer, 302, 303) ?? `it brings no code: ${location?.searchParams.get('error')}`
  flow.code = code
  return undefined
}

function takeTokens(flow: Flow, answer: Answer): string | undefined {
  if (answer.status !== 200) return status(answer, 200)
  const { access_token, refresh_token } = JSON.parse(answer.text) as Record<string, string>
  if (!access_token || !refresh_token) return 'a token is missing'
  Object.assign(flow, { access_token, refresh_token })
  return undefined
}

function locationOf({ headers }: Answer): URL | undefined {
  const location = headers.get('location')
  return location === null ? undefined : (URL.parse(location) ?? undefined)
}

/** The person signs in at the provider. Resolves to what their browser brings back. */
async function signInThere(server: Subject, url: URL): Promise<Record<string, string>> {
  const html = await (await server.upstream(new Request(url))).text()
  const page = { forms: parseForms(html, url.href) } as Parameters<typeof chooseButton>[0]
  const user = url.host === 'github.test' ? 'octocat' : 'ada'
  const button = chooseButton(page, { user })
  const there = page.forms[0]
  if (!button || !there) throw new Error(`nobody can sign in at ${url}: ${html.slice(0, 300)}`)
  const body = new URLSearchParams([...there.fields, [button.name, button.value]])
  const back = await server.upstream(new Request(there.action, { method: 'POST', body, redirect: 'manual' }))
  const location = back.headers.get('location')
  if (location !== null) return Object.fromEntries(new URL(location).searchParams)
  return Object.fromEntries(parseForms(await back.text(), url.href)[0]?.fields ?? [])
}

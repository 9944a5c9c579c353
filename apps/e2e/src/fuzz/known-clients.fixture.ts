import type { JsonWebKey } from 'node:crypto'
import { assertionType, isProof, parts } from './assertions.fixture.ts'
import type { Reading } from './shot.fixture.ts'
import { listed } from './subject.fixture.ts'
import type { Fetched } from './web.fixture.ts'

/** A client, as it was told it is or as it says it is. */
export interface KnownClient {
  client_id: string
  client_secret?: string | undefined
  redirect_uris: readonly string[]
  source: 'listed' | 'registered' | 'document'
  /** Whether it need not show who it is. */
  isPublic: boolean
  keys: readonly JsonWebKey[]
  jwks_uri?: string | undefined
}

/** Who a request comes from, and how it has shown that. */
export interface Proof {
  client_id: string
  how: 'nothing' | 'secret' | 'assertion'
  /** Of an assertion: the client and the id, by which it is known again. */
  used?: string | undefined
}

/** The clients that there are, as somebody knows them who sees what is registered and what hosts publish. */
export interface KnownClients {
  get(client_id: string): KnownClient | undefined
  /** What the answer to a registration says. */
  registered(body: unknown): void
  /** What hosts answered to the instance that answers now. */
  served(fetched: readonly Fetched[]): void
  /** Another instance answers, which has fetched nothing. */
  forget(): void
  /** Whether something that this instance fetched was not to be had. */
  hasFailed(): boolean
  /** Everybody who shows in this request who they are. */
  proven(reading: Reading): Proof[]
  /** An assertion that was used is never good again. */
  spend(reading: Reading): void
  /** Whether a client has published this itself. */
  publishes(text: string): boolean
  /** Whether the client of such a URL has ever said that it need not sign. */
  mayBePublic(client_id: string): boolean
}

/** @param now Unix milliseconds */
export function knownClients(now: () => number): KnownClients {
  const ours = new Map<string, KnownClient>([
    [
      listed.client_id,
      {
        ...listed,
        redirect_uris: ['https://listed.example/callback'],
        source: 'listed',
        isPublic: false,
        keys: [],
      },
    ],
  ])
  /** By URL: what this instance has fetched, and what any has. */
  let current = new Map<string, unknown[]>()
  const ever = new Map<string, unknown[]>()
  let failures = 0
  const spent = new Set<string>()
  let said = ''

  function fromDocuments(
    url: string,
    all: ReadonlyMap<string, readonly unknown[]> = current,
  ): KnownClient | undefined {
    const versions = (all.get(url) ?? []).map((body) => Object(body) as Record<string, unknown>)
    const own = versions.filter(({ client_id }) => client_id === url)
    if (own.length === 0) return undefined
    const keys = own.flatMap(({ jwks, jwks_uri }) => [...keysOf(jwks), ...keysAt(jwks_uri)])
    return {
      client_id: url,
      redirect_uris: own.flatMap(({ redirect_uris }) => texts(redirect_uris)),
      source: 'document',
      isPublic: own.some(offersNothing),
      keys,
      jwks_uri: texts(own.map(({ jwks_uri }) => jwks_uri)).at(-1),
    }
  }

  const keysAt = (uri: unknown): JsonWebKey[] =>
    typeof uri === 'string' ? (ever.get(uri) ?? []).flatMap(keysOf) : []

  const get = (client_id: string) => ours.get(client_id) ?? fromDocuments(client_id)

  function byAssertion(reading: Reading): Proof[] {
    if (!reading.form.getAll('client_assertion_type').includes(assertionType)) return []
    const named = reading.form.getAll('client_id').filter((id) => id !== '')
    return reading.form.getAll('client_assertion').flatMap((jwt) => {
      const sub = parts(jwt)?.claims.sub
      if (typeof sub !== 'string' || (named.length > 0 && !named.includes(sub))) return []
      const client = ours.get(sub) ?? fromDocuments(sub, ever)
      const keys = client && [...client.keys, ...keysAt(client.jwks_uri)]
      const proof = keys && isProof(jwt, sub, keys, now())
      const used = proof && JSON.stringify([sub, proof.jti])
      return used === undefined || spent.has(used) ? [] : [{ client_id: sub, how: 'assertion', used }]
    })
  }

  function bySecret(reading: Reading): Proof[] {
    return claims(reading).flatMap(({ client_id, secrets }): Proof[] => {
      const known = ours.get(client_id)
      if (!known) return /^https:\/\//i.test(client_id) ? [{ client_id, how: 'nothing' }] : []
      if (known.isPublic) return [{ client_id, how: 'nothing' }]
      const { client_secret } = known
      return client_secret !== undefined && secrets.includes(client_secret)
        ? [{ client_id, how: 'secret' }]
        : []
    })
  }

  return {
    get,
    registered(body) {
      const { client_id, client_secret, redirect_uris, ...more } = body as Record<string, unknown>
      if (typeof client_id !== 'string') return
      ours.set(client_id, {
        client_id,
        client_secret: texts([client_secret])[0],
        redirect_uris: texts(redirect_uris),
        source: 'registered',
        isPublic: more.token_endpoint_auth_method === 'none',
        keys: keysOf(more.jwks),
        jwks_uri: texts([more.jwks_uri])[0],
      })
    },
    served(fetched) {
      for (const { url, status, text, isAltered } of fetched) {
        said += text
        if (status === 200) {
          const body = parsed(text)
          for (const one of [current, ever]) one.set(url, [...(one.get(url) ?? []), body])
        }
        if (status !== 404 && status !== 410) failures += isAltered || !isUsable(status, text) ? 1 : 0
      }
    },
    forget() {
      current = new Map()
      failures = 0
    },
    hasFailed: () => failures > 0,
    proven: (reading) => [...byAssertion(reading), ...bySecret(reading)],
    spend(reading) {
      for (const { used } of byAssertion(reading)) if (used !== undefined) spent.add(used)
    },
    publishes: (text) => said.includes(text),
    mayBePublic: (client_id) => fromDocuments(client_id, ever)?.isPublic ?? false,
  }
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

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Generous: what a server may take for an answer that it can use is none of ours to decide. */
const isUsable = (status: number | undefined, text: string) =>
  status === 200 && text.length < 5000 && typeof parsed(text) === 'object'

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []

function keysOf(set: unknown): JsonWebKey[] {
  const { keys } = Object(set) as { keys?: unknown }
  return Array.isArray(keys) ? keys.filter((key) => typeof key === 'object' && key !== null) : []
}

function offersNothing(document: Record<string, unknown>): boolean {
  const { token_endpoint_auth_method: method, token_endpoint_auth_methods_supported: further } = document
  const named = [method, ...(Array.isArray(further) ? further : [])].filter(
    (one) => one !== undefined && one !== null,
  )
  return named.length === 0 || named.includes('none')
}

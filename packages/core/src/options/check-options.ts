import type { RedirectUriOptions } from '../clients/redirect-uri.ts'
import { metadataFields } from '../clients/registration.ts'
import type { StaticClient } from '../clients/static-client.ts'
import { usualRequests } from '../endpoints/limiter.ts'
import { ConfigurationError } from '../errors.ts'
import type { EventListeners } from '../events.ts'
import { checkProvider } from '../identity/check-provider.ts'
import type { Provider } from '../identity/provider.ts'
import { checkCall, checkMembers, checkOneOf, inWords, type OptionTable } from '../known-options.ts'
import { logEvents } from '../log/log.ts'
import type { OwnPages } from '../pages/own-pages.ts'
import type { Documentation } from '../resource-server/protected-resource-metadata.ts'
import { webUrl } from '../syntax/web-url.ts'
import type {
  Lifetimes,
  LimitedRequests,
  LimitOptions,
  MetadataDocumentOptions,
  OAuthProxyOptions,
  OAuthServerOptions,
  RefreshOptions,
  RegistrationOptions,
  ResourceOptions,
  RevocationOptions,
  ScopeOptions,
  SigningKeyOptions,
} from './options.ts'

/**
 * That there are options, and none of a name that does not exist. Throws {@link ConfigurationError}.
 *
 * @param call the function that was called
 */
export function checkNames(call: 'oauthProxy' | 'oauthServer', options: OAuthServerOptions): void {
  checkCall<OAuthProxyOptions>(
    `${call}({ issuer, secret, provider, storage })`,
    options as OAuthProxyOptions,
    {
      issuer: true,
      secret: true,
      storage: true,
      provider: true,
      providers: true,
      resource: 'text',
      resources: 'object',
      scopes: true,
      advertiseOfflineAccess: 'flag',
      stripPrefix: 'text',
      clients: 'list',
      registration: true,
      metadataDocuments: true,
      limits: true,
      revocation: true,
      redirectUris: true,
      lifetimes: true,
      refresh: true,
      signingKeys: true,
      accept: true,
      keepUpstreamTokens: 'flag',
      refreshUpstream: true,
      grantsPerInstallation: true,
      name: 'text',
      theme: true,
      messages: 'object',
      languages: 'list',
      pages: true,
      consent: true,
      accountPage: 'flag',
      documentation: true,
      dangerouslySkipConsent: 'flag',
      onEvent: true,
      log: true,
      fetch: 'function',
      egress: true,
      clock: 'clock',
    },
  )
}

/**
 * What a compiler does not see, or was not asked: options of a shape that would fail later, and far from its cause.
 * Throws {@link ConfigurationError}.
 */
export function checkOptions({ storage, accept, registration, ...options }: OAuthServerOptions): void {
  checkStorage(storage)
  const isList = accept === undefined || Array.isArray(accept)
  if (!isList || accept?.some((verifier) => typeof verifier?.verify !== 'function')) {
    const got = isList ? 'holds something without a `verify` function' : 'is not a list'
    throw new ConfigurationError('accept', got, 'Pass a list: `accept: [jwtVerifier({ issuer })]`.')
  }
  const { metadataDocuments, revocation } = options
  for (const [option, given] of Object.entries({ registration, metadataDocuments, revocation })) {
    if (given === undefined || (typeof given === 'object' && given !== null)) continue
    const fix = `To switch it off, pass \`${option}: { enabled: false }\`.`
    throw new ConfigurationError(option, `is ${typeof given === 'boolean' ? given : inWords(given)}`, fix)
  }
  checkMembers<RegistrationOptions>('registration', registration, {
    enabled: 'flag',
    unapprovedLifetime: true,
    lifetime: true,
    unapproved: true,
    key: true,
    allow: 'function',
    initialAccessToken: true,
    secretLifetime: true,
  })
  checkMembers<MetadataDocumentOptions>('metadataDocuments', metadataDocuments, {
    enabled: 'flag',
    hosts: true,
  })
  checkLimits(options.limits)
  checkMembers<RevocationOptions>('revocation', revocation, { enabled: 'flag' })
  checkMembers<RedirectUriOptions>('redirectUris', options.redirectUris, { allow: 'texts', schemes: 'texts' })
  checkMembers<Lifetimes>('lifetimes', options.lifetimes, {
    code: true,
    accessToken: true,
    idle: true,
    absolute: true,
    transaction: true,
    identityRecheck: true,
    identityGrace: true,
    session: true,
    sessionIdle: true,
  })
  checkMembers<RefreshOptions>('refresh', options.refresh, {
    window: true,
    lostResponse: true,
    streak: true,
    streakCount: true,
    rotateEvery: true,
  })
  checkMembers<SigningKeyOptions>('signingKeys', options.signingKeys, {
    algorithm: true,
    rotateEvery: true,
    keys: 'list',
  })
  checkDocumentation(options.documentation)
  checkMembers<OwnPages>('pages', options.pages, {
    consent: 'function',
    error: 'function',
    signIn: 'function',
    done: 'function',
    account: 'function',
    signedOut: 'function',
  })
  for (const [path, resource] of Object.entries<ResourceOptions>(options.resources ?? {})) {
    const option = `resources["${path}"]`
    checkPresent(option, resource)
    checkMembers<ResourceOptions>(option, resource, { scopes: true, default: 'flag', name: 'text' })
    checkScopeOptions(`${option}.scopes`, resource.scopes)
  }
  checkScopeOptions('scopes', options.scopes)
  checkClients(options.clients)
  if (registration?.key !== undefined) checkSenderKey('registration.key', registration.key)
  checkOneOf('consent', options.consent, ['always', 'remember'])
  if (options.consent && options.dangerouslySkipConsent) {
    const got = `is "${options.consent}" beside \`dangerouslySkipConsent\`, with which nobody is asked`
    throw new ConfigurationError('consent', got, 'Leave one of them out.')
  }
  checkOneOf('refreshUpstream', options.refreshUpstream, ['lazy', 'proactive'])
  checkOneOf('signingKeys.algorithm', options.signingKeys?.algorithm, ['ES256', 'EdDSA', 'RS256'])
  checkListeners(options.onEvent)
  checkEgress(options.egress)
}

/** The providers, from whichever of the two options holds them. Throws {@link ConfigurationError}. */
export function checkedProviders(options: { provider?: unknown; providers?: unknown }): readonly Provider[] {
  const { provider, providers } = options
  if (provider !== undefined && providers !== undefined) {
    throw new ConfigurationError(
      'provider',
      'is given together with `providers`',
      'Keep one of them; with `providers`, people choose on the consent page.',
    )
  }
  if (providers !== undefined && !Array.isArray(providers)) {
    throw new ConfigurationError('providers', 'is not a list', 'Pass one alone as `provider`.')
  }
  const given: readonly unknown[] = providers ?? (provider === undefined ? [] : [provider])
  if (given.length === 0) {
    throw new ConfigurationError(
      'provider',
      'is missing',
      'Pass what a provider package makes as `provider`, or several as `providers`.',
    )
  }
  const checked = given.map((one) => checkedProvider(one, providers === undefined ? 'provider' : 'providers'))
  const ids = new Set<string>()
  for (const { id } of checked) {
    if (!/^[a-z0-9][a-z0-9_-]{0,31}$/.test(id) || id === 'client') {
      throw new ConfigurationError(
        'provider.id',
        `"${id}" cannot be part of a path and a subject`,
        'Use lower-case letters, digits, - and _ (and not "client"); keep it stable, since users are known by it.',
      )
    }
    if (ids.has(id)) {
      throw new ConfigurationError('providers', `two have the id "${id}"`, 'Give each an `id` of its own.')
    }
    ids.add(id)
  }
  return checked
}

function checkedProvider(given: unknown, option: string): Provider {
  if (typeof given === 'function') {
    const call = `${given.name || option}({ clientId, clientSecret })`
    throw new ConfigurationError(option, 'is a function', `Call it: \`${call}\`.`)
  }
  if (!isProvider(given)) {
    throw new ConfigurationError(
      option,
      'is not an identity provider',
      'Pass what a provider package makes. What checks tokens belongs in `accept`.',
    )
  }
  checkProvider(given)
  return given
}

function isProvider(given: unknown): given is Provider {
  const { type, id, identify, client, scopes, fields, verify } = Object(given) as Readonly<
    Record<string, unknown>
  >
  if (typeof id !== 'string') return false
  if (type === 'form') return Array.isArray(fields) && verify !== undefined
  return (
    type === 'oauth' &&
    typeof identify === 'function' &&
    typeof Object(Object(client).auth).method === 'string' &&
    Array.isArray(Object(scopes).default)
  )
}

/** Checks `storage`, which API keys have, too. Throws {@link ConfigurationError}. */
export function checkStorage(storage: unknown): void {
  const fix =
    'Pass one: memory() while you try things out, sqlite({ path }) on one machine, redis or postgres on several, d1 on Workers.'
  if (!storage) throw new ConfigurationError('storage', 'is missing', fix)
  if (typeof storage === 'function') {
    throw new ConfigurationError('storage', 'is a function', 'Call it: `storage: memory()`.')
  }
  const members: Readonly<Record<string, unknown>> = Object(storage)
  if (typeof members.then === 'function') {
    throw new ConfigurationError('storage', 'is a promise', 'Await it first.')
  }
  const instead = wrapping(members)
  if (instead) throw new ConfigurationError('storage', `is ${inWords(storage)}`, instead)
  const lacking = ['get', 'put', 'delete', 'list'].filter((name) => typeof members[name] !== 'function')
  if (lacking.length > 0) {
    throw new ConfigurationError('storage', `is no Storage: it has no ${lacking.join(', ')}`, fix)
  }
}

/** What many pass in the place of a Storage, and what to write. */
function wrapping(members: Readonly<Record<string, unknown>>): string | undefined {
  const has = (...names: string[]) => names.every((name) => typeof members[name] === 'function')
  // Workers KV and R2 have a `put` and a `list`, and write whatever the condition.
  if (has('put', 'list', 'getWithMetadata') || has('put', 'list', 'createMultipartUpload')) {
    return 'It cannot write on a condition. On Workers, `storage: d1({ database: env.DB })` of @drawbridge/d1 can.'
  }
  if (has('put', 'list')) return undefined
  if (has('prepare', 'batch')) {
    return 'Wrap the binding: `storage: d1({ database: env.DB })` of @drawbridge/d1.'
  }
  if (has('sendCommand') || has('call', 'get')) {
    return 'Wrap the client: `storage: redis({ client })` of @drawbridge/redis.'
  }
  if (has('query', 'connect')) return 'Wrap the pool: `storage: postgres({ pool })` of @drawbridge/postgres.'
  if (has('prepare', 'exec')) {
    return "Name the file instead: `storage: sqlite({ path: 'auth.db' })` of @drawbridge/sqlite opens it itself."
  }
  return undefined
}

/** Checks `onEvent`, which both kinds of server have. Throws {@link ConfigurationError}. */
export function checkListeners(given: EventListeners | undefined): void {
  if (given === undefined) return
  const isList = Array.isArray(given)
  if ((isList ? given : [given]).some((listener) => Object.is(listener, logEvents))) {
    throw new ConfigurationError('onEvent', 'is a function that makes a listener', 'Call it: `logEvents()`.')
  }
  if (typeof given === 'function') return
  if (isList && given.every((listener) => typeof listener === 'function')) return
  throw new ConfigurationError(
    'onEvent',
    isList ? 'holds something that is no function' : `is ${inWords(given)}`,
    'Pass a listener, such as `logEvents()` or `(event) => { ... }`, or a list of them.',
  )
}

/** Checks `documentation`, which both kinds of server have. Throws {@link ConfigurationError}. */
export function checkDocumentation(documentation: Documentation | undefined): void {
  checkMembers<Documentation>('documentation', documentation, {
    service: 'text',
    policy: 'text',
    terms: 'text',
  })
  for (const name of ['service', 'policy', 'terms'] as const) {
    const given = documentation?.[name]
    if (given === undefined || webUrl(given)) continue
    throw new ConfigurationError(
      `documentation.${name}`,
      `got ${JSON.stringify(given)}`,
      'Write the whole URL, beginning with https://, and without a user name.',
    )
  }
}

/** Checks `scopes`. A list, and what is no object at all, is looked at where scopes are. Throws {@link ConfigurationError}. */
export function checkScopeOptions(option: string, given: ScopeOptions | readonly string[] | undefined): void {
  if (typeof given !== 'object' || Array.isArray(given)) return
  checkMembers<ScopeOptions>(option, given as ScopeOptions, {
    supported: true,
    default: true,
    required: true,
    challenge: true,
    stepUp: true,
  })
}

function checkEgress(egress: unknown): void {
  const isFetch = Object.is(egress, globalThis.fetch)
  if (egress === undefined || (typeof egress === 'function' && !isFetch)) return
  throw new ConfigurationError(
    'egress',
    isFetch ? 'is the global fetch, which would reach your own network, too' : `is ${inWords(egress)}`,
    'Leave it out, or pass `trustedProxy({ fetch })` of @drawbridge/core/egress where a proxy is the only way out.',
  )
}

function checkLimits(limits: LimitOptions | undefined): void {
  checkMembers<LimitOptions>('limits', limits, { key: true, window: true, requests: true })
  if (limits === undefined) return
  checkSenderKey('limits.key', limits.key)
  const endpoints = Object.keys(usualRequests).map((endpoint) => [endpoint, true])
  const table: OptionTable<LimitedRequests> = Object.fromEntries(endpoints)
  checkMembers<LimitedRequests>('limits.requests', limits.requests, table)
}

function checkSenderKey(option: string, given: unknown): void {
  if (typeof given === 'function') return
  throw new ConfigurationError(
    option,
    given === undefined ? 'is missing' : 'is not a function',
    'Pass one that names the sender of a request: `({ clientAddress }) => clientAddress`.',
  )
}

function checkClients(clients: readonly StaticClient[] | undefined): void {
  const ids = new Set<string>()
  for (const [index, client] of (clients ?? []).entries()) {
    const id: unknown = Object(client).client_id
    const option = `clients[${typeof id === 'string' ? JSON.stringify(id) : index}]`
    checkPresent(option, client)
    checkMembers<StaticClient>(option, client, {
      client_id: 'text',
      client_secret: true,
      ...metadataFields,
    })
    if (client.client_id === undefined) {
      const fix = 'Choose one, such as "desk", and give it to the client.'
      throw new ConfigurationError(`${option}.client_id`, 'is missing', fix)
    }
    if (ids.has(client.client_id)) {
      throw new ConfigurationError(
        'clients',
        `two have the client_id ${JSON.stringify(client.client_id)}`,
        'Give each an id of its own, or make them one.',
      )
    }
    ids.add(client.client_id)
  }
}

function checkPresent(option: string, given: unknown): void {
  if (given === undefined) throw new ConfigurationError(option, 'is missing', 'Pass an object, or remove it.')
}

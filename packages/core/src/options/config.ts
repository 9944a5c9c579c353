import { egress } from '@drawbridge/core/egress'
import { hostTrust } from '../clients/host-trust.ts'
import { redirectUriPolicy } from '../clients/redirect-uri.ts'
import { systemClock } from '../clock.ts'
import { type KeyRing, keyRing } from '../crypto/key-ring.ts'
import { randomBytes } from '../crypto/random.ts'
import { suppliedKeys } from '../crypto/supplied-keys.ts'
import type { Egress } from '../egress/egress.ts'
import { type LimitedEndpoint, type Limits, usualRequests } from '../endpoints/limiter.ts'
import type { Settings } from '../endpoints/server.ts'
import type { BuiltInSettings } from '../engine/built-in-engine.ts'
import type { ClientRegistrySettings } from '../engine/client-registry.ts'
import type { CreationSettings } from '../engine/creation.ts'
import { environment } from '../environment.ts'
import { ConfigurationError } from '../errors.ts'
import { emitter } from '../events.ts'
import { grantedScopes } from '../identity/needed-scopes.ts'
import type { Provider } from '../identity/provider.ts'
import { inWords, wholeNumber, wholeSeconds } from '../known-options.ts'
import { isThenable, settled } from '../listener.ts'
import { operatorLog, tellOperator } from '../log/operator-log.ts'
import { clockSkew } from '../records/records.ts'
import type { SigningKeyPolicy } from '../records/server-keys.ts'
import { isSameResource, type ProtectedResource } from '../syntax/resource.ts'
import { requiredScopes, unionScopes } from '../syntax/scopes.ts'
import { identifierUrl } from '../syntax/secure-url.ts'
import { senderAddress } from '../syntax/sender-address.ts'
import { checkOptions } from './check-options.ts'
import type {
  Lifetimes,
  LimitOptions,
  MetadataDocumentOptions,
  OAuthServerOptions,
  RegistrationOptions,
  ResourceOptions,
} from './options.ts'
import { registrationAdmission } from './registration-admission.ts'
import { resourceScopes } from './resource-scopes.ts'

/** The options of an authorization server, checked and with every default filled in. */
export interface Config extends Settings, CreationSettings, BuiltInSettings {
  name: string
  registration: Registration
  limits: Limits | undefined
  lifetimes: Required<{ [Name in keyof Lifetimes]: number }> & { idleIsExplicit: boolean }
  signingKeys: SigningKeyPolicy
  ring: KeyRing
  fetch: typeof fetch
  egress: Egress
}

type Registration = Settings['registration'] & ClientRegistrySettings

const hour = 3600
const day = 24 * hour

/** Fills in and checks. Throws {@link ConfigurationError}, naming the option and the fix. */
export function configure(options: OAuthServerOptions, providers: readonly Provider[]): Config {
  checkOptions(options)
  const issuer = checkedIssuer(options.issuer ?? environment('DRAWBRIDGE_ISSUER'))
  const issuerUrl = new URL(issuer)
  const prefix = issuerUrl.pathname.replace(/\/$/, '')
  const resources = protectedResources(options, issuer, providers)
  const explicit = resources.filter(({ path }) => options.resources?.[path]?.default)
  if (explicit.length > 1) {
    throw new ConfigurationError(
      'resources',
      `has ${explicit.length} defaults (${explicit.map(({ path }) => path).join(', ')})`,
      'Mark at most one with `default: true`.',
    )
  }
  const clock = options.clock ?? systemClock
  const listed = (options.clients ?? []).map(({ client_id }) => client_id)
  const emit = emitter(options.onEvent, clock, operatorLog(options.log, clock, listed))
  const doubled = resources.find(({ path }) => path !== '/' && prefix.endsWith(path))
  if (doubled) {
    tellOperator(
      options.log,
      `issuer: "${issuer}" ends in the path of the resource, so that clients would have to connect to ${doubled.identifier}. Leave "${doubled.path}" out of \`issuer\`: \`resource\` adds it.`,
    )
  }
  if (options.dangerouslySkipConsent) {
    emit({ type: 'configuration.weakened', option: 'dangerouslySkipConsent' })
    tellOperator(
      options.log,
      'dangerouslySkipConsent is on: any client may silently obtain a token from a user who is signed in at the provider. Leave it out unless something in front asks for consent.',
    )
  }
  return {
    issuer,
    issuerUrl,
    prefix,
    name: options.name || issuerUrl.host,
    ring: keyRing(options.secret ?? environment('DRAWBRIDGE_SECRET')),
    providers,
    resources,
    defaultResource: explicit[0] ?? (resources.length === 1 ? resources[0] : undefined),
    supportedScopes: unionScopes(...resources.map(({ scopes }) => scopes.supported)),
    advertiseOfflineAccess: options.advertiseOfflineAccess ?? false,
    redirectUris: redirectUriPolicy(options.redirectUris, { issuer }),
    registration: registration(options.registration ?? {}),
    metadataDocuments: metadataDocuments(options.metadataDocuments ?? {}),
    limits: options.limits && limits(options.limits),
    revocation: { enabled: options.revocation?.enabled ?? true },
    lifetimes: {
      code: seconds('lifetimes.code', options.lifetimes?.code, 300),
      accessToken: seconds('lifetimes.accessToken', options.lifetimes?.accessToken, hour),
      idle: seconds('lifetimes.idle', options.lifetimes?.idle, 30 * day),
      idleIsExplicit: options.lifetimes?.idle !== undefined,
      absolute: seconds('lifetimes.absolute', options.lifetimes?.absolute, 180 * day),
      transaction: seconds('lifetimes.transaction', options.lifetimes?.transaction, 900),
      identityRecheck: seconds('lifetimes.identityRecheck', options.lifetimes?.identityRecheck, day),
      identityGrace: seconds('lifetimes.identityGrace', options.lifetimes?.identityGrace, 7 * day, 0),
      ...sessionLifetimes(options.lifetimes ?? {}),
    },
    refreshPolicy: {
      window: seconds('refresh.window', options.refresh?.window, 120, 0),
      lostResponse: seconds('refresh.lostResponse', options.refresh?.lostResponse, hour, 0),
      streak: seconds('refresh.streak', options.refresh?.streak, day, 0),
      streakCount: wholeNumber('refresh.streakCount', options.refresh?.streakCount ?? 8),
      rotateEvery: seconds('refresh.rotateEvery', options.refresh?.rotateEvery, 0, 0),
    },
    signingKeys: {
      algorithm: options.signingKeys?.algorithm ?? 'ES256',
      rotateEvery: seconds('signingKeys.rotateEvery', options.signingKeys?.rotateEvery, 90 * day, hour),
      keepRetired: seconds('lifetimes.accessToken', options.lifetimes?.accessToken, hour) + clockSkew,
      supplied: suppliedKeys(options.signingKeys?.keys ?? []),
    },
    keepUpstreamTokens: options.keepUpstreamTokens ?? true,
    refreshUpstream: options.refreshUpstream ?? 'lazy',
    grantsPerInstallation: wholeNumber('grantsPerInstallation', options.grantsPerInstallation ?? 50),
    consent: options.dangerouslySkipConsent ? 'skip' : (options.consent ?? 'always'),
    accountPage: options.accountPage ?? true,
    documentation: options.documentation ?? {},
    clock,
    random: randomBytes,
    emit,
    // Looked up at each call, so that instrumentation installed later is seen.
    egress: options.egress ?? egress,
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
  }
}

function registration(options: RegistrationOptions): Registration {
  return {
    enabled: options.enabled ?? true,
    unapprovedLifetime: seconds('registration.unapprovedLifetime', options.unapprovedLifetime, day),
    lifetime: seconds('registration.lifetime', options.lifetime, 90 * day),
    unapproved: wholeNumber('registration.unapproved', options.unapproved ?? 10_000),
    key: senderKey('registration.key', options.key),
    secretLifetime:
      options.secretLifetime === undefined
        ? undefined
        : wholeSeconds('registration.secretLifetime', options.secretLifetime),
    ...registrationAdmission(options),
  }
}

function metadataDocuments(options: MetadataDocumentOptions): Config['metadataDocuments'] {
  const trust = hostTrust(options.hosts ?? {})
  return (options.enabled ?? true) ? { trust } : undefined
}

function limits({ key, window, requests = {} }: LimitOptions): Limits {
  const perWindow = (endpoint: LimitedEndpoint) => {
    const given = requests[endpoint] ?? usualRequests[endpoint]
    const fix = 'Pass a whole number, at least 1, or false for no limit.'
    return given === false ? undefined : wholeNumber(`limits.requests.${endpoint}`, given, 1, fix)
  }
  const length = seconds('limits.window', window, 60)
  if (length > day)
    throw new ConfigurationError('limits.window', `is ${length}`, 'Pass at most a day, 86400.')
  return {
    key: senderKey('limits.key', key),
    window: length,
    requests: {
      register: perWindow('register'),
      authorize: perWindow('authorize'),
      consent: perWindow('consent'),
      signIn: perWindow('signIn'),
      account: perWindow('account'),
      callback: perWindow('callback'),
      token: perWindow('token'),
      revoke: perWindow('revoke'),
      anonymous: perWindow('anonymous'),
    },
  }
}

/**
 * A function that names the sender of a request, as it is called. Throws {@link ConfigurationError} when it answers with
 * anything but a text.
 */
function senderKey<Sender>(
  option: string,
  key: ((sender: Sender) => string | undefined) | undefined,
): (sender: Sender) => string | undefined {
  return (sender) => {
    const answer: unknown = key?.(sender)
    if (answer === undefined) return undefined
    if (typeof answer === 'string') return senderAddress(answer) ?? answer
    if (isThenable(answer)) settled(answer)
    throw new ConfigurationError(
      option,
      `answered with ${inWords(answer)}`,
      'Return a text, or undefined, and nothing that has to be waited for.',
    )
  }
}

function checkedIssuer(issuer: string | undefined): string {
  const what =
    'the public URL that clients use, such as https://mcp.acme.dev; it is never taken from a request.'
  const wrong = (got: string, fix: string) => new ConfigurationError('issuer', got, fix)
  if (!issuer) throw wrong('is missing', `Pass \`issuer\`, or set DRAWBRIDGE_ISSUER, to ${what}`)
  const { origin, pathname } = identifierUrl('issuer', issuer, `Pass ${what}`)
  if (issuer.endsWith('/')) {
    const fix = `Clients compare issuers as strings: pass "${issuer.replace(/\/+$/, '')}".`
    throw wrong(`"${issuer}" ends in a slash`, fix)
  }
  const normal = origin + pathname.replace(/\/$/, '')
  if (normal !== issuer) throw wrong(`"${issuer}" is not in its normal form`, `Pass "${normal}".`)
  return issuer
}

function protectedResources(
  options: OAuthServerOptions,
  issuer: string,
  providers: readonly Provider[],
): readonly ProtectedResource[] {
  if (options.resources && (options.resource !== undefined || options.scopes !== undefined)) {
    throw new ConfigurationError(
      'resources',
      'is given together with `resource` or `scopes`',
      'With several resources, each entry of `resources` has its own `scopes`.',
    )
  }
  const entries: [string, ResourceOptions][] = options.resources
    ? Object.entries(options.resources)
    : [[options.resource ?? '/mcp', { scopes: options.scopes }]]
  if (entries.length === 0)
    throw new ConfigurationError('resources', 'is empty', "Name at least one, such as '/mcp': {}.")
  const providerScopes = unionScopes(
    ...providers.map((provider) => (provider.type === 'oauth' ? provider.scopes.default : [])),
  )
  const resources = entries.map(([path, resource]) => {
    const elsewhere = options.resources && /^[a-z][a-z0-9+.-]*:\/\//i.test(path)
    if (elsewhere) {
      identifierUrl('resources', path, 'Pass the URL that clients type, such as "https://mail.acme.dev/mcp".')
    } else if (
      !/^\/([A-Za-z0-9._~!$&'()*+,;=:@-]+(\/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*)?$/.test(path) ||
      /(^|\/)\.{1,2}(\/|$)/.test(path)
    ) {
      throw new ConfigurationError(
        options.resources ? 'resources' : 'resource',
        `"${path}" is not a path`,
        `Use a path that begins with a slash and does not end in one, such as "/mcp"; the host comes from \`issuer\`.${
          options.resources ? ' For a resource on another host, use its URL.' : ''
        }`,
      )
    }
    const option = options.resources ? `resources["${path}"].scopes` : 'scopes'
    const scopes = resourceScopes(option, resource.scopes, { otherwise: providerScopes, providers })
    const grantable = grantableScopes(scopes, providers, options.accept)
    requiredScopes(`${option}.required`, scopes.required, grantable)
    return {
      path,
      identifier: elsewhere ? path : path === '/' ? issuer : issuer + path,
      name: resource.name,
      scopes,
      grantable,
    }
  })
  for (const [index, { path, identifier }] of resources.entries()) {
    const twin = resources.slice(0, index).find((other) => isSameResource(other.identifier, identifier))
    if (!twin) continue
    throw new ConfigurationError(
      'resources',
      `names ${identifier} twice, as "${twin.path}" and "${path}"`,
      'Leave one of them out.',
    )
  }
  return resources
}

/** Tokens that are issued elsewhere may hold any of them. */
function grantableScopes(
  scopes: ProtectedResource['scopes'],
  providers: readonly Provider[],
  accept: OAuthServerOptions['accept'] = [],
): readonly string[] {
  if (accept.length > 0) return scopes.supported
  return scopes.supported.filter((scope) =>
    providers.some((provider) => grantedScopes({ scopes, providers }, provider, [scope]).includes(scope)),
  )
}

function sessionLifetimes(given: Lifetimes): { session: number; sessionIdle: number } {
  const session = seconds('lifetimes.session', given.session, 30 * day)
  const sessionIdle = seconds('lifetimes.sessionIdle', given.sessionIdle, Math.min(12 * hour, session))
  if (sessionIdle <= session) return { session, sessionIdle }
  throw new ConfigurationError(
    'lifetimes.sessionIdle',
    `is ${sessionIdle}, and after \`lifetimes.session\`, ${session}, a session is over, used or not`,
    'Pass at most that, or a longer `session`.',
  )
}

function seconds(option: string, given: number | undefined, otherwise: number, minimum = 1): number {
  return wholeSeconds(option, given ?? otherwise, minimum)
}

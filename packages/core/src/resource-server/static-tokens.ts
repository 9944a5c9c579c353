import { type Clock, systemClock, unixTime } from '../clock.ts'
import { sha256 } from '../crypto/hash.ts'
import { ConfigurationError } from '../errors.ts'
import { checkMembers, didYouMean, inWords } from '../known-options.ts'
import { type LogOption, tellOperator } from '../log/operator-log.ts'
import { checkedScopes } from '../syntax/scopes.ts'
import type { VerifiedToken, Verifier } from './verifier.ts'

/** What a token written into the code stands for. */
export interface StaticToken<User> {
  /** Who it acts for. */
  subject: string
  clientId?: string | undefined
  scopes?: readonly string[] | undefined
  /** Unix seconds. Left out: it does not expire. */
  expiresAt?: number | undefined
  user?: User
}

/** Options of {@link dangerouslyStaticTokens}. */
interface StaticTokenOptions {
  log?: LogOption | undefined
  clock?: Clock | undefined
}

/**
 * A verifier for development and tests: a fixed map of tokens, each good for ever and for whoever has read the code.
 * Says so once at construction.
 *
 * @param tokens The tokens, and what each stands for.
 * @param options `log`: takes the warning's line, default the standard error. `clock`: the time, for tests.
 * @throws {ConfigurationError} for a token that no Authorization header could carry, a scope that is none, or a `user`
 * that is no plain data.
 * @example
 * resourceServer({
 *   resource: 'http://localhost:3000/mcp',
 *   authorizationServers: [],
 *   verifier: dangerouslyStaticTokens({ 'dev-token': { subject: 'ada', scopes: ['files:read'] } }),
 * })
 */
export function dangerouslyStaticTokens<User = undefined>(
  tokens: Readonly<Record<string, StaticToken<User>>>,
  options: StaticTokenOptions = {},
): Verifier<User> {
  checkMembers<StaticTokenOptions>('dangerouslyStaticTokens', options, { log: true, clock: 'clock' })
  checkTokens(tokens)
  const clock = options.clock ?? systemClock
  for (const [token, { scopes, user }] of Object.entries(tokens)) {
    if (!/^[A-Za-z0-9._~+/-]+=*$/.test(token)) {
      // The token itself stays out of the message.
      throw wrong(
        `a token of ${token.length} characters holds some that no bearer token may`,
        'Use letters, digits and -._~+/ (RFC 6750 2.1).',
      )
    }
    checkedScopes('dangerouslyStaticTokens', scopes)
    if (!isCloneable(user)) {
      throw wrong(
        'a `user` holds a function or something else that cannot be copied',
        'Use plain data, as the claims of a real identity are.',
      )
    }
  }
  tellOperator(
    options.log,
    `dangerouslyStaticTokens: ${Object.keys(tokens).length} fixed token(s) open this server to whoever knows one. For development and tests only.`,
  )
  // Looked up by hash, so that the time a lookup takes tells nothing about a token's characters.
  const byHash = new Map(Object.entries(tokens).map(([token, entry]) => [sha256(token), entry] as const))
  return {
    async verify(token) {
      const entry = byHash.get(sha256(token))
      if (!entry) return { status: 'not-mine' }
      const now = unixTime(clock)
      if (entry.expiresAt !== undefined && entry.expiresAt <= now)
        return { status: 'invalid', reason: 'expired', scopes: entry.scopes }
      const verified: VerifiedToken<User> = {
        subject: entry.subject,
        clientId: entry.clientId ?? 'static',
        scopes: [...(entry.scopes ?? [])],
        expiresAt: entry.expiresAt ?? now + 3600,
        issuer: 'static',
        // A copy, since tools may change what they are given.
        user: structuredClone(entry.user) as User,
      }
      return { status: 'valid', token: verified }
    },
  }
}

function wrong(got: string, fix: string): ConfigurationError {
  return new ConfigurationError('dangerouslyStaticTokens', got, fix)
}

const members: Readonly<Record<keyof StaticToken<unknown>, (value: unknown) => boolean>> = {
  subject: (value) => typeof value === 'string' && value !== '',
  clientId: (value) => value === undefined || typeof value === 'string',
  scopes: () => true,
  expiresAt: (value) => value === undefined || Number.isFinite(value),
  user: () => true,
}

/** Names no token: messages end up in logs. */
function checkTokens(tokens: unknown): void {
  const fix = "Pass tokens and what each stands for: { 'dev-token': { subject: 'ada' } }."
  if (typeof tokens !== 'object' || tokens === null || Array.isArray(tokens)) {
    throw wrong(`is ${inWords(tokens)}`, fix)
  }
  for (const entry of Object.values(tokens)) {
    if (typeof entry !== 'object' || entry === null) {
      throw wrong(`a token stands for what is ${inWords(entry)}`, fix)
    }
    for (const name of Object.keys(entry)) {
      if (Object.hasOwn(members, name)) continue
      const names = Object.keys(members)
      const instead = didYouMean(name, names, `There are ${names.join(', ')}.`)
      throw wrong(`a token has "${name}", which there is not`, instead)
    }
    for (const [name, holds] of Object.entries(members)) {
      const value: unknown = Object(entry)[name]
      if (!holds(value)) throw wrong(`a token's ${name} is ${inWords(value)}`, fix)
    }
  }
}

function isCloneable(user: unknown): boolean {
  try {
    structuredClone(user)
    return true
  } catch {
    return false
  }
}

import assert from 'node:assert/strict'
import type { AccessDenied, Call, Identity, OAuthProvider, UpstreamTokens } from '@drawbridge/core/provider'

/**
 * What a provider must offer for a case to apply to it.
 *
 * - `refusal`: rules about who may enter.
 * - `calls`: requests of its own in `identify`.
 * - `revoke`: a way to end tokens, its own or a revocation endpoint (RFC 7009).
 * - `conform`: quirks at its token endpoint.
 */
export type ProviderFeature = 'refusal' | 'calls' | 'revoke' | 'conform'

/** A named part of the contract. Framework-agnostic: `run` rejects with an `AssertionError` when a provider breaks it. */
export interface ProviderCase {
  name: string
  needs?: ProviderFeature | undefined
  run(open: OpenProvider): Promise<void>
}

/** Makes the provider, together with somewhere to sign in; called once per case or more, possibly several at a time. */
export type OpenProvider = () => OpenedProvider | Promise<OpenedProvider>

/** Who signs in: always the same person, somebody else who may enter too, or somebody who may not. */
export type Person = 'member' | 'other' | 'refused'

export interface SignedIn {
  tokens: UpstreamTokens
  /** The claims of the id_token, for a provider that speaks OpenID Connect. */
  id_token?: Readonly<Record<string, unknown>> | undefined
}

export interface OpenedProvider {
  provider: OAuthProvider
  /** Reaches the provider's API. See `providerCall`. */
  call: Call
  /** Fresh tokens, as they would come out of a sign-in of this person, at another client each time. */
  signIn(person: Person): Promise<SignedIn>
  /** Whether the provider itself still takes this access token. */
  works(tokens: UpstreamTokens): Promise<boolean>
  /**
   * What the provider's token endpoint gives for the refresh token; `undefined` when it refuses. Needed where a
   * sign-in brings refresh tokens.
   */
  refresh?(tokens: UpstreamTokens): Promise<UpstreamTokens | undefined>
  /** Ends tokens at a revocation endpoint (RFC 7009), as core does for a provider that has no `revoke` of its own. */
  revoke?(tokens: UpstreamTokens): Promise<void>
  /** The odd answers of its token endpoint, as they come, and what they must become. Needed for `conform`. */
  answers?(): Promise<readonly OddAnswer[]>
  /** Cleans up, at the end of the case. */
  dispose?(): void | Promise<void>
}

export interface OddAnswer {
  /** For the message of a failed case. */
  what: string
  leg: 'code' | 'refresh' | 'revoke'
  response: Response
  /** The error code of RFC 6749 5.2 it must become, or the granted scopes; `undefined` scope: not said. */
  becomes: { error: string } | { scope: string | undefined }
}

export function providerCase(
  name: string,
  body: (opened: OpenedProvider, again: OpenProvider) => Promise<void> | void,
  needs?: ProviderFeature,
): ProviderCase {
  return {
    name,
    needs,
    async run(open) {
      const all: OpenedProvider[] = []
      const tracked = async () => {
        const opened = await open()
        all.push(opened)
        return opened
      }
      try {
        await body(await tracked(), tracked)
      } finally {
        for (const opened of all) await opened.dispose?.()
      }
    },
  }
}

export function identify(
  { provider, call }: OpenedProvider,
  { tokens, id_token }: SignedIn,
  through: Call = call,
): Promise<Identity> {
  return provider.identify(tokens, id_token, through)
}

/** How `identify` ended. Told by name: two copies of core must not turn a refusal into an outage. */
export async function outcome(
  attempt: Promise<Identity>,
): Promise<{ is: 'identity'; identity: Identity } | { is: 'refused' | 'outage'; error: Error }> {
  try {
    return { is: 'identity', identity: await attempt }
  } catch (error) {
    assert.ok(error instanceof Error, `identify threw ${typeof error}, not an Error`)
    return {
      is: error.name === ('AccessDenied' satisfies AccessDenied['name']) ? 'refused' : 'outage',
      error,
    }
  }
}

/** A `Call` that answers the nth request itself and passes the others on. */
export function interrupted(call: Call, nth: number, answer: () => Response): Call {
  let count = 0
  const through = async (url: string, init?: RequestInit) => (++count === nth ? answer() : call(url, init))
  return Object.assign(through, { clock: call.clock })
}

/** A `Call` that also notes what was asked. */
export function recorded(call: Call): { call: Call; urls: string[] } {
  const urls: string[] = []
  const through = async (url: string, init?: RequestInit) => {
    urls.push(url)
    return call(url, init)
  }
  return { call: Object.assign(through, { clock: call.clock }), urls }
}

/** Every secret of a sign-in, to look for where it must not be. */
export function assertNoSecrets(text: string, { tokens }: SignedIn): void {
  for (const secret of [tokens.access_token, tokens.refresh_token]) {
    assert.ok(!secret || !text.includes(secret), 'a token appears in what may be logged or shown')
  }
}

export function assertSecure(url: string, what: string): void {
  assert.ok(URL.canParse(url), `${what} is not a URL: ${url}`)
  const { protocol, hostname } = new URL(url)
  const loopback = hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname)
  assert.ok(protocol === 'https:' || (protocol === 'http:' && loopback), `${what} must be https: ${url}`)
}

/** Ends these tokens the way that core would. */
export async function end(opened: OpenedProvider, tokens: UpstreamTokens): Promise<void> {
  const { provider, call } = opened
  if (provider.revoke) return provider.revoke(tokens, call)
  assert.ok(
    opened.revoke,
    "there is no way to end tokens: open with `revoke`, or, if there is no revocation endpoint either, pass { without: ['revoke'] }",
  )
  return opened.revoke(tokens)
}

/** Whether a sign-in is of any use still: its access token, and whether its refresh token brings another that works. */
export async function alive(
  opened: OpenedProvider,
  { tokens }: SignedIn,
): Promise<{ access: boolean; refresh: boolean }> {
  const access = await opened.works(tokens)
  if (tokens.refresh_token === undefined) return { access, refresh: access }
  assert.ok(opened.refresh, 'its sign-ins bring refresh tokens, so that the cases need `refresh`')
  const next = await opened.refresh(tokens)
  return { access, refresh: next !== undefined && (await opened.works(next)) }
}

export const ALIVE = { access: true, refresh: true } as const
export const ENDED = { access: false, refresh: false } as const

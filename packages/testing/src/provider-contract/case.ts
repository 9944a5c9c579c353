import assert from 'node:assert/strict'
import type {
  AccessDenied,
  Call,
  Endpoints,
  Identity,
  KnownEndpoints,
  Login,
  OAuthProvider,
  UpstreamClaims,
  UpstreamTokens,
} from '@drawbridge/core/provider'
import { isSecure } from '@drawbridge/core/syntax'
import { postAs } from './post.ts'

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
  /** Of the id_token, for a provider that speaks OpenID Connect. */
  claims?: UpstreamClaims | undefined
  /** What the token endpoint said beyond RFC 6749, for a provider that reads it. */
  answer?: Login['answer'] | undefined
  /** What the callback said beyond `code` and `state`, for a provider that reads it. */
  callback?: Login['callback'] | undefined
}

export interface OpenedProvider {
  provider: OAuthProvider
  /** Reaches the provider's API. See `providerCall`. */
  call: Call
  /**
   * Those that core would discover. Default: those that the provider declares, and no others. Needed for a revocation
   * endpoint that is discovered, and for the `exchange` of a provider whose token endpoint is.
   */
  endpoints?: Readonly<Partial<Endpoints>> | undefined
  /** Fresh tokens, as they would come out of a sign-in of this person, at another client each time. */
  signIn(person: Person): Promise<SignedIn>
  /** Whether the provider itself still takes this access token. */
  works(tokens: UpstreamTokens): Promise<boolean>
  /**
   * What the provider's token endpoint gives for the refresh token; `undefined` when it refuses. Needed where a
   * sign-in brings refresh tokens.
   */
  refresh?(tokens: UpstreamTokens): Promise<UpstreamTokens | undefined>
  /** The odd answers of its token endpoint, as they come, and what they must become. Needed for `conform`. */
  answers?(): Promise<readonly OddAnswer[]>
  /** Cleans up, at the end of the case. */
  dispose?(): void | Promise<void>
}

export interface OddAnswer {
  /** For the message of a failed case. */
  what: string
  leg: 'code' | 'refresh' | 'revoke' | 'exchange'
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
  opened: OpenedProvider,
  signedIn: SignedIn,
  through: Call = opened.call,
): Promise<Identity> {
  const { tokens, claims, answer = {}, callback = {} } = signedIn
  const endpoints = endpointsOf(opened)
  const post = postAs(opened.provider, through)
  return opened.provider.identify({ tokens, claims, answer, callback, endpoints, call: through, post })
}

/** As core does when an identity is checked again: with what was kept of the sign-in, out of a store. */
export function identifyAgain(
  opened: OpenedProvider,
  { tokens, claims, answer = {} }: SignedIn,
  previous: Identity,
): Promise<Identity> {
  const kept: Pick<Login, 'tokens' | 'claims' | 'answer' | 'previous'> = JSON.parse(
    JSON.stringify({ tokens, claims, answer, previous }),
  )
  return opened.provider.identify({
    ...kept,
    callback: {},
    endpoints: endpointsOf(opened),
    call: opened.call,
    post: postAs(opened.provider, opened.call),
  })
}

/** What is declared, and beneath it what the one who opened it says is published. */
export function endpointsOf({ provider, endpoints }: OpenedProvider): KnownEndpoints {
  return { ...endpoints, ...provider.endpoints } as KnownEndpoints
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
  assert.ok(isSecure(new URL(url)), `${what} must be https: ${url}`)
}

/** Ends these tokens the way that core would. */
export async function end(opened: OpenedProvider, tokens: UpstreamTokens): Promise<void> {
  const { provider } = opened
  if (provider.revoke) return endWith(opened, tokens, opened.call)
  const { revocation } = endpointsOf(opened)
  assert.ok(
    revocation,
    "there is no way to end tokens: open with the `endpoints` that core would discover, or, if there is no revocation endpoint, declare `revocation: 'none'` and pass { without: ['revoke'] }",
  )
  // RFC 7009 2.1
  const answer = await postAs(provider, opened.call)(revocation, {
    token: tokens.refresh_token ?? tokens.access_token,
  })
  const response = (await provider.conform?.(answer, 'revoke')) ?? answer
  assert.equal(
    response.status,
    200,
    'a revocation endpoint answers 200, also for what has ended (RFC 7009 2.2)',
  )
}

/** By the provider's own `revoke`. */
export async function endWith(opened: OpenedProvider, tokens: UpstreamTokens, call: Call): Promise<void> {
  const endpoints = endpointsOf(opened)
  await opened.provider.revoke?.({ tokens, endpoints, call, post: postAs(opened.provider, call) })
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

import type { UpstreamToken } from '../auth.ts'
import { boundedCache } from '../bounded-cache.ts'
import { type Clock, inTime, unixTime } from '../clock.ts'
import { NoUpstreamToken, Unavailable } from '../errors.ts'
import type { ConnectionRecord } from '../records/connection.ts'
import { missingScopes, unionScopes } from '../syntax/scopes.ts'
import type { FurtherToken } from './token-requests.ts'
import type { Upstream } from './upstream.ts'
import { isRefusal } from './upstream-error.ts'

/** Other tokens for the users whose tokens are kept, for what those do not hold. They are in this process only. */
export interface FurtherTokens {
  /**
   * One that holds these scopes, made from the token that is kept. Throws {@link NoUpstreamToken} or {@link Unavailable}.
   *
   * @param want.rejected is not handed out
   */
  token(
    upstream: Upstream,
    connection: Readonly<ConnectionRecord>,
    want: { scopes: readonly string[]; correlation: string; rejected?: string | undefined },
  ): Promise<UpstreamToken>
  /** The provider's API has answered this access token with 401. */
  forget(access_token: string): void
}

/** How many are kept at most, and how many for one sign-in: none takes everybody else the room. */
const maximum = 1000
const maximumEach = 20
/** Milliseconds that a provider may take: whoever asks for the same waits for it, too. */
const patience = 20_000
/** One this near its end, in seconds, is not handed out again. */
const nearExpiry = 60

export function furtherTokens(dependencies: {
  clock: Clock
  /** Told of each outage. */
  unavailable: (provider: string, error: unknown, correlation: string) => void
}): FurtherTokens {
  const { clock, unavailable } = dependencies
  /** With the access token each was made from: the next one may be of another sign-in. */
  const kept = boundedCache<{ of: string; from: string; token: UpstreamToken }>(maximum)
  const asking = new Map<string, Promise<UpstreamToken>>()

  function keep(key: string, entry: { of: string; from: string; token: UpstreamToken }): UpstreamToken {
    kept.delete(key)
    if (entry.token.expires_at === undefined) return entry.token
    const [oldest, ...others] = [...kept.entries()].filter(([, { of }]) => of === entry.of)
    if (oldest && others.length + 1 >= maximumEach) kept.delete(oldest[0])
    kept.set(key, entry)
    return entry.token
  }

  function lookUp(key: string, from: string): UpstreamToken | undefined {
    const found = kept.get(key)
    if (found?.from !== from) return undefined
    const { expires_at = 0 } = found.token
    return expires_at - unixTime(clock) > nearExpiry ? found.token : undefined
  }

  function forget(access_token: string): void {
    for (const [key, { token }] of kept.entries()) if (token.access_token === access_token) kept.delete(key)
  }

  return {
    forget,
    async token(upstream, connection, { scopes, correlation, rejected }) {
      const { owner, id, provider, tokens } = connection
      const from = tokens.access_token
      const wanted = unionScopes(scopes).sort()
      const of = JSON.stringify([owner, id])
      const key = JSON.stringify([of, ...wanted])
      const known = lookUp(key, from)
      if (known && known.access_token !== rejected) return copyOf(known)
      const call = JSON.stringify([key, from])
      let work = asking.get(call)
      if (!work) {
        work = ask(upstream, connection, wanted, (error) => unavailable(provider, error, correlation))
          .then((token) => keep(key, { of, from, token }))
          .finally(() => asking.delete(call))
        asking.set(call, work)
      }
      const token = await work
      if (token.access_token === rejected) {
        forget(rejected)
        throw new NoUpstreamToken('The provider gives the token again that its API rejects.')
      }
      return copyOf(token)
    },
  }
}

async function ask(
  upstream: Upstream,
  { provider, tokens }: Readonly<ConnectionRecord>,
  scopes: readonly string[],
  unavailable: (error: unknown) => void,
): Promise<UpstreamToken> {
  const missing = missingScopes(scopes, tokens.scopes)
  if (!upstream.furtherToken) {
    throw new NoUpstreamToken(
      `This user's provider token does not hold ${missing.join(', ')}. Have the sign-in ask for it: add it to the server's \`scopes\`, and to what the operation requires (\`require\` of mcp()), so that the client steps up.`,
    )
  }
  let answer: FurtherToken
  try {
    const late = () => new Error(`exchange() took longer than ${patience} ms`)
    answer = await inTime(upstream.furtherToken(tokens, scopes), patience, late)
  } catch (error) {
    if (isRefusal(error)) {
      throw new NoUpstreamToken(
        `The provider refuses a token with ${missing.join(', ')} for this user. Somebody may have to agree to it there first.`,
        { cause: error },
      )
    }
    unavailable(error)
    throw new Unavailable(`upstream: ${provider} cannot give another token now`, { cause: error })
  }
  const lacking = missingScopes(scopes, answer.scopes)
  if (lacking.length === 0) return { ...answer, provider }
  throw new NoUpstreamToken(`The provider was asked for ${lacking.join(', ')}, and gave a token without.`)
}

function copyOf(token: UpstreamToken): UpstreamToken {
  return { ...token, scopes: [...token.scopes] }
}

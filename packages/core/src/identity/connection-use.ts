import type { UpstreamToken } from '../auth.ts'
import { isNamed, Unavailable, UpstreamEnded } from '../errors.ts'
import type { FurtherTokens } from './further-tokens.ts'
import { type Kept, keptConnection, type Need, type Parts, upstreamOf } from './kept-connection.ts'
import type { Identity } from './provider.ts'
import { tellOutage } from './upstream-error.ts'

interface Use extends Parts {
  fresh: (need: Need) => Promise<Kept>
  further: FurtherTokens
}

export async function token(use: Use, { scopes: wanted = [], ...need }: Need): Promise<UpstreamToken> {
  if (need.rejected !== undefined) use.further.forget(need.rejected)
  const { value } = await use.fresh(need).catch((error: unknown) => {
    if (!isNamed(error, 'AccessDenied')) throw error
    throw new UpstreamEnded('The provider no longer lets this account in.', { cause: error })
  })
  const { access_token, expires_at, scopes } = value.tokens
  if (!wanted.every((scope) => scopes.includes(scope))) {
    return use.further.token(upstreamOf(use, value), value, { ...need, scopes: wanted })
  }
  return { access_token, expires_at, scopes: [...scopes], provider: value.provider }
}

export async function identify(use: Use, need: Need, previous: Identity): Promise<Identity> {
  for (let attempt = 0; ; attempt++) {
    const { value, version } = await use.fresh(need)
    try {
      return await upstreamOf(use, value).identify(value, previous)
    } catch (error) {
      if (isNamed(error, 'AccessDenied')) {
        // A newer login may have replaced the token that was refused.
        const current = await keptConnection(use, need.owner, need.id)
        if (current.version !== version && attempt < 3) continue
        throw error
      }
      tellOutage(use.emit, value.provider, error, need.correlation)
      throw new Unavailable(`upstream: ${value.provider} cannot be asked now`, { cause: error })
    }
  }
}

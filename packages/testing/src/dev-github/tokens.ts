import type { Clock } from '@drawbridge/core/provider'

/** GitHub's own numbers, in seconds. */
const ACCESS_LIFETIME = 28_800
const REFRESH_LIFETIME = 15_897_600

export type AppMode = 'oauth-app' | 'github-app'

export interface IssuedToken {
  access_token: string
  refresh_token?: string | undefined
  client_id: string
  /** The user's numeric id. */
  user: number
  scopes: readonly string[]
  /** Unix milliseconds. */
  created: number
  /** Unix milliseconds. */
  expires?: number | undefined
  /** Unix milliseconds. */
  refresh_expires?: number | undefined
}

/** The body of a successful answer of GitHub's token endpoint; its scopes are separated by commas. */
export interface TokenAnswer {
  access_token: string
  token_type: 'bearer'
  scope: string
  expires_in?: number
  refresh_token?: string
  refresh_token_expires_in?: number
}

export interface TokenBook {
  issue(client_id: string, mode: AppMode, user: number, scopes: readonly string[]): TokenAnswer
  /** The record of an access token that works now. */
  alive(access_token: string): IssuedToken | undefined
  /** Ends the token that a live refresh token belongs to, and returns it. */
  takeRefresh(client_id: string, refresh_token: string): IssuedToken | undefined
  end(matches: (token: IssuedToken) => boolean): void
  /** Access tokens stop working; refresh tokens do not. */
  expireAll(): void
}

/** @param perUser how many tokens a user keeps of one app with the same scopes */
export function tokenBook(clock: Clock, perUser: number): TokenBook {
  let tokens: IssuedToken[] = []
  const remove = (gone: IssuedToken) => {
    tokens = tokens.filter((token) => token !== gone)
  }

  return {
    issue(client_id, mode, user, scopes) {
      const created = clock.now()
      const expiring = mode === 'github-app'
      const token: IssuedToken = {
        access_token: randomToken(expiring ? 'ghu_' : 'gho_', 36),
        client_id,
        user,
        scopes: expiring ? [] : scopes,
        created,
        ...(expiring && {
          expires: created + ACCESS_LIFETIME * 1000,
          refresh_token: randomToken('ghr_', 76),
          refresh_expires: created + REFRESH_LIFETIME * 1000,
        }),
      }
      tokens.push(token)
      const alike = tokens.filter(
        (other) =>
          other.client_id === client_id && other.user === user && `${other.scopes}` === `${token.scopes}`,
      )
      for (const oldest of alike.slice(0, -perUser)) remove(oldest)
      return {
        access_token: token.access_token,
        token_type: 'bearer',
        scope: token.scopes.join(','),
        ...(token.refresh_token && {
          expires_in: ACCESS_LIFETIME,
          refresh_token: token.refresh_token,
          refresh_token_expires_in: REFRESH_LIFETIME,
        }),
      }
    },
    alive(access_token) {
      const token = tokens.find((each) => each.access_token === access_token)
      return token && clock.now() < (token.expires ?? Number.POSITIVE_INFINITY) ? token : undefined
    },
    takeRefresh(client_id, refresh_token) {
      const token = tokens.find(
        (each) => each.refresh_token === refresh_token && each.client_id === client_id,
      )
      if (!token || clock.now() >= (token.refresh_expires ?? 0)) return undefined
      remove(token)
      return token
    },
    end(matches) {
      tokens = tokens.filter((token) => !matches(token))
    },
    expireAll() {
      for (const token of tokens) token.expires = clock.now()
    },
  }
}

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Good enough for a development provider: the slight bias of the modulo does not matter here. */
export function randomToken(prefix: string, length: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length))
  return prefix + Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join('')
}

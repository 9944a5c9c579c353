import type { Answer, OAuthClient, TokenBody } from '@drawbridge/testing'
import type { Account } from './account.ts'
import type { OurScope, Truth } from './upstreams.ts'

/** One grant, as its client has it, and what must come of it. */
export interface Session {
  /** `google/1001 #7` */
  name: string
  account: Account
  client: OAuthClient
  tokens: Pick<TokenBody, 'access_token' | 'refresh_token'>
  /** What its login obtained here, and at the provider by the provider's names. */
  scopes: readonly string[]
  upstreamScopes: readonly string[]
  /** Its sign-out is on its way. */
  isLeaving: boolean
}

/** What a tool got when it asked for the provider's token. */
export type Seen =
  | { is: 'token'; token: string; truth: Truth | undefined }
  /** The provider ended it: the person is to sign in again. */
  | { is: 'ended'; message: string }
  /** An outage. */
  | { is: 'later' }
  /** Its client is signed out, or something is wrong. */
  | { is: 'out'; what: string }

export function opened(
  account: Account,
  client: OAuthClient,
  { scope, access_token, refresh_token }: TokenBody,
  name: string,
): Session {
  const scopes = scope.split(' ')
  const { always, names } = account.upstream
  const theirs = scopes.flatMap((each) => (each in names ? [names[each as OurScope]] : []))
  return {
    name: `${account.name} ${name}`,
    account,
    client,
    tokens: { access_token, refresh_token },
    scopes,
    upstreamScopes: [...always, ...theirs],
    isLeaving: false,
  }
}

export function keep(session: Session, { body }: Answer<TokenBody>): void {
  const { access_token, refresh_token } = body
  if (access_token && refresh_token) session.tokens = { access_token, refresh_token }
}

import { randomToken } from '../dev-github/tokens.ts'
import type { OidcState } from './state.ts'
import type { DevOidcUser } from './switches.ts'

/** Who is signed in at the provider in one browser. */
export interface BrowserSession {
  sub: string
  /** Unix seconds. */
  auth_time: number
}

const cookieName = 'dev_oidc_session'

/** Somebody signs in, with the header that their browser keeps it by. */
export function beginSession(
  { browsers, clock }: OidcState,
  { sub }: DevOidcUser,
): BrowserSession & { 'set-cookie': string } {
  const id = randomToken('', 32)
  const session = { sub, auth_time: Math.floor(clock.now() / 1000) }
  browsers.set(id, session)
  return { ...session, 'set-cookie': `${cookieName}=${id}; Path=/; HttpOnly; SameSite=Lax` }
}

export function sessionOf({ browsers }: OidcState, request: Request): BrowserSession | undefined {
  const cookies = (request.headers.get('cookie') ?? '').split(/;\s*/)
  const found = cookies.find((cookie) => cookie.startsWith(`${cookieName}=`))
  return found === undefined ? undefined : browsers.get(found.slice(cookieName.length + 1))
}

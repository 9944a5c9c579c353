import { redirectKind } from '../clients/redirect-uri.ts'
import type { SignInSession } from '../engine/sign-in-session.ts'
import type { AuthorizationRequest } from '../records/transaction.ts'
import { isOfThePerson } from './browser/navigation.ts'
import type { Server } from './server.ts'

/** Who signed in in this browser, while their provider is still there. */
export async function personOf(
  { own, providers, sessionCookie }: Pick<Server, 'own' | 'providers' | 'sessionCookie'>,
  request: Request,
): Promise<SignInSession | undefined> {
  const session = await own?.sessions.find(sessionCookie.read(request))
  return session && providers.some(({ id }) => id === session.provider) ? session : undefined
}

/** The cookie of a session that began, while it lives: the person may have signed out since, or in again. */
export async function living(
  { own }: Pick<Server, 'own'>,
  session: string | undefined,
): Promise<string | undefined> {
  return (await own?.sessions.find(session)) && session
}

/**
 * Whether nobody needs to be asked: this person let exactly this in before, and it is they who come with it. Never where any
 * program on the device could stand at the redirect URI (RFC 8252 8.6).
 */
export async function isRemembered(
  { consent, own }: Pick<Server, 'consent' | 'own'>,
  request: Request,
  asked: AuthorizationRequest,
  person: SignInSession,
): Promise<boolean> {
  if (consent !== 'remember' || !own || asked.asks_consent) return false
  if (redirectKind(asked.redirect_uri).kind !== 'https' || !isOfThePerson(request, asked.redirect_uri))
    return false
  return own.remembersConsent(person.subject, asked)
}

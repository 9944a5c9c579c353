import type { SignInSession } from '../engine/sign-in-session.ts'
import type { OAuthErrorCode } from '../errors.ts'
import type { Provider } from '../identity/provider.ts'
import type { Chosen } from './approval.ts'
import { canAsk } from './authorization-request.ts'
import { refuseToClient } from './authorize.ts'
import type { Pending } from './pending-consent.ts'
import { isRemembered } from './remembered.ts'
import type { Server } from './server.ts'

/**
 * Who goes on without the consent page: everybody, where the operator skips it; or the person who let the same in before.
 * `refusal`: the client wants nobody asked, and somebody would have to be.
 */
export async function whoIsNotAsked(
  server: Server,
  request: Request,
  { asked, client, offered }: Pending,
  person: SignInSession | undefined,
): Promise<Pick<Chosen, 'provider' | 'prompt' | 'consent' | 'subject'> | { refusal: Response } | undefined> {
  const { prompt } = asked
  const [only, ...others] = offered
  const skipped = server.consent === 'skip' && others.length === 0 ? only : undefined
  const theirs = offered.find(({ id }) => id === person?.provider)
  const remembered =
    !skipped && person && theirs && (await isRemembered(server, request, asked, person)) ? person : undefined
  if (prompt === 'none') {
    const code = refusalOfNone(skipped ?? theirs, (skipped ?? remembered) !== undefined)
    if (code) {
      const message = 'The person would have to be asked; leave out prompt=none.'
      return { refusal: await refuseToClient(server, request, client, asked, { code, message }) }
    }
  }
  if (skipped) return { provider: skipped.id, prompt, consent: 'skipped' }
  if (!remembered) return undefined
  const { provider, subject } = remembered
  return { provider, prompt, consent: 'remembered', subject }
}

/** Why nobody can be signed in without being asked anything (OpenID Connect Core 3.1.2.6). */
function refusalOfNone(provider: Provider | undefined, isConsented: boolean): OAuthErrorCode | undefined {
  if (!provider) return 'login_required'
  if (!isConsented) return 'consent_required'
  return canAsk(provider, 'none') ? undefined : 'login_required'
}

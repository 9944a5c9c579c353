import type { ErrorText } from '../pages/messages.ts'
import { registrationUrl } from './register.ts'
import type { Server } from './server.ts'

/** What the page says about a client that is not known: to register again helps only where clients may. */
export function unknownClientText(
  server: Pick<Server, 'engine' | 'issuer' | 'pages' | 'registration'>,
): ErrorText {
  const { unknownClient, unlistedClient } = server.pages.messages
  return registrationUrl(server) === undefined ? unlistedClient : unknownClient
}

import type { ScopeChallenge } from '@modelcontextprotocol/server'
import type { Incoming } from './channel.ts'

type Context = { authInfo?: { token: string; clientId: string; scopes: string[] } | undefined }

/** Holds no scopes. Only the SDK's challenges see it, and no handler. */
const nobody = { token: '', clientId: '', scopes: [] }

/**
 * Lets a server ask nobody for scopes, too, as its author says in `scopeChallenge` of a component. The SDK's `requireScopes`
 * leaves requests without a token to the gate; where the component is in `public`, the gate has let them in.
 *
 * @param server which asks by a method of the SDK that has no documentation: a test notices when it is gone
 */
export function challengesNobody<Server extends object>(
  server: Server,
  incoming: Incoming | undefined,
): Server {
  if (!incoming?.gate || incoming.auth) return server
  const asking = server as { resolveScopeChallenge?: (context: Context) => ScopeChallenge | undefined }
  const resolve = asking.resolveScopeChallenge
  if (resolve)
    asking.resolveScopeChallenge = (context) => resolve.call(server, { authInfo: nobody, ...context })
  return server
}

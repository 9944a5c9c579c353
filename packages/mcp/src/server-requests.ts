/** What a server of either line asks its client for. */
const methods = {
  elicitInput: 'elicitation/create',
  createMessage: 'sampling/createMessage',
  listRoots: 'roots/list',
} as const

interface Sending {
  send(message: object, options?: unknown): Promise<void>
}

/**
 * Lets a server ask its client what it may.
 *
 * @param connection.hasSession whether this client has a session, and `hasSessions` whether others have
 * @param connection.isJson whether answers are documents: on these nothing can be asked, and the SDK's transports drop it
 */
export function asking(
  server: object,
  transport: Sending,
  connection: { hasSession: boolean; hasSessions: boolean; isJson: boolean },
): void {
  if (!connection.hasSession) withoutAsking(server, transport, connection.hasSessions)
  else if (connection.isJson) askingWhoListens(transport)
}

/** On the stream that a client opened with a GET, as both official clients do. */
function askingWhoListens(transport: Sending): void {
  const send = transport.send.bind(transport)
  transport.send = (message, options) => {
    const { relatedRequestId: _, ...others } = Object(options) as { relatedRequestId?: unknown }
    return send(message, isRequest(message) ? others : options)
  }
}

/**
 * A client answers what a server asks it in a request of its own, and without a session that reaches another server. So
 * asking fails at once, instead of after the SDK's minute.
 *
 * @param server also its methods are replaced: before anything is sent, they find that this client has declared nothing
 * @param hasSessions whether others have one here
 */
function withoutAsking(server: object, transport: Sending, hasSessions: boolean): void {
  const inner = 'server' in server ? Object(server.server) : server
  for (const [name, method] of Object.entries(methods)) {
    if (typeof Object(inner)[name] === 'function') {
      Object.assign(inner, { [name]: () => Promise.reject(new SessionRequired(method, hasSessions)) })
    }
  }
  const send = transport.send.bind(transport)
  transport.send = (message, options) => {
    return isRequest(message)
      ? Promise.reject(new SessionRequired(message.method, hasSessions))
      : send(message, options)
  }
}

function isRequest(message: object): message is { id: unknown; method: string } {
  return 'id' in message && 'method' in message && typeof message.method === 'string'
}

/** What a handler gets that asks its client something without a session. */
class SessionRequired extends Error {
  constructor(method: string, hasSessions: boolean) {
    const why = hasSessions
      ? 'this client has none, since it did not sign in before it initialized'
      : 'this server keeps none. Set `sessions: true` in mcp()'
    super(`${method}: asking the client something takes a session, and ${why}.`)
    this.name = 'SessionRequired'
  }
}

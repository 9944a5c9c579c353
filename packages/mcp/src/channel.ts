import type { Auth, AuthInfo } from '@drawbridge/core'
import type { SessionEvents } from './events.ts'
import type { ServerContext } from './options.ts'
import type { Outgoing } from './outgoing.ts'
import type { Match } from './resource-uris.ts'

/** All that this package knows of a line of the MCP SDK. */
export interface Line<User> {
  connect: Connect<User>
  /** How its servers read a URI template. Throws for one they would not take. */
  template(text: string): Match
  /** Whether a request is of a protocol without sessions. Default: none is. */
  isStateless?(incoming: Pick<Incoming, 'request' | 'message'>): boolean
  /** Ends what does not belong to a channel. */
  close?(): Promise<void>
}

/** One server joined to one transport. */
export interface Channel {
  handle(incoming: Incoming): Promise<Response>
  close(): Promise<void>
}

/** Builds a server and joins it to a transport. */
export type Connect<User> = (
  context: ServerContext<User, undefined>,
  options: {
    /** Present: the channel serves this session. Absent: it serves one request. */
    sessionId?: string
    /** What is said on the streams of the session, where that is kept. */
    events?: SessionEvents | undefined
    /** Called when the channel closes, whoever closed it. */
    onclose?: () => void
    /** Present: the channel speaks by this, and not by a transport of the SDK. */
    transport?: OwnTransport
    /** The one request that the channel serves. Left out: it serves a session. */
    incoming?: Incoming<User>
  },
) => Promise<Channel>

/** A transport as both SDKs know it. */
export interface OwnTransport {
  start(): Promise<void>
  send(message: object, options?: unknown): Promise<void>
  close(): Promise<void>
  onclose?: (() => void) | undefined
  onerror?: ((error: Error) => void) | undefined
  onmessage?: ((message: never, extra: never) => void) | undefined
  /** Hands a request of the client to the server. */
  handle(incoming: Incoming): Promise<Response>
}

/** A request on its way to a server, which may have it. */
export interface Incoming<User = unknown> {
  /** Who let it in. */
  gate: Auth | undefined
  /** `undefined`: nobody signed in, and for this nobody need. */
  auth: AuthInfo<User> | undefined
  /** Without credentials and without a body: all that was in it is `message`. */
  request: Request
  /** The parsed body of a POST; `undefined` for other methods. */
  message: unknown
  /** Aborts when the client is gone. */
  signal: AbortSignal
  /** What becomes of the server's answers on their way to this caller. */
  outgoing: Outgoing
  /** What a handler found missing: the answer is a challenge then. */
  wanted?: { scopes: readonly string[]; challenge?: 'http' | 'result' | undefined }
  /** Of the session that serves it. */
  events?: SessionEvents | undefined
  /** Set once that can no longer be. */
  isAnswered?: boolean
  /** Whose token a stream lives on that outlives its request's. */
  renewed?: () => AuthInfo<User> | undefined
  /** Requests that are answered on this stream, and are not yet. */
  owed?: () => unknown
  /** Set once that became the answer: whatever else is said to this request is for nobody. */
  isChallenged?: boolean
  /** Drops what was kept of the answer. */
  forget?: () => void
}

/** Finds or makes the channel for a request. */
export interface Dispatcher<User> {
  /** `done` is to be called once the response has been sent or given up. */
  serve(incoming: Incoming<User>): Promise<{ response: Response; done: () => void }>
  close(): Promise<void>
}

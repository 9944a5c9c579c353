import type { AuthInfo } from '@drawbridge/core'
import type { ServerContext } from './options.ts'

/** One server joined to one transport: all that the rest of this package knows of an MCP SDK. */
export interface Channel {
  handle(incoming: Incoming): Promise<Response>
  close(): Promise<void>
}

/** Builds a server and joins it to a transport. Each SDK line has one of these. */
export type Connect<User> = (
  context: ServerContext<User>,
  options: {
    /** Present: the channel serves this session. Absent: it serves one request. */
    sessionId?: string
    /** Called when the channel closes, whoever closed it. */
    onclose?: () => void
  },
) => Promise<Channel>

/** An authenticated request on its way to a server. */
export interface Incoming<User = unknown> {
  auth: AuthInfo<User>
  /** Without credentials and without a body: all that was in it is `message`. */
  request: Request
  /** The parsed body of a POST; `undefined` for other methods. */
  message: unknown
  /** Aborts when the client is gone. */
  signal: AbortSignal
  /** Whether the token's scopes reach this tool. */
  mayList(tool: string): boolean
}

/** Finds or makes the channel for a request. */
export interface Dispatcher<User> {
  /** `done` is to be called once the response has been sent or given up. */
  serve(incoming: Incoming<User>): Promise<{ response: Response; done: () => void }>
  close(): Promise<void>
}

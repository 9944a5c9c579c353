/** What was said on the streams of one session. */
export interface SessionLog {
  /**
   * Keeps a message, and gives it an id.
   *
   * @param awaited the requests that the stream will answer, when they are known: until then it is not over
   */
  add(streamId: string, message: object, awaited: readonly (string | number)[]): Promise<string>
  /** What came after an event on its stream. `undefined`: nobody can go on there. */
  after(eventId: string): Promise<Replay | undefined>
  /** Forgets a stream, whose ids nobody was told. */
  drop(streamId: string): void
  /** Forgets all of it. */
  end(): void
}

export interface Replay {
  streamId: string
  events: { id: string; message: object }[]
}

/** What the SDKs call the stream that a GET opens. It is there as long as the session. */
export const standalone = '_GET_stream'

/** Whether it only gives the client an id to come back with. The SDKs store that as an empty object. */
export function isPriming(message: object): boolean {
  return !('jsonrpc' in message)
}

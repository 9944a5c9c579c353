import { getRequest, requireAuth } from './context.ts'

/** A factory of servers with a few tools, which counts what it made and what was closed. */
export interface CountingServers<Server> {
  create: () => Server
  made: () => number
  closed: () => number
  calls: string[]
  /** Lets `wait` answer. */
  release: () => void
  /** How often `wait` was told to stop. */
  aborted: () => number
}

/** What the SDK gives a tool, in either line. */
export interface SdkCall {
  signal: AbortSignal
  token: string | undefined
  header(name: string): string | null | undefined
  /** Does nothing where the client wants no progress. */
  progress(progress: number): Promise<void>
}

/** Each takes a `say`, of which most make nothing. */
export type Tools = Readonly<Record<string, (call: SdkCall, say: string) => Promise<Said>>>

interface Said {
  content: { type: 'text'; text: string }[]
  /** The SDKs' types of results are open. */
  [more: string]: unknown
}

const text = (value: string): Said => ({ content: [{ type: 'text', text: value }] })

/** @param build registers the tools at a new server of its line */
export function counting<Server>(
  build: (tools: Tools, onclose: () => void) => Server,
): CountingServers<Server> {
  let made = 0
  let closed = 0
  let aborted = 0
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const calls: string[] = []
  const tools: Tools = {
    async echo(_, say) {
      calls.push('echo')
      return text(say)
    },
    async whoami(call) {
      calls.push('whoami')
      await new Promise((resolve) => setImmediate(resolve))
      const { token, extra } = requireAuth<{ name: string } | undefined>()
      return text(
        JSON.stringify({
          token,
          sdkToken: call.token,
          name: extra.user?.name,
          language: getRequest().headers.get('accept-language'),
          credentials: ['authorization', 'cookie'].map((name) => getRequest().headers.get(name)),
          sdkCredentials: ['authorization', 'cookie'].map((name) => call.header(name) ?? null),
        }),
      )
    },
    async wait({ signal }) {
      calls.push('wait')
      signal.addEventListener('abort', () => {
        aborted += 1
      })
      await released
      return text('waited')
    },
    async steps(call) {
      for (const progress of [1, 2]) await call.progress(progress)
      return text('done')
    },
    async send_mail() {
      calls.push('send_mail')
      return text('sent')
    },
  }
  return {
    made: () => made,
    closed: () => closed,
    aborted: () => aborted,
    calls,
    release: () => release(),
    create() {
      made += 1
      return build(tools, () => {
        closed += 1
      })
    },
  }
}

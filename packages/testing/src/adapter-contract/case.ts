import { AssertionError } from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Auth, AuthInfo, Mountable, RequestContext } from '@drawbridge/core'

/** A named part of the contract. Framework-agnostic: `run` rejects with an `AssertionError` when an adapter breaks it. */
export interface AdapterCase {
  name: string
  /** @param options.timeout in seconds. Default 10: an adapter that hangs fails its case, and not the run. */
  run(start: StartApp, options?: { timeout?: number | undefined }): Promise<void>
}

/**
 * Starts an application of the framework on a free port of 127.0.0.1. It
 *
 * 1. sets the header `x-app: yes` and the cookie `app=1` on every answer, before anything else runs;
 * 2. mounts with `drawbridge()` what `mounted` lists, below the prefix `below` when there is one;
 * 3. puts the route `/guarded`, for all methods, behind `protect(auth, { scopes })`; it awaits `handler(read)`, where
 *    `read()` is the auth info on the request, and answers `{"reached":...}` with what that resolved to;
 * 4. answers `POST /app` with `{"body":...}`, the JSON it received, parsed by the framework;
 * 5. answers errors with 500 and the text `application: <message>`.
 */
export type StartApp = (app: AdapterApp) => Promise<RunningApp>

export interface AdapterApp {
  mounted?: readonly Mountable[] | undefined
  below?: string | undefined
  guarded?: GuardedRoute | undefined
}

export interface GuardedRoute {
  auth: Auth
  scopes?: readonly string[] | undefined
  handler(read: () => AuthInfo | undefined): Promise<unknown>
}

export interface RunningApp {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  url: string
  /** Stops listening and cuts open connections. */
  close(): Promise<void>
}

/** What the body of a case works with. */
export interface Subject {
  /** Starts an application that is closed at the end of the case. */
  start(app: AdapterApp): Promise<string>
}

export function adapterCase(name: string, body: (subject: Subject) => Promise<void>): AdapterCase {
  return {
    name,
    async run(start, { timeout = 10 } = {}) {
      const running: RunningApp[] = []
      let over = false
      const subject: Subject = {
        async start(app) {
          const started = await start(app)
          running.push(started)
          if (over) await started.close()
          return started.url
        },
      }
      const close = async () => {
        for (const app of running) await app.close()
      }
      try {
        await within(timeout, `"${name}" takes`, body(subject))
      } finally {
        over = true
        await within(timeout, `to close the application after "${name}" takes`, close())
      }
    },
  }
}

async function within(seconds: number, what: string, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new AssertionError({ message: `${what} longer than ${seconds} seconds` })),
      seconds * 1000,
    )
  })
  await Promise.race([work, late]).finally(() => clearTimeout(timer))
}

export type Answer = (request: Request, context: RequestContext) => Response | Promise<Response>

/** Something to mount, with the paths of a server whose issuer ends in `prefix`. */
export function probe(answer: Answer, prefix = ''): Mountable {
  const paths = [
    `${prefix}/mcp`,
    `${prefix}/token`,
    `/.well-known/oauth-authorization-server${prefix}`,
    `/.well-known/oauth-protected-resource${prefix}/mcp`,
  ]
  return {
    routes: paths.map((path) => ({ path, methods: ['GET', 'POST'] })),
    async handle(request, context = {}) {
      return paths.includes(new URL(request.url).pathname) ? answer(request, context) : undefined
    },
  }
}

/** Tells what arrived. */
export async function echo(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  const headers = Object.fromEntries(request.headers)
  return Response.json({
    method: request.method,
    path: pathname + search,
    headers,
    body: await request.text(),
  })
}

export interface Echo {
  method: string
  path: string
  headers: Record<string, string>
  body: string
}

export async function echoed(response: Response | Promise<Response>): Promise<Echo> {
  return (await (await response).json()) as Echo
}

/** Sends bytes no HTTP client would, and collects the answer until the server has nothing more to say. */
export async function sendRaw(url: string, text: string): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let received = ''
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1')
  })
  socket.write(text, 'latin1')
  await once(socket, 'close')
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(received)?.[1]), text: received }
}

/** A promise and the means to keep it. */
export function deferred<T = void>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((keep) => {
    resolve = keep
  })
  return { promise, resolve }
}

/** Waits until that many have come to it. */
export function meeting(of: number): () => Promise<void> {
  const { promise, resolve } = deferred()
  let here = 0
  return () => {
    if (++here === of) resolve()
    return promise
  }
}

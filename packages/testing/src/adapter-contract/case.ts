import { once } from 'node:events'
import { connect } from 'node:net'
import type { Auth, AuthInfo, Mountable, RequestContext } from '@drawbridge/core'

/** A named part of the contract. Framework-agnostic: `run` rejects with an `AssertionError` when an adapter breaks it. */
export interface AdapterCase {
  name: string
  run(start: StartApp): Promise<void>
}

/**
 * Starts an application of the framework on a free port of 127.0.0.1. It
 *
 * 1. sets the header `x-app: yes` and the cookie `app=1` on every answer, before anything else runs;
 * 2. mounts with `drawbridge()` what `mounted` lists, below the prefix `below` when there is one;
 * 3. puts the route `/guarded`, for all methods, behind `protect(auth, { scopes })`; it calls `handler` with the auth
 *    info it finds on the request and answers `{"reached":true}`;
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
  handler(auth: AuthInfo | undefined): void
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
    async run(start) {
      const running: RunningApp[] = []
      try {
        await body({
          async start(app) {
            const started = await start(app)
            running.push(started)
            return started.url
          },
        })
      } finally {
        for (const app of running) await app.close()
      }
    },
  }
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

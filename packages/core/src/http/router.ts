import type { RequestContext, Route } from '../auth.ts'
import { corsHeaders, preflight } from './cors.ts'
import { errorResponse, json } from './responses.ts'

export type Handler = (request: Request, context: RequestContext) => Promise<Response> | Response

/** One path: what it answers, and whether pages of other origins may call it. */
export interface Entry {
  path: string
  methods: Readonly<{ GET?: Handler; POST?: Handler }>
  /** Browser-based clients call it: preflights are answered. */
  cors?: boolean
  /** What answers another method. Default, and where it is `undefined`: JSON, with 405. */
  otherMethod?: (request: Request, allow: string) => Promise<Response> | undefined
}

/** A request on one of our paths is answered; any other is left to the application. */
export interface Router {
  handle(request: Request, context?: RequestContext): Promise<Response | undefined>
  readonly routes: readonly Route[]
}

/**
 * Finds the entry by one look-up. Paths are public ones; where a reverse proxy removes `stripPrefix`, the shortened
 * path is known too. `onError` is told of whatever a handler threw, before it becomes an
 * answer, and says which reference the answer names.
 */
export function router(
  entries: readonly Entry[],
  stripPrefix: string,
  onError: (request: Request, error: unknown) => string | undefined = () => undefined,
): Router {
  const table = new Map<string, Entry>()
  const routes: Route[] = []
  for (const entry of entries) {
    const methods = [...Object.keys(entry.methods), ...(entry.methods.GET ? ['HEAD'] : []), 'OPTIONS']
    for (const path of pathsOf(entry.path, stripPrefix)) {
      table.set(path, entry)
      routes.push({ path, methods })
    }
  }
  return {
    routes,
    async handle(request, context = {}) {
      const entry = table.get(new URL(request.url).pathname)
      if (!entry) return undefined
      const answer = await answered(entry, request, context)
      return entry.cors ? answer : withoutCors(answer)
    },
  }

  async function answered(entry: Entry, request: Request, context: RequestContext): Promise<Response> {
    const { GET, POST } = entry.methods
    try {
      if (request.method === 'GET' && GET) return await GET(request, context)
      if (request.method === 'POST' && POST) return await POST(request, context)
      if (request.method === 'HEAD' && GET && !POST) return withoutBody(await GET(request, context))
      if (request.method === 'OPTIONS' && entry.cors) return preflight(request, Object.keys(entry.methods))
      const allow = [...Object.keys(entry.methods), ...(entry.cors ? ['OPTIONS'] : [])].join(', ')
      const shown = entry.otherMethod?.(request, allow)
      if (shown) return await shown
      return json({ error: 'invalid_request', error_description: `Use ${allow}.` }, 405, { allow })
    } catch (error) {
      return errorResponse(error, onError(request, error))
    }
  }
}

/** What only people come to is read by no page of another origin (OAuth 2.1 3.1), errors included. */
function withoutCors(response: Response): Response {
  for (const name of Object.keys(corsHeaders)) response.headers.delete(name)
  return response
}

/** The public path, and what is left of it behind a proxy that removes `stripPrefix`. */
export function pathsOf(path: string, stripPrefix: string): readonly string[] {
  if (stripPrefix === '' || !(path === stripPrefix || path.startsWith(`${stripPrefix}/`))) return [path]
  return [path, path.slice(stripPrefix.length) || '/']
}

function withoutBody(response: Response): Response {
  return new Response(null, { status: response.status, headers: response.headers })
}

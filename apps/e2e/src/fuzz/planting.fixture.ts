import type { Plan } from './flow.fixture.ts'
import type { Mistake } from './subject.fixture.ts'

type Given = { request: Request; body: string; url: URL; response: Response }

/** A server that answers rightly, and then something is done to the answer. */
export const answering =
  (
    change: (
      given: Given,
      inside: Parameters<Mistake>[1],
    ) => Response | undefined | Promise<Response | undefined>,
  ): Mistake =>
  (handle, inside) =>
  async (request, context) => {
    const body = await request.clone().text()
    const response = await handle(request, context)
    if (!response) return response
    return (await change({ request, body, url: new URL(request.url), response }, inside)) ?? response
  }

export const withHeader = (response: Response, name: string, value: string | undefined): Response => {
  const headers = new Headers(response.headers)
  if (value === undefined) headers.delete(name)
  else headers.set(name, value)
  return new Response(response.body, { status: response.status, headers })
}

export const withText = async (response: Response, change: (text: string) => string): Promise<Response> =>
  new Response(change(await response.text()), { status: response.status, headers: response.headers })

export const isPage = ({ headers }: Response) => headers.get('content-type')?.startsWith('text/html') ?? false
export const refused = ({ status }: Response) => status >= 400 && status < 500

export interface Planted {
  mistake: Mistake
  found: RegExp
  /** It shows only then. */
  outages?: true
  /** It shows only with such clients, or such a server. */
  plan?: Partial<Plan>
  /** Of the first campaign that comes upon it soon. */
  seed?: number
}

import { type Fault, jsonOf, type Leg, unending } from './between.ts'
import type { Timeouts } from './timeouts.ts'

/** Stands in everything that comes from the provider in a fault: nobody else is to read it. */
export const marker = 'words-of-the-provider'

/** What a provider, or what stands in front of it, does when it is out of order. */
export const outages: readonly { name: string; fault: Fault }[] = [
  { name: '503', fault: () => new Response(`<h1>${marker}</h1>`, { status: 503 }) },
  { name: '429', fault: () => Response.json({ message: marker }, { status: 429 }) },
  {
    name: 'a refused connection',
    fault: () => {
      throw new TypeError('fetch failed', { cause: new Error(`connect ECONNREFUSED ${marker}`) })
    },
  },
  {
    name: 'a page that is in the way',
    fault: () =>
      new Response(`<h1>${marker}</h1>`, { status: 200, headers: { 'content-type': 'text/html' } }),
  },
]

/** The token endpoint says an error (RFC 6749 5.2), and the rest of the provider goes on. */
export function saying(leg: Leg, error: string): Fault {
  const status = error === 'invalid_client' ? 401 : 400
  return (passage) =>
    passage.leg === leg
      ? Response.json({ error, error_description: marker, error_uri: `https://${marker}.test` }, { status })
      : passage.pass()
}

/** Only when the time that the server gives it is over. `unbounded` collects what has no such time. */
export function never({ letPass }: Timeouts, unbounded: string[]): Fault {
  return ({ request, signal }) =>
    new Promise((_, reject) => {
      setImmediate(() => {
        if (!letPass(signal)) unbounded.push(request.url)
        reject(signal?.reason ?? new TypeError('fetch failed'))
      })
    })
}

/** The answer begins, and does not end. */
export function trickling({ letPass }: Timeouts, unbounded: string[]): Fault {
  return ({ request, signal }) => {
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      if (!letPass(signal)) unbounded.push(request.url)
      controller.error(signal?.reason ?? new TypeError('terminated'))
    }
    const body = new ReadableStream({ pull }, { highWaterMark: 0 })
    return new Response(body, { headers: { 'content-type': 'application/json', [unending]: 'yes' } })
  }
}

/** A provider whose refresh token is used again and again: its refreshes bring none. */
export function keepingRefreshTokens(): Fault {
  const real = new Map<string, string>()
  return async ({ leg, form, pass }) => {
    const known = form?.get('refresh_token') ?? form?.get('token') ?? ''
    const response = await pass(renamed(form, real.get(known) ?? known))
    const body = leg === 'refresh' && response.ok ? await jsonOf(response) : undefined
    if (!body) return response
    if (typeof body.refresh_token === 'string') real.set(known, body.refresh_token)
    const { refresh_token, ...rest } = body
    return Response.json(rest)
  }
}

/** A provider that replaces its refresh token at each use. `misused` collects those that came a second time. */
export function replacingRefreshTokens(misused: string[]): Fault {
  const real = new Map<string, string>()
  const over = new Set<string>()
  return async ({ leg, form, pass }) => {
    const known = form?.get('refresh_token') ?? form?.get('token') ?? ''
    if (leg === 'refresh' && over.has(known)) misused.push(known)
    const response = await pass(renamed(form, over.has(known) ? 'replaced' : (real.get(known) ?? known)))
    const body = leg === 'refresh' && response.ok ? await jsonOf(response) : undefined
    if (!body) return response
    const next = `replacement-${crypto.randomUUID()}`
    real.set(next, typeof body.refresh_token === 'string' ? body.refresh_token : (real.get(known) ?? known))
    over.add(known)
    return Response.json({ ...body, refresh_token: next })
  }
}

/** The next sign-in brings no refresh token. */
export function omittingRefreshToken(): Fault {
  let isOver = false
  return async ({ leg, pass }) => {
    const response = await pass()
    const body = leg === 'code' && !isOver && response.ok ? await jsonOf(response) : undefined
    if (!body) return response
    isOver = true
    const { refresh_token, refresh_token_expires_in, ...rest } = body
    return Response.json(rest)
  }
}

/** The same form, with another refresh token in it wherever it stands. */
function renamed(form: URLSearchParams | undefined, refresh_token: string): URLSearchParams | undefined {
  if (!form) return undefined
  const changed = new URLSearchParams(form)
  for (const name of ['refresh_token', 'token']) if (form.has(name)) changed.set(name, refresh_token)
  return changed
}

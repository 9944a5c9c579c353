import { sendResponse } from '@remix-run/node-fetch-server'
import type { Response as ExpressResponse } from 'express'

/** Sends a Web response, keeping what earlier middleware set on `res`. */
export async function send(res: ExpressResponse, response: Response): Promise<void> {
  if (res.destroyed) return response.body?.cancel()
  const sent = sendResponse(res, withCookies(response, res.getHeader('set-cookie')))
  // The client of an event stream waits for the headers, and the first event may be long in coming.
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) res.flushHeaders()
  await sent
}

/** One response's cookies would replace those set before, such as a session's. */
function withCookies(response: Response, earlier: number | string | string[] | undefined): Response {
  if (earlier === undefined || !response.headers.has('set-cookie')) return response
  const merged = new Response(response.body, response)
  for (const cookie of [earlier].flat()) merged.headers.append('set-cookie', String(cookie))
  return merged
}

import type { ServerResponse } from 'node:http'
import { sendResponse } from '@remix-run/node-fetch-server'
import type { FastifyReply } from 'fastify'

/** Sends a Web response past Fastify's serialization, keeping the headers that hooks have set on `reply`. */
export async function send(reply: FastifyReply, response: Response): Promise<FastifyReply> {
  const { raw } = reply.hijack()
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) raw.setHeader(name, value)
  }
  try {
    await write(raw, response)
  } catch (error) {
    // Nobody else ends a reply that was taken from Fastify.
    raw.destroy()
    throw error
  }
  return reply
}

async function write(raw: ServerResponse, response: Response): Promise<void> {
  if (raw.destroyed) return response.body?.cancel()
  const sent = sendResponse(raw, withCookies(response, raw.getHeader('set-cookie')))
  // The client of an event stream waits for the headers, and the first event may be long in coming.
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) raw.flushHeaders()
  await sent
}

/** One response's cookies would replace those set before, such as a session's. */
function withCookies(response: Response, earlier: number | string | string[] | undefined): Response {
  if (earlier === undefined || !response.headers.has('set-cookie')) return response
  const merged = new Response(response.body, response)
  for (const cookie of [earlier].flat()) merged.headers.append('set-cookie', String(cookie))
  return merged
}

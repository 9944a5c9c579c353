import { send as sendTo } from '@drawbridge/node/bridge'
import type { FastifyReply } from 'fastify'

/** Sends a Web response past Fastify's serialization, keeping the headers that hooks have set on `reply`. */
export async function send(reply: FastifyReply, response: Response): Promise<FastifyReply> {
  const { raw } = reply.hijack()
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) raw.setHeader(name, value)
  }
  try {
    await sendTo(raw, response)
  } catch (error) {
    // Nobody else ends a reply that was taken from Fastify.
    raw.destroy()
    throw error
  }
  return reply
}

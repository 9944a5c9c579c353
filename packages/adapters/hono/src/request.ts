import { UnreadableBody } from '@drawbridge/core'
import type { Context } from 'hono'

/**
 * The request as it arrived. When an earlier middleware read its body through `c.req`, the body is given back from
 * what Hono kept of it.
 */
export function originalRequest(c: Context): Request {
  const { raw } = c.req
  if (!raw.bodyUsed) return raw
  const headers = new Headers(raw.headers)
  headers.delete('content-length')
  const init: RequestInit & { duplex: 'half' } = {
    method: raw.method,
    headers,
    signal: raw.signal,
    // Made when asked for: most requests are for somebody else.
    body: new ReadableStream(
      {
        async pull(controller) {
          controller.enqueue(await keptBody(c))
          controller.close()
        },
      },
      { highWaterMark: 0 },
    ),
    duplex: 'half',
  }
  return new Request(raw.url, init)
}

async function keptBody(c: Context): Promise<Uint8Array> {
  const { bodyCache } = c.req
  const bytes = bodyCache.arrayBuffer ?? bodyCache.blob
  if (bytes) return new Uint8Array(await new Blob([await bytes]).arrayBuffer())
  return new TextEncoder().encode(await keptText(bodyCache))
}

async function keptText(cache: Context['req']['bodyCache']): Promise<string> {
  if (cache.text) return cache.text
  if (cache.json) return json(await cache.json)
  // Only a form that is no multipart matters here, and such a form has no files.
  if (cache.formData) return new URLSearchParams([...(await cache.formData)].filter(isText)).toString()
  throw new UnreadableBody(
    'The request body was read from c.req.raw before drawbridge(). Mount drawbridge() first, or read the body with c.req.json(), c.req.parseBody() or c.req.text().',
  )
}

function json(body: unknown): string {
  try {
    return JSON.stringify(body)
  } catch {
    // It was JSON before, so only the stack can be in the way, which took some thousand levels.
    throw new UnreadableBody('The request body is nested too deeply.')
  }
}

function isText(field: [string, FormDataEntryValue]): field is [string, string] {
  return typeof field[1] === 'string'
}

import type { Egress } from '../../../packages/core/src/egress/egress.ts'

/** What hosts publish, for a server whose `egress` is {@link Published.egress}. */
export interface Published {
  egress: Egress
  /** URLs that were asked for, with the ETag that was named, if any. */
  asked: { url: string; etag: string | undefined }[]
  /** Publishes JSON at a URL, or changes what stands there. */
  put(url: string, body: unknown, headers?: Record<string, string>): void
  /** Answers a URL with this. */
  answer(url: string, response: { status: number; headers?: Record<string, string>; body?: string }): void
  /** Everything is out of reach, until it is said again. */
  out(isOut?: boolean): void
}

export function published(): Published {
  const pages = new Map<string, { status: number; headers: Record<string, string>; body: string }>()
  const asked: Published['asked'] = []
  let isOut = false
  return {
    asked,
    egress: async (url, { headers = {}, maxBytes }) => {
      const etag = headers['if-none-match']
      asked.push({ url, etag })
      const page = pages.get(url)
      if (isOut) throw new Error('out of reach')
      const status =
        page === undefined ? 404 : etag !== undefined && page.headers.etag === etag ? 304 : page.status
      const body = new TextEncoder().encode(status === 304 ? '' : (page?.body ?? ''))
      if (body.length > maxBytes) throw new Error('too long')
      return { status, headers: new Headers(page?.headers), body }
    },
    put(url, body, headers = {}) {
      const json = { 'content-type': 'application/json', ...headers }
      pages.set(url, { status: 200, headers: json, body: JSON.stringify(body) })
    },
    answer(url, { status, headers = {}, body = '' }) {
      pages.set(url, { status, headers, body })
    },
    out(now = true) {
      isOut = now
    },
  }
}

import { type DevEgress, devEgress } from '@drawbridge/testing'

/** What hosts publish, for a server whose `egress` is {@link Published.egress}. */
export interface Published {
  egress: DevEgress
  /** URLs that were asked for, in order. */
  asked(): string[]
  /** Publishes JSON at a URL, or changes what stands there. */
  put(url: string, body: unknown, headers?: Record<string, string>): void
  /** Answers a URL with this. */
  answer(url: string, response: ResponseInit & { body?: string }): void
  /** Everything is out of reach, until it is said again. */
  out(isOut?: boolean): void
}

export function published(): Published {
  const pages = new Map<string, () => Response>()
  const egress = devEgress(({ url }) => pages.get(url)?.() ?? new Response(null, { status: 404 }))
  return {
    egress,
    asked: () => egress.requests.map(({ url }) => url),
    put(url, body, headers) {
      pages.set(url, () => Response.json(body, { headers: headers ?? {} }))
    },
    answer(url, { body, ...init }) {
      pages.set(url, () => new Response(body ?? null, init))
    },
    out: (isOut = true) => egress.outage(isOut ? 'unreachable' : 'none'),
  }
}

import { forwardedAddress, memory, type OAuthProxyOptions, type Storage } from '@drawbridge/core'
import { issuer, type World, world } from '../world.ts'

export type Limits = NonNullable<OAuthProxyOptions['limits']>

/** Who sends, and through which proxies. */
export interface From {
  address?: string | undefined
  headers?: Record<string, string>
}

export const byAddress: Limits['key'] = ({ clientAddress }) => clientAddress
export const byForwarded = (hops: number): Limits['key'] => forwardedAddress({ hops })

export interface Limited extends World {
  storage: Storage
  send(path: string, init?: RequestInit, from?: From, auth?: World['auth']): Promise<Response>
  register(from?: From, auth?: World['auth']): Promise<Response>
  /** A form to the token endpoint. */
  token(form: Record<string, string>, from?: From, auth?: World['auth']): Promise<Response>
  /** Sends until it is refused. Resolves to how many were not. */
  flood(request: (turn: number) => Promise<Response>, atMost?: number): Promise<number>
}

/** A server with these limits, to which requests come from an address, as an adapter tells it. */
export function limited(limits: Limits, options: Parameters<typeof world>[0] = {}): Limited {
  // Of the world that is made with it.
  const clock = { now: () => w.clock.now(), sleep: (milliseconds: number) => w.clock.sleep(milliseconds) }
  const storage = options.storage ?? memory({ clock })
  const w: World = world({ ...options, storage, limits })
  const send: Limited['send'] = async (path, init, from = {}, auth = w.auth) => {
    const headers = new Headers(init?.headers)
    for (const [name, value] of Object.entries(from.headers ?? {})) headers.set(name, value)
    const request = new Request(issuer + path, { ...init, headers })
    const answer = await auth.handle(request, { clientAddress: from.address ?? '192.0.2.1' })
    if (!answer) throw new Error(`nothing is at ${path}`)
    return answer
  }
  const body = JSON.stringify({ redirect_uris: ['http://127.0.0.1/callback'] })
  return {
    ...w,
    storage,
    send,
    register: (from, auth) => send('/register', { method: 'POST', body }, from, auth),
    token: (form, from, auth) =>
      send('/token', { method: 'POST', body: new URLSearchParams(form) }, from, auth),
    async flood(request, atMost = 1000) {
      for (let turn = 0; turn < atMost; turn++) if ((await request(turn)).status === 429) return turn
      return atMost
    },
  }
}

/** What was begun beside the answers, has come to its end. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** What a store holds of the counts. */
export async function countsIn(storage: Storage): Promise<string[]> {
  const keys: string[] = []
  let cursor: string | undefined
  do {
    const page = await storage.list('request-count/', { cursor, limit: 1000 })
    keys.push(...page.keys)
    cursor = page.cursor
  } while (cursor !== undefined)
  return keys
}

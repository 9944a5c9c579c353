import {
  type DrawbridgeEvent,
  memory,
  type OAuthServerWithDefault,
  oauthServer,
  type Storage,
} from '@drawbridge/core'
import { sqlite } from '@drawbridge/sqlite'
import { dropReplies, failing } from '@drawbridge/testing'
import { openStorage } from '../../stores.ts'
import { openTestStore, type StoreKind } from '../../test-stores.ts'
import { issuer, secret } from '../../world.ts'
import type { Random } from '../random.ts'
import type { Book } from './book.ts'
import type { DayClock } from './clock.ts'
import type { Upstream } from './upstreams.ts'

/** Several instances over one store that may fail. */
export interface Servers {
  /** Each request goes to one of them. */
  fetch(request: Request): Promise<Response>
  /** Another one in the place of one of them, which knows nothing but the store. */
  replaceOne(): void
  maintain(): Promise<void>
  /** While it is set, operations of the store fail, or their replies are lost, as often as this says. */
  trouble: number
  close(): Promise<void>
}

export async function startServers(
  upstreams: readonly Upstream[],
  options: {
    store: 'memory' | StoreKind
    instances: number
    clock: DayClock
    random: Random
    book: Book
    fetch: typeof fetch
    onEvent: (event: DrawbridgeEvent) => void
  },
): Promise<Servers> {
  const { clock, random, book, fetch, onEvent } = options
  const { storage, close } = await storeOf(options.store, clock)
  const happens = () => {
    const does = random.chance(servers.trouble)
    if (does) book.count('faults of the store')
    return does
  }
  const start = () =>
    oauthServer({
      issuer,
      secret,
      storage: dropReplies(failing(storage, happens), { shouldDrop: happens }),
      providers: upstreams.map(({ provider }) => provider) as [Upstream['provider'], Upstream['provider']],
      scopes: { supported: scopesOf(upstreams), default: ['notes'] },
      clock,
      fetch,
      onEvent,
      log: false,
    })
  const running = Array.from({ length: options.instances }, start)
  let turn = 0
  const servers: Servers = {
    trouble: 0,
    async fetch(request) {
      const instance = running[turn++ % running.length]
      if (!instance) throw new TypeError('no instance is up')
      return serve(instance, request)
    },
    replaceOne() {
      running[Math.floor(random.next() * running.length)] = start()
      book.count('instances replaced')
    },
    async maintain() {
      await running[0]?.maintain()
    },
    close,
  }
  return servers
}

async function storeOf(
  kind: 'memory' | StoreKind,
  clock: DayClock,
): Promise<{ storage: Storage; close(): Promise<void> }> {
  if (kind === 'memory') return { storage: memory({ clock }), close: async () => {} }
  const store = await openTestStore(kind)
  const { address } = store
  const storage =
    address.kind === 'sqlite' ? sqlite({ path: address.path, clock }) : await openStorage(address)
  return {
    storage,
    async close() {
      await storage.close?.()
      await store.close()
    },
  }
}

function scopesOf(upstreams: readonly Upstream[]) {
  const at = (scope: 'files' | 'mail') =>
    Object.fromEntries(upstreams.map(({ provider, names }) => [provider.id, [names[scope]]]))
  return { notes: 'Keep notes', files: { upstream: at('files') }, mail: { upstream: at('mail') } }
}

/** An application with a tool that asks the provider as the user, and one that needs the scope it is asked with. */
async function serve(auth: OAuthServerWithDefault, request: Request): Promise<Response> {
  const answer = await auth.handle(request)
  if (answer) return answer
  const { pathname, searchParams } = new URL(request.url)
  const entered = await auth.authenticate(request, { scopes: searchParams.getAll('scope') })
  if (!entered.ok) return entered.response
  const { scopes, extra } = entered.auth
  if (pathname !== '/upstream') return Response.json({ scopes })
  try {
    const rejected = searchParams.get('rejected') ?? undefined
    const token = await auth.upstreamToken(entered.auth, { rejected })
    return Response.json({ subject: extra.subject, scopes, token })
  } catch (error) {
    const { name, message } = error as Error
    return Response.json({ error: name, message })
  }
}

import { type ApiKeyOptions, apiKeys } from './api-keys.ts'
import type { DrawbridgeEvent } from './events.ts'
import { memory } from './storage/memory.ts'
import type { Storage } from './storage/storage.ts'

export const resource = 'https://mcp.test/mcp'
export const secret = 'Vq3x8m0TtS2yYk7sPzR5uWb1cDf4gHj6KlN9oQeXaZA='
export const mona = { subject: 'github|1', resource, name: 'CI' }

/** Keys on a store of their own, whose operations are noted, and whose time is told. */
export function setUp<User = undefined>(options: Partial<ApiKeyOptions<User>> = {}) {
  let seconds = 1_800_000_000
  const clock = { now: () => seconds * 1000, sleep: async () => {} }
  const events: DrawbridgeEvent[] = []
  const asked: string[] = []
  const inner = options.storage ?? memory({ clock })
  const noted =
    <Rest extends unknown[], Result>(name: string, call: (key: string, ...rest: Rest) => Result) =>
    (key: string, ...rest: Rest) => {
      asked.push(`${name} ${key.split('/')[0]}`)
      return call(key, ...rest)
    }
  const storage: Storage = {
    ...inner,
    get: noted('get', inner.get),
    put: noted('put', inner.put),
    delete: noted('delete', inner.delete),
    list: noted('list', inner.list),
  }
  const onEvent = (event: DrawbridgeEvent) => void events.push(event)
  const make = (more: Partial<ApiKeyOptions<User>> = {}) =>
    apiKeys<User>({ secret, clock, onEvent, log: false, ...options, ...more, storage })
  const keys = make()
  return {
    ...{ keys, make, storage, clock, events, asked },
    pass: (time: number) => {
      seconds += time
    },
    /** What a key comes to at the gate. */
    async status(key: string, at = resource) {
      const verification = await keys.verify(key, { resource: at })
      return verification.status === 'invalid' ? verification.reason : verification.status
    },
  }
}

/** Until what nobody waits for is done. */
export const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))

import { metadataChecks } from '../clients/given-metadata.ts'
import { redirectUriPolicy } from '../clients/redirect-uri.ts'
import { systemClock } from '../clock.ts'
import { keyRing } from '../crypto/key-ring.ts'
import { sealer } from '../crypto/sealing.ts'
import type { Occurrence } from '../events.ts'
import type { ClientMetadata } from '../records/client-metadata.ts'
import { recordsIn } from '../records/records.ts'
import { memory } from '../storage/memory.ts'
import type { Storage } from '../storage/storage.ts'
import { clientAdmin } from './client-administration.ts'
import { clientEditing } from './client-editing.ts'
import { clientRegistry } from './client-registry.ts'

export const metadata: ClientMetadata = {
  redirect_uris: ['http://127.0.0.1/callback'],
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code'],
  response_types: ['code'],
  application_type: 'native',
}

export const day = 86_400
export const until = Math.floor(Date.now() / 1000) + day

/** A registry on a store of which every operation is noted, and some may be made to fail. */
export function world(inner: Storage = memory()) {
  const log: string[] = []
  let fails = (_operation: string) => false
  let interruption: { at: number; run: () => Promise<unknown> } | undefined
  const noted = async <T>(operation: string, run: () => Promise<T>): Promise<T> => {
    if (interruption && interruption.at-- === 0) {
      const { run: other } = interruption
      interruption = undefined
      await other()
    }
    log.push(operation)
    if (fails(operation)) throw new Error('down')
    return run()
  }
  const storage: Storage = {
    ...inner,
    get: (key) => noted(`get ${key}`, () => inner.get(key)),
    put: (key, value, options) => noted(`put ${key}`, () => inner.put(key, value, options)),
    delete: (key, options) => noted(`delete ${key}`, () => inner.delete(key, options)),
  }
  const events: Occurrence[] = []
  const emit = (event: Occurrence) => void events.push(event)
  const checks = metadataChecks(() => ({
    redirectUris: redirectUriPolicy(undefined, { issuer: 'https://mcp.test' }),
    grantTypes: ['authorization_code', 'refresh_token'],
  }))
  let passed = 0
  const clock = { now: () => systemClock.now() + passed * 1000, sleep: async () => {} }
  const seals = sealer(keyRing('Vq3x8m0TtS2yYk7sPzR5uWb1cDf4gHj6KlN9oQeXaZA='))
  const instance = () => {
    const store = recordsIn({ storage, sealer: seals, clock, emit: () => {} })
    const registry = clientRegistry({
      records: store,
      clock,
      staticClients: [],
      unapprovedLifetime: day,
      lifetime: 90 * day,
      unapproved: 100,
    })
    return {
      store,
      registry,
      admin: {
        ...clientAdmin({ records: store, clock, end: async () => {}, emit }),
        ...clientEditing({
          ...{ records: store, clock, emit, checks },
          staticClients: [],
          secretLifetime: undefined,
        }),
      },
    }
  }
  return {
    ...instance(),
    instance,
    events,
    inner,
    log,
    /** Seconds. */
    advance(seconds: number) {
      passed += seconds
    },
    /** Lets another be done before the operation of that number, from now on; resolves to whether there was one. */
    interruptAt(at: number, run: () => Promise<unknown>): () => boolean {
      interruption = { at, run }
      return () => {
        const wasReached = interruption === undefined
        interruption = undefined
        return wasReached
      }
    },
    failWhen(predicate: (operation: string) => boolean) {
      fails = predicate
    },
    keys: async () => (await inner.list('', { limit: 1000 })).keys.map((key) => key.split('/')[0]),
  }
}

import type { PutOptions, Storage } from '../storage/storage.ts'
import { envelopeText } from './envelope.ts'
import { type Reading, remember } from './reading.ts'
import type { Retry } from './retry.ts'

export interface PutRecordOptions extends PutOptions {
  once?: boolean
}

export interface Writing extends Reading {
  storage: Storage
  retry: Retry
}

/** Bytes that every store keeps, and no more. */
const longestValue = 256 * 1024

export async function put(
  writing: Writing,
  key: string,
  value: unknown,
  { once, ...options }: PutRecordOptions,
): Promise<string | undefined> {
  const { storage, sealer, retry, opened, read } = writing
  const text = envelopeText(value, options.expiresAt)
  const sealed = sealer.seal(key, text)
  if (sealed.length > longestValue) {
    throw new Error(`storage: the record ${key.split('/')[0]} takes more than 256 KiB`)
  }
  let tried = false
  const attempt = async () => {
    const isRetry = tried
    if (isRetry) {
      // A fresh nonce makes every sealed text unique, so equality means that our own write took effect.
      const current = await read(key)
      if (current?.value === sealed) return current.version
      if ((current?.version ?? null) !== options.ifVersion) return undefined
    }
    tried = true
    const version = await storage.put(key, sealed, options)
    if (version !== undefined && opened.has(key)) {
      // As it will be read: the caller, or a provider, may go on to change the value it gave. What nobody has read may
      // never be, and is not remembered: strangers cause many writes.
      remember(writing, key, { value: sealed, version }, JSON.parse(text))
    }
    if (version !== undefined || !isRetry) return version
    // The earlier try may have arrived late, between the read above and this one.
    const current = await read(key)
    return current?.value === sealed ? current.version : undefined
  }
  return retry('put', attempt, once)
}

export async function deleteVersion(writing: Writing, key: string, ifVersion: string): Promise<boolean> {
  const { storage, retry, opened, read } = writing
  opened.delete(key)
  let tried = false
  return retry('delete', async () => {
    if (tried) {
      const current = await read(key)
      if (!current) return true
      if (current.version !== ifVersion) return false
    }
    tried = true
    return storage.delete(key, { ifVersion })
  })
}

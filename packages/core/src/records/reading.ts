import type { BoundedCache } from '../bounded-cache.ts'
import { type Clock, unixTime } from '../clock.ts'
import { type Sealer, UnknownSecret } from '../crypto/sealing.ts'
import { isNamed, Unavailable } from '../errors.ts'
import type { Emit } from '../events.ts'
import type { StoredValue } from '../storage/storage.ts'
import { type Envelope, envelopeOf, isOver, NewerVersion } from './envelope.ts'

/** A record as it was read. The value is shared with a cache: never change it in place. */
export interface Versioned<T> {
  key: string
  value: Readonly<T>
  version: string
}

/** What lies at a key. Without `value` it does not open: it was damaged, or sealed with a secret not known here. */
export type Peeked<T> =
  | (Versioned<T> & { unreadable?: undefined })
  | { key: string; version: string; value?: undefined; unreadable: Unavailable }

export interface Reading {
  read(key: string): Promise<StoredValue | undefined>
  opened: BoundedCache<{ version: string; envelope: Envelope }>
  sealer: Sealer
  clock: Clock
  emit: Emit
}

export async function get<T>(from: Reading, key: string, keep: boolean): Promise<Versioned<T> | undefined> {
  const stored = await from.read(key)
  return stored && recordOf<T>(from, key, stored, keep)
}

export async function peek<T>(from: Reading, key: string): Promise<Peeked<T> | undefined> {
  const stored = await from.read(key)
  if (!stored) return undefined
  try {
    return recordOf<T>(from, key, stored, false)
  } catch (error) {
    if (!isNamed<Unavailable>(error, 'Unavailable')) throw error
    return { key, version: stored.version, unreadable: error }
  }
}

function recordOf<T>(from: Reading, key: string, stored: StoredValue, keep: boolean) {
  const envelope = open(from, key, stored, keep)
  if (isOver(envelope, unixTime(from.clock))) return undefined
  return { key, value: envelope.v as Readonly<T>, version: stored.version }
}

/** @throws {Unavailable} */
export function open(from: Reading, key: string, stored: StoredValue, keep: boolean): Envelope {
  const known = from.opened.get(key)
  if (known?.version === stored.version) return known.envelope
  const envelope = unsealed(from, key, stored.value)
  if (keep) remember(from, key, stored, envelope)
  return envelope
}

function unsealed({ sealer, emit }: Reading, key: string, sealed: string): Envelope {
  try {
    return envelopeOf(sealer.open(key, sealed))
  } catch (cause) {
    const kind = key.split('/')[0] ?? ''
    if (cause instanceof UnknownSecret) emit({ type: 'keys.unknown_secret', key_id: cause.keyId })
    else {
      const reason = cause instanceof NewerVersion ? 'newer_version' : 'damaged'
      emit({ type: 'storage.unreadable', kind, reason })
    }
    throw new Unavailable(`storage: the record ${kind} does not open`, { cause })
  }
}

/** An opened record takes about twice its text, and some more. */
export function remember({ opened }: Reading, key: string, stored: StoredValue, envelope: Envelope): void {
  opened.set(key, { version: stored.version, envelope }, 2 * (key.length + stored.value.length) + 500)
}

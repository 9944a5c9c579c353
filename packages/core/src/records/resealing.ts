import { sealedWith } from '../crypto/sealing.ts'
import { Unavailable } from '../errors.ts'
import { type Envelope, NewerVersion } from './envelope.ts'
import { open } from './reading.ts'
import { put, type Writing } from './writing.ts'

/** A record after an attempt to seal it anew. */
export interface Resealed {
  /** The id of the secret that it is sealed with now. */
  key_id: string
  resealed: boolean
  /** Whether any configured secret opens it. */
  opens: boolean
}

export async function reseal(writing: Writing, key: string): Promise<Resealed | undefined> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const stored = await writing.read(key)
    if (!stored) return undefined
    const key_id = sealedWith(stored.value)
    let envelope: Envelope
    try {
      envelope = open(writing, key, stored, false)
    } catch (error) {
      // The secret of what is newer is still needed.
      const opens = error instanceof Unavailable && error.cause instanceof NewerVersion
      return { key_id, resealed: false, opens }
    }
    const current = writing.sealer.currentId()
    if (key_id === current) return { key_id, resealed: false, opens: true }
    const { v, exp } = envelope
    const version = await put(writing, key, v, { ifVersion: stored.version, expiresAt: exp })
    if (version !== undefined) return { key_id: current, resealed: true, opens: true }
  }
  throw new Unavailable(`storage: too many writers on ${key.split('/')[0]}`)
}

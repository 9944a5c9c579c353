import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { managedNonce } from '@noble/ciphers/utils.js'
import { base64url } from 'jose'
import type { KeyRing } from './key-ring.ts'
import { type RandomBytes, randomBytes } from './random.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A value was sealed with a secret that is not configured here; it must not be taken for absent. */
export class UnknownSecret extends Error {
  override readonly name = 'UnknownSecret'
  readonly keyId: string
  constructor(keyId: string) {
    super(`sealed with secret ${keyId}, which is not among the configured ones`)
    this.keyId = keyId
  }
}

/** Authenticated encryption of a value for one storage key: it opens under no other key. */
export interface Sealer {
  /** The id of the secret that seals. */
  currentId(): string
  seal(storageKey: string, plaintext: string): string
  /** Throws {@link UnknownSecret}, or an error when the value was altered or moved. */
  open(storageKey: string, sealed: string): string
}

/**
 * XChaCha20-Poly1305 with one key for each secret: its nonces are long enough to be random for ever, so that no key
 * has to be derived for each record. Synchronous, since a record is small and a job for WebCrypto is not.
 */
export function sealer(ring: KeyRing, random: RandomBytes = randomBytes): Sealer {
  const withNonce = managedNonce(xchacha20poly1305, (length = 0) => random(length))
  const cipher = (id: string, storageKey: string) => {
    const key = ring.derive(id, 'seal')
    if (!key) throw new UnknownSecret(id)
    return withNonce(key, encoder.encode(storageKey))
  }
  return {
    currentId: ring.currentId,
    seal(storageKey, plaintext) {
      const id = ring.currentId()
      const bytes = cipher(id, storageKey).encrypt(encoder.encode(plaintext))
      return `${id}.${base64url.encode(bytes)}`
    },
    open(storageKey, sealed) {
      const id = sealedWith(sealed)
      const bytes = base64url.decode(sealed.slice(id.length + 1))
      return decoder.decode(cipher(id, storageKey).decrypt(bytes))
    },
  }
}

/** The id of the secret a value was sealed with. */
export function sealedWith(sealed: string): string {
  return sealed.slice(0, sealed.indexOf('.'))
}

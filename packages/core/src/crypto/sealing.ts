import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { base64url } from 'jose'
import type { KeyRing } from './key-ring.ts'
import { type RandomBytes, randomBytes } from './random.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const nonceBytes = 24

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
  const cipher = (id: string, storageKey: string, nonce: Uint8Array) => {
    const key = ring.derive(id, 'seal')
    if (!key) throw new UnknownSecret(id)
    return xchacha20poly1305(key, nonce, encoder.encode(storageKey))
  }
  return {
    currentId: ring.currentId,
    seal(storageKey, plaintext) {
      const id = ring.currentId()
      const nonce = random(nonceBytes)
      const ciphertext = cipher(id, storageKey, nonce).encrypt(encoder.encode(plaintext))
      const whole = new Uint8Array(nonceBytes + ciphertext.length)
      whole.set(nonce)
      whole.set(ciphertext, nonceBytes)
      return `${id}.${base64url.encode(whole)}`
    },
    open(storageKey, sealed) {
      const id = sealedWith(sealed)
      const whole = base64url.decode(sealed.slice(id.length + 1))
      const nonce = whole.subarray(0, nonceBytes)
      return decoder.decode(cipher(id, storageKey, nonce).decrypt(whole.subarray(nonceBytes)))
    },
  }
}

/** The id of the secret a value was sealed with. */
export function sealedWith(sealed: string): string {
  return sealed.slice(0, sealed.indexOf('.'))
}

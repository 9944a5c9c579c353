import { base64url } from 'jose'
import type { KeyRing } from './key-ring.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const ivBytes = 12

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
  currentId(): Promise<string>
  seal(storageKey: string, plaintext: string): Promise<string>
  /** Throws {@link UnknownSecret}, or an error when the value was altered or moved. */
  open(storageKey: string, sealed: string): Promise<string>
}

export function sealer(ring: KeyRing): Sealer {
  return {
    currentId: ring.currentId,
    async seal(storageKey, plaintext) {
      const id = await ring.currentId()
      const iv = crypto.getRandomValues(new Uint8Array(ivBytes))
      const key = await aesKey(ring, id, storageKey, 'encrypt')
      const ciphertext = await crypto.subtle.encrypt(
        { name: 'AES-GCM', iv, additionalData: encoder.encode(storageKey) },
        key,
        encoder.encode(plaintext),
      )
      const whole = new Uint8Array(ivBytes + ciphertext.byteLength)
      whole.set(iv)
      whole.set(new Uint8Array(ciphertext), ivBytes)
      return `${id}.${base64url.encode(whole)}`
    },
    async open(storageKey, sealed) {
      const id = sealedWith(sealed)
      const whole = base64url.decode(sealed.slice(id.length + 1))
      const key = await aesKey(ring, id, storageKey, 'decrypt')
      const plaintext = await crypto.subtle.decrypt(
        { name: 'AES-GCM', iv: whole.slice(0, ivBytes), additionalData: encoder.encode(storageKey) },
        key,
        whole.slice(ivBytes),
      )
      return decoder.decode(plaintext)
    },
  }
}

/** The id of the secret a value was sealed with. */
export function sealedWith(sealed: string): string {
  return sealed.slice(0, sealed.indexOf('.'))
}

async function aesKey(
  ring: KeyRing,
  id: string,
  storageKey: string,
  usage: 'encrypt' | 'decrypt',
): Promise<CryptoKey> {
  const material = await ring.derive(id, `seal ${storageKey}`)
  if (!material) throw new UnknownSecret(id)
  return crypto.subtle.importKey('raw', material, 'AES-GCM', false, [usage])
}

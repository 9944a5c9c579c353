import type { KeyRing } from '../src/crypto/key-ring.ts'
import { type RandomBytes, randomText } from '../src/crypto/random.ts'
import { type Sealer, sealedWith, UnknownSecret } from '../src/crypto/sealing.ts'

/** Knows whose a record is, and hides nothing: encryption would be most of what a run costs. */
export function openSealer(ring: KeyRing, random: RandomBytes): Sealer {
  return {
    currentId: ring.currentId,
    seal: (storageKey, plaintext) =>
      `${ring.currentId()}.${randomText(12, random)} ${storageKey} ${plaintext}`,
    open(storageKey, sealed) {
      const id = sealedWith(sealed)
      if (!ring.derive(id, 'seal')) throw new UnknownSecret(id)
      const [, key, ...text] = sealed.split(' ')
      if (key !== storageKey) throw new Error(`sealed for ${key}`)
      return text.join(' ')
    },
  }
}

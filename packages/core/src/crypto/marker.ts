import type { Marker } from '../auth.ts'
import { constantTimeEqual, hmac } from './hash.ts'
import { type KeyRing, keyRing } from './key-ring.ts'

/**
 * A {@link Marker} for a secret: what a hand-written `Auth` offers, and whoever else gives texts to strangers and wants
 * them back unaltered. `oauthServer` and `oauthProxy` have one of their own `secret`.
 *
 * @param secret as the option of that name: 32 random bytes as text, or a list of which the first marks and all are known
 * @throws {ConfigurationError} for a secret that is missing, short or no text
 * @example
 * const { mark, isMarked } = marker(process.env.DRAWBRIDGE_SECRET)
 * const link = `/download?file=${id}&mark=${mark('download', id)}`
 */
export function marker(secret: string | readonly string[] | undefined): Marker {
  return markerOf(keyRing(secret))
}

/** HMAC-SHA-256 under a key that is for nothing else; the mark names the secret, so that a replaced one is still known. */
export function markerOf(ring: KeyRing): Marker {
  const macOf = (id: string, purpose: string, text: string) => {
    const key = ring.derive(id, 'mark')
    // As JSON, so that no purpose with a text is another purpose with another text.
    return key && hmac(key, JSON.stringify([purpose, text]))
  }
  return {
    mark(purpose, text) {
      const id = ring.currentId()
      return `${id}.${macOf(id, purpose, text)}`
    },
    isMarked(purpose, text, mark) {
      const [id = '', mac = '', ...rest] = mark.split('.', 3)
      const expected = macOf(id, purpose, text)
      return rest.length === 0 && expected !== undefined && constantTimeEqual(mac, expected)
    },
  }
}

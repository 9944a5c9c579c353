import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { base64url } from 'jose'
import { ConfigurationError } from '../errors.ts'
import { inWords } from '../known-options.ts'

/** The operator's secrets. The first one seals and derives; all of them open. */
export interface KeyRing {
  /** The id of the secret that seals. */
  currentId(): string
  /** Key material of 32 bytes for one purpose, or `undefined` when no secret has this id. */
  derive(id: string, purpose: string): Uint8Array | undefined
}

const encoder = new TextEncoder()
const minimumBytes = 32

/**
 * Checks `secret` at construction. A text is split at commas, so that
 * a variable with several secrets means the same here as in the environment; no base64, base64url or hex has one.
 */
export function keyRing(secret: string | readonly string[] | undefined): KeyRing {
  const given: readonly unknown[] = [secret].flat()
  const stranger = given.find((one) => one !== undefined && typeof one !== 'string')
  if (stranger !== undefined) {
    throw wrong(
      `${given.length > 1 ? 'holds' : 'is'} ${inWords(stranger)}`,
      'Pass a text, such as the output of `openssl rand -base64 32`, or a list of texts; of a Buffer its `toString("base64")`, of a promise what it resolves to.',
    )
  }
  const secrets = given
    .flatMap((one) => (typeof one === 'string' ? one.split(',') : ['']))
    .map((one) => one.trim())
  if (secrets.length === 0 || secrets.some((one) => !one)) {
    throw wrong(
      secrets.length > 1 ? 'has an empty one among several' : 'is missing or empty',
      'Pass `secret`, or set DRAWBRIDGE_SECRET, to the output of `openssl rand -base64 32`, the same on every instance.',
    )
  }
  for (const one of secrets) {
    const bytes = estimatedBytes(one)
    if (bytes < minimumBytes) {
      throw wrong(
        `has about ${bytes} random bytes${secrets.length > 1 ? ' in one of several' : ''}`,
        'At least 32 are needed: use the output of `openssl rand -base64 32`.',
      )
    }
    if (repeatsItself(one))
      throw wrong('repeats few characters', 'Use the output of `openssl rand -base64 32`.')
  }
  const loaded = secrets.map(loadSecret)
  const [current] = loaded
  if (!current) throw new Error('a key ring is never empty')
  return {
    currentId: () => current.id,
    derive: (id, purpose) => loaded.find((one) => one.id === id)?.derive(purpose),
  }
}

function wrong(got: string, fix: string): ConfigurationError {
  return new ConfigurationError('secret', got, fix)
}

/** Keys are derived once for each purpose, of which there are few. */
function loadSecret(secret: string) {
  const material = encoder.encode(secret)
  const derived = new Map<string, Uint8Array>()
  const derive = (purpose: string) => {
    const known = derived.get(purpose) ?? deriveBytes(material, purpose)
    derived.set(purpose, known)
    return known
  }
  return { id: base64url.encode(deriveBytes(material, 'key id', 6)), derive }
}

function deriveBytes(material: Uint8Array, purpose: string, bytes = 32): Uint8Array {
  return hkdf(sha256, material, undefined, encoder.encode(`drawbridge ${purpose}`), bytes)
}

/** Whether it has fewer different characters than any random text of its length. */
export function repeatsItself(secret: string): boolean {
  return new Set(secret).size < 10
}

/** What is there at most, by its alphabet. A text that repeats itself counts once. */
export function estimatedBytes(secret: string): number {
  const text = secret.replace(/=+$/, '')
  const unit = (text + text).indexOf(text, 1)
  return Math.floor(/^[0-9a-f]+$/i.test(text) ? unit / 2 : (unit * 3) / 4)
}

import { base64url } from 'jose'
import { ConfigurationError } from '../errors.ts'

/** The operator's secrets. The first one seals and derives; all of them open. */
export interface KeyRing {
  /** The id of the secret that seals. */
  currentId(): Promise<string>
  /** Every secret's id. */
  ids(): Promise<readonly string[]>
  /** Key material of 32 bytes for one purpose, or `undefined` when no secret has this id. */
  derive(id: string, purpose: string): Promise<Uint8Array<ArrayBuffer> | undefined>
}

const encoder = new TextEncoder()
const minimumBytes = 32

/**
 * Checks `secret` at construction; derives lazily, since WebCrypto is asynchronous. A text is split at commas, so that
 * a variable with several secrets means the same here as in the environment; no base64, base64url or hex has one.
 */
export function keyRing(secret: string | readonly string[] | undefined): KeyRing {
  const given: readonly unknown[] = [secret].flat()
  const secrets = given
    .flatMap((one) => (typeof one === 'string' ? one.split(',') : ['']))
    .map((one) => one.trim())
  if (secrets.length === 0 || secrets.some((one) => !one)) {
    throw new ConfigurationError(
      'secret',
      secrets.length > 1 ? 'has an empty one among several' : 'is missing or empty',
      'Pass `secret`, or set DRAWBRIDGE_SECRET, to the output of `openssl rand -base64 32`, the same on every instance.',
    )
  }
  for (const one of secrets) {
    const bytes = estimatedBytes(one)
    if (bytes < minimumBytes) {
      throw new ConfigurationError(
        'secret',
        `has about ${bytes} random bytes${secrets.length > 1 ? ' in one of several' : ''}`,
        'At least 32 are needed: use the output of `openssl rand -base64 32`.',
      )
    }
    if (repeatsItself(one)) {
      throw new ConfigurationError(
        'secret',
        'repeats few characters',
        'Use the output of `openssl rand -base64 32`.',
      )
    }
  }
  let loading: Promise<readonly LoadedSecret[]> | undefined
  const load = () => {
    loading ??= Promise.all(secrets.map(loadSecret))
    return loading
  }
  return {
    currentId: async () => {
      const [first] = await load()
      if (!first) throw new Error('a key ring is never empty')
      return first.id
    },
    ids: async () => (await load()).map((one) => one.id),
    derive: async (id, purpose) => {
      const found = (await load()).find((one) => one.id === id)
      return found && deriveBytes(found.material, purpose)
    },
  }
}

interface LoadedSecret {
  id: string
  material: CryptoKey
}

async function loadSecret(secret: string): Promise<LoadedSecret> {
  const material = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, ['deriveBits'])
  return { id: base64url.encode(await deriveBytes(material, 'key id', 6)), material }
}

async function deriveBytes(
  material: CryptoKey,
  purpose: string,
  bytes = 32,
): Promise<Uint8Array<ArrayBuffer>> {
  const bits = await crypto.subtle.deriveBits(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: encoder.encode(`drawbridge ${purpose}`) },
    material,
    bytes * 8,
  )
  return new Uint8Array(bits)
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

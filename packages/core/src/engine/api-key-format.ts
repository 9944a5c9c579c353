import { sha256 } from '../crypto/hash.ts'
import type { ApiKeyPlace } from '../records/api-key.ts'

const checksumLength = 6
const bodySyntax = /^([A-Za-z0-9_-]{32})([0-9a-z]{2})[A-Za-z0-9_-]{43}$/
const slotRadix = 36

/** So many keys at most that one owner can have: as many as there are slots with two digits. */
export const mostSlots: number = slotRadix ** 2

/** The name of a slot, from 0 on. */
export function slotName(number: number): string {
  return number.toString(slotRadix).padStart(2, '0')
}

/**
 * `<prefix>_<owner><slot><secret><checksum>`: 83 characters after the prefix, in one run that secret scanners recognise. Where
 * it lies is in it, so that one read finds it; the checksum tells a typo, or a scanner's chance find, without one.
 *
 * @param secret 32 random bytes
 */
export function formatApiKey(prefix: string, { owner, slot }: ApiKeyPlace, secret: string): string {
  const body = `${prefix}_${owner}${slot}${secret}`
  return body + checksumOf(body)
}

/** Where a key would lie. `undefined`: it is no key of this prefix. `malformed`: it means to be one. */
export function parseApiKey(prefix: string, key: string): ApiKeyPlace | 'malformed' | undefined {
  if (!key.startsWith(`${prefix}_`)) return undefined
  const body = key.slice(0, -checksumLength)
  const [, owner, slot] = bodySyntax.exec(body.slice(prefix.length + 1)) ?? []
  const isWhole = owner !== undefined && slot !== undefined && key === body + checksumOf(body)
  return isWhole ? { owner, slot } : 'malformed'
}

/** What a list shows of a key. */
export function hintOf(prefix: string, key: string): string {
  return `${prefix}_...${key.slice(-4)}`
}

function checksumOf(body: string): string {
  return sha256(body).slice(0, checksumLength)
}

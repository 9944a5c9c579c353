import { base64url } from 'jose'

/** Where random bytes come from. Passed along where a model of the whole must be able to repeat itself. */
export type RandomBytes = (length: number) => Uint8Array<ArrayBuffer>

export const randomBytes: RandomBytes = (length) => crypto.getRandomValues(new Uint8Array(length))

/** Random bytes as base64url text. 32 bytes is what every credential of ours has. */
export function randomText(bytes = 32, random: RandomBytes = randomBytes): string {
  return base64url.encode(random(bytes))
}

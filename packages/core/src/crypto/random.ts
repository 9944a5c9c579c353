import { base64url } from 'jose'

/** Random bytes as base64url text. 32 bytes is what every credential of ours has. */
export function randomText(bytes = 32): string {
  return base64url.encode(crypto.getRandomValues(new Uint8Array(bytes)))
}

import { base64url } from 'jose'

const encoder = new TextEncoder()

/** SHA-256 as base64url; how credentials appear in records and keys. */
export async function sha256(text: string): Promise<string> {
  return base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(text))))
}

export async function hmac(key: CryptoKey, text: string): Promise<string> {
  return base64url.encode(new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(text))))
}

export async function importHmacKey(material: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', material, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
}

/** The same from base64url text. */
export async function importHmacKeyText(text: string): Promise<CryptoKey> {
  return importHmacKey(Uint8Array.from(base64url.decode(text)))
}

/** Compares in a time that depends on the lengths only. */
export function constantTimeEqual(a: string, b: string): boolean {
  const left = encoder.encode(a)
  const right = encoder.encode(b)
  let difference = left.length ^ right.length
  for (let index = 0; index < left.length; index++) {
    difference |= (left[index] ?? 0) ^ (right[index % (right.length || 1)] ?? 0)
  }
  return difference === 0
}

import { equalBytes } from '@noble/ciphers/utils.js'
import { hmac as hmacBytes } from '@noble/hashes/hmac.js'
import { sha256 as sha256Bytes } from '@noble/hashes/sha2.js'
import { base64url } from 'jose'

const encoder = new TextEncoder()

/** SHA-256 as base64url; how credentials appear in records and keys. */
export function sha256(text: string): string {
  return base64url.encode(sha256Bytes(encoder.encode(text)))
}

/** HMAC-SHA-256 of a text, as base64url. A key as text is the base64url of its bytes. */
export function hmac(key: Uint8Array | string, text: string): string {
  const bytes = typeof key === 'string' ? base64url.decode(key) : key
  return base64url.encode(hmacBytes(sha256Bytes, bytes, encoder.encode(text)))
}

/** Compares in a time that depends on the lengths only. */
export function constantTimeEqual(a: string, b: string): boolean {
  return equalBytes(encoder.encode(a), encoder.encode(b))
}

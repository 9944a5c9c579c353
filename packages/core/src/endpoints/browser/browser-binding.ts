import { constantTimeEqual, sha256 } from '../../crypto/hash.ts'
import { type CookieJar, cookie } from '../../http/cookies.ts'

/**
 * Ties a transaction to the browser that consented (RFC 9700 4.7): a cookie of its own per transaction, so that two
 * tabs work, required again at the callback. The record holds its hash.
 */
export interface BrowserBinding {
  /** A binding for this browser: the one it has already, else `fresh`. */
  bind(
    request: Request,
    handleHash: string,
    existing: string | undefined,
    fresh: string,
  ): { binding: string; cookie: string }
  holds(request: Request, handleHash: string, binding: string | undefined): boolean
}

export function browserBinding(jar: CookieJar, lifetimeSeconds: number): BrowserBinding {
  const suffix = (handleHash: string) => `transaction-${handleHash.slice(0, 16)}`
  const presented = (request: Request, handleHash: string) => cookie(request, jar.name(suffix(handleHash)))
  return {
    bind(request, handleHash, existing, fresh) {
      const held = presented(request, handleHash)
      const keeps = held !== undefined && existing !== undefined && constantTimeEqual(sha256(held), existing)
      const value = keeps ? held : fresh
      return {
        binding: sha256(value),
        cookie: jar.serialize(suffix(handleHash), value, lifetimeSeconds),
      }
    },
    holds(request, handleHash, binding) {
      const held = presented(request, handleHash)
      return held !== undefined && binding !== undefined && constantTimeEqual(sha256(held), binding)
    },
  }
}

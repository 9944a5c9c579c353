import { constantTimeEqual, hmac, sha256 } from '../../crypto/hash.ts'
import type { KeyRing } from '../../crypto/key-ring.ts'
import { randomText } from '../../crypto/random.ts'
import { type CookieJar, cookie, cookiesBeginning } from '../../http/cookies.ts'
import type { Form } from '../../http/forms.ts'

/**
 * Proof that a form came from a page we rendered, in this browser, for this transaction: a signed double-submit
 * token. Each rendering has its own, and all of them stay good. Tabs that open at one moment would each put their own
 * cookie in the place of a common one; so a transaction has one to itself, until there are more than a person opens: then
 * it is one of a few that many share, so that they never outgrow a request.
 */
export interface FormTokens {
  issue(request: Request, handleHash: string): { csrf: string; cookie: string }
  verify(request: Request, handleHash: string, csrf: string | undefined): boolean
  /**
   * A secret of this one rendering in this browser: the same each time that its form is sent. `undefined` without the
   * form's cookie.
   */
  secret(request: Request, handleHash: string, csrf: string): string | undefined
}

/** Requests that a browser has before it at one time, each with a cookie to itself. */
const mostOwnCookies = 16

export function formTokens(ring: KeyRing, jar: CookieJar, lifetimeSeconds: number): FormTokens {
  const own = (handleHash: string) => `form-${handleHash.slice(0, 8)}`
  const shared = (handleHash: string) => `form-${handleHash.slice(0, 1)}`
  /** The cookie of this transaction in this browser, by the name it has there or would get. */
  function presented(request: Request, handleHash: string): { suffix: string; value: string | undefined } {
    for (const suffix of [own(handleHash), shared(handleHash)]) {
      const value = cookie(request, jar.name(suffix))
      if (value !== undefined) return { suffix, value }
    }
    const isCrowded = cookiesBeginning(request, jar.name('form-')) >= mostOwnCookies
    return { suffix: isCrowded ? shared(handleHash) : own(handleHash), value: undefined }
  }

  function sign(keyId: string, browser: string, handleHash: string, nonce: string): string | undefined {
    const key = ring.derive(keyId, 'form')
    return key && hmac(key, `${browser} ${handleHash} ${nonce}`)
  }
  return {
    issue(request, handleHash) {
      const { suffix, value: held } = presented(request, handleHash)
      const browser = held !== undefined && /^[A-Za-z0-9_-]{43}$/.test(held) ? held : randomText()
      const keyId = ring.currentId()
      const nonce = randomText(16)
      const mac = sign(keyId, browser, handleHash, nonce)
      return {
        csrf: `${keyId}.${nonce}.${mac}`,
        cookie: jar.serialize(suffix, browser, lifetimeSeconds),
      }
    },
    verify(request, handleHash, csrf) {
      const browser = presented(request, handleHash).value
      const [keyId, nonce, mac] = csrf?.split('.') ?? []
      if (!browser || !keyId || !nonce || !mac) return false
      const expected = sign(keyId, browser, handleHash, nonce)
      return expected !== undefined && constantTimeEqual(mac, expected)
    },
    secret(request, handleHash, csrf) {
      const browser = presented(request, handleHash).value
      return browser && sha256(`form ${browser} ${csrf}`)
    },
  }
}

/**
 * What a form is worth that came back. `again`: it may be shown once more, since of two tabs that open at one moment only one
 * cookie stays. Who comes without it then, too, is in a window that keeps none.
 */
export function returnedForm(
  forms: Pick<FormTokens, 'verify'>,
  request: Request,
  handleHash: string,
  form: Form,
): 'good' | 'again' | 'refused' {
  if (forms.verify(request, handleHash, form.get('csrf'))) return 'good'
  return form.get('again') === 'yes' ? 'refused' : 'again'
}

/** Whether the browser says this form was posted by a page of ours. Browsers that say nothing pass; the token decides. */
export function isSameOrigin(request: Request, issuer: URL): boolean {
  const site = request.headers.get('sec-fetch-site')
  if (site !== null && site !== 'same-origin') return false
  const origin = request.headers.get('origin')
  // Our pages send no referrer, for which browsers say "null" here.
  return origin === null || origin === 'null' || origin === issuer.origin
}

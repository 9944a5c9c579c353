import {
  type ClientAuth,
  ConfigurationError,
  checkMembers,
  type SecretMethod,
} from '@drawbridge/core/provider'
import { base64url, importPKCS8, SignJWT } from 'jose'

/** A certificate of the app registration: how its private key says who the app is. */
export interface CertificateAuth {
  method: 'certificate'
  /** PEM, as it was uploaded under _Certificates & secrets_. */
  certificate: string
  /** PEM of PKCS #8 ("BEGIN PRIVATE KEY"), of an RSA key. */
  privateKey: string
}

/** How the app authenticates: a way to send its secret, or what takes the secret's place. */
export type AzureClientAuth = SecretMethod | ClientAuth | CertificateAuth

/** Seconds for which an assertion is good. */
const lifetime = 300

/**
 * In core's terms.
 *
 * @param audience the token endpoint
 * @throws {ConfigurationError} for a certificate or a key that is none
 */
export function clientAuthOf(
  given: AzureClientAuth | undefined,
  { clientId, audience }: { clientId: string; audience: string },
): ClientAuth | SecretMethod | undefined {
  if (typeof given !== 'object' || given === null || given.method !== 'certificate') return given
  checkMembers<CertificateAuth>('clientAuth', given, {
    method: true,
    certificate: 'text',
    privateKey: 'text',
  })
  const der = derOf('certificate', given.certificate, 'CERTIFICATE')
  derOf('privateKey', given.privateKey, 'PRIVATE KEY')
  return { method: 'assertion', assertion: () => signed({ der, key: given.privateKey, clientId, audience }) }
}

/** https://learn.microsoft.com/entra/identity-platform/certificate-credentials */
async function signed(by: { der: Uint8Array<ArrayBuffer>; key: string; clientId: string; audience: string }) {
  const key = await importPKCS8(lines(by.key), 'PS256')
  const thumbprint = new Uint8Array(await crypto.subtle.digest('SHA-256', by.der))
  return new SignJWT()
    .setProtectedHeader({ alg: 'PS256', typ: 'JWT', 'x5t#S256': base64url.encode(thumbprint) })
    .setIssuer(by.clientId)
    .setSubject(by.clientId)
    .setAudience(by.audience)
    .setJti(crypto.randomUUID())
    .setIssuedAt()
    .setNotBefore('0s')
    .setExpirationTime(`${lifetime}s`)
    .sign(key)
}

function derOf(member: 'certificate' | 'privateKey', pem: string, label: string): Uint8Array<ArrayBuffer> {
  const [, body] =
    new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`).exec(lines(pem)) ?? []
  try {
    if (body) return Uint8Array.from(atob(body.replace(/\s/g, '')), (character) => character.charCodeAt(0))
  } catch {
    // No base64.
  }
  throw new ConfigurationError(
    `clientAuth.${member}`,
    'is no PEM of that',
    `Pass a text with "-----BEGIN ${label}-----".`,
  )
}

/** As a variable of the environment may hold it. */
function lines(pem: string): string {
  return pem.replaceAll('\\n', '\n').trim()
}

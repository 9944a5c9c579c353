/** A person who signed in, in one browser: `session/<owner>/<SHA-256 of the cookie's secret>`. */
export interface SessionRecord {
  /** Whose: servers may share a store. */
  issuer: string
  owner: string
  /** `<provider id>|<sub>` */
  subject: string
  provider: string
  /** What the person knows the account by. */
  account: string
  /** Unix seconds, all of these. A session begins with a sign-in, and another sign-in begins another. */
  created_at: number
  used_at: number
  /** The absolute end. */
  expires_at: number
  /** The last ending that was known where it began; see endings.ts. */
  known_ending?: number | undefined
}

export function sessionKey(owner: string, secretHash: string): string {
  return `${sessionPrefix(owner)}${secretHash}`
}

export function sessionPrefix(owner: string): string {
  return `session/${owner}/`
}

/** Everybody's: for administration. */
export const sessionKinds = 'session/'

import type { DevOidcOptions, DevOidcUser } from '@drawbridge/testing'

export const ORIGIN = 'https://accounts.google.test'
export const CREDENTIALS = { clientId: 'dev-client', clientSecret: 'dev-secret' }

const person = (sub: string, name: string, more: object): DevOidcUser => ({
  sub,
  name,
  email_verified: true,
  ...more,
})

/** Of an organization, of another, of none with an address that looks like the first, and of Gmail. */
export const USERS: readonly DevOidcUser[] = [
  person('1001', 'Ada', { email: 'ada@acme.test', hd: 'acme.test' }),
  person('1002', 'Grace', { email: 'grace@acme.test', hd: 'acme.test' }),
  person('1003', 'Eve', { email: 'eve@acme.test' }),
  person('1004', 'Lin', { email: 'lin@gmail.test' }),
  person('1005', 'Max', { email: 'max@other.test', hd: 'other.test' }),
]

const long = (scope: string) =>
  ['email', 'profile'].includes(scope) ? `https://www.googleapis.com/auth/userinfo.${scope}` : scope

/** What is different about Google, from its documentation. */
export const QUIRKS = {
  users: USERS,
  refreshTokens: 'on consent',
  rotation: false,
  refreshIdToken: false,
  revocation: 'user',
  scopesNamed: (asked) => asked.map(long),
} as const satisfies DevOidcOptions

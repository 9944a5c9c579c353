export const ORIGIN = 'https://login.test'
export const CREDENTIALS = { clientId: 'dev-client', clientSecret: 'dev-secret' }

export const USERS = [
  { sub: 'ada', name: 'Ada', email: 'ada@acme.test', email_verified: true },
  { sub: 'grace', name: 'Grace', email: 'grace@acme.test', email_verified: true },
  { sub: 'mallory', name: 'Mallory', email: 'mallory@acme.test', email_verified: false },
]

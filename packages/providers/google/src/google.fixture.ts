export const ORIGIN = 'https://accounts.google.test'
export const CREDENTIALS = { clientId: 'dev-client', clientSecret: 'dev-secret' }

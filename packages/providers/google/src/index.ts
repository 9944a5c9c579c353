export { google } from './google.ts'
export type { GoogleAllow, GoogleOptions, GoogleUser } from './options.ts'

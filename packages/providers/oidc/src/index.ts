export { oidc } from './oidc.ts'
export type { OidcAllow, OidcOptions, OidcUser } from './options.ts'

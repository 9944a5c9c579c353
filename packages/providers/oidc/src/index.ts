export { oauth2 } from './oauth2.ts'
export type { OAuth2Options, UserMembers } from './oauth2-options.ts'
export { oidc } from './oidc.ts'
export type { CommonOptions, OidcAllow, OidcOptions, OidcUser } from './options.ts'
export { type Auth0Allow, type Auth0Options, auth0 } from './presets/auth0.ts'
export { type ClerkAllow, type ClerkOptions, clerk } from './presets/clerk.ts'
export { type CognitoAllow, type CognitoOptions, cognito } from './presets/cognito.ts'
export { type DiscordOptions, discord } from './presets/discord.ts'
export {
  type DescopeOptions,
  descope,
  type GitLabOptions,
  gitlab,
  type HuggingFaceOptions,
  huggingFace,
  type ScalekitOptions,
  type SupabaseOptions,
  scalekit,
  supabase,
} from './presets/documented.ts'
export { type KeycloakAllow, type KeycloakOptions, keycloak } from './presets/keycloak.ts'
export { type OktaAllow, type OktaOptions, okta } from './presets/okta.ts'
export { type SlackAllow, type SlackOptions, slack } from './presets/slack.ts'

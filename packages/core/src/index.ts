/** Everything a server author needs. Provider packages use `/provider`, storage packages `/storage`. */

export type {
  Auth,
  AuthExtra,
  Authentication,
  AuthInfo,
  Confirmation,
  GuardedRequest,
  Marker,
  McpEndpoint,
  Mountable,
  RequestContext,
  Route,
  ScopeNeed,
  UpstreamToken,
  UpstreamTokenOptions,
} from './auth.ts'
export type { RedirectUriOptions } from './clients/redirect-uri.ts'
export type { StaticClient } from './clients/static-client.ts'
export { type Clock, systemClock } from './clock.ts'
export { marker } from './crypto/marker.ts'
export type { LimitedEndpoint, LimitedRequest } from './endpoints/limiter.ts'
export type { RegisteringClient, RegistrationSender } from './endpoints/registration-admission.ts'
export type { ClientAdmin, ClientPage } from './engine/client-administration.ts'
export type {
  ClientChanges,
  ClientWithSecret,
  NewClient,
  NewClientOptions,
  SecretRotation,
} from './engine/client-editing.ts'
export type { ClientSummary } from './engine/client-summary.ts'
export type { GrantAdmin, GrantSummary } from './engine/grant-administration.ts'
export type { SigningKeyAdmin, SigningKeySummary } from './engine/key-administration.ts'
export type { MaintenanceReport } from './engine/maintenance.ts'
export type { EndedReport, WhichGrants } from './engine/mass-ending.ts'
export { environment } from './environment.ts'
export { ConfigurationError, NoUpstreamToken, Unavailable, UnreadableBody, UpstreamEnded } from './errors.ts'
export type {
  ApiKeyEnd,
  DrawbridgeEvent,
  DrawbridgeEvents,
  EventListener,
  EventListeners,
  EventType,
  GrantEnd,
} from './events.ts'
export { corsHeaders, routePreflight } from './http/cors.ts'
export { type ForwardedAddressOptions, forwardedAddress } from './http/forwarded-address.ts'
export { limitedBody } from './http/limited-body.ts'
export { pathHint } from './http/path-hint.ts'
export type { ClaimsOf } from './identity/provider.ts'
export { checkCall, checkMembers, inWords, type OptionKind, type OptionTable } from './known-options.ts'
export { tell } from './listener.ts'
export type { Severity } from './log/event-notes.ts'
export { type Logger, type LogOptions, logEvents } from './log/log.ts'
export type { LogOption } from './log/operator-log.ts'
export { type OAuthServer, type OAuthServerWithDefault, oauthProxy, oauthServer } from './oauth-server.ts'
export { checkMounted } from './options/check-mounted.ts'
export { type Mounted, mounted } from './options/mounted.ts'
export type {
  JsonWebKeyPrivate,
  Lifetimes,
  LimitedRequests,
  LimitOptions,
  MultiProviderOptions,
  OAuthProxyOptions,
  OAuthServerOptions,
  RegistrationOptions,
  ResourceOptions,
  RevocationOptions,
  ScopeDefinition,
  ScopeOptions,
  SigningKeyOptions,
} from './options/options.ts'
export type { ErrorText, Messages } from './pages/messages.ts'
export type { Theme } from './pages/theme.ts'
export { dangerouslyStaticTokens, type StaticToken } from './resource-server/static-tokens.ts'
export { type ResourceServerOptions, resourceServer, type UserOf, type Verifiers } from './resource-server.ts'
export { type MemoryOptions, memory } from './storage/memory.ts'
export type { Storage } from './storage/storage.ts'
export type { Words } from './syntax/words.ts'

/** For provider packages: the contracts they implement, and what each would otherwise write again. */

export { type BoundedCache, boundedCache } from './bounded-cache.ts'
export type { Clock } from './clock.ts'
export { systemClock } from './clock.ts'
export { environment } from './environment.ts'
export { ConfigurationError, Unavailable } from './errors.ts'
export { askedUser } from './identity/asked-user.ts'
export { upstreamCall } from './identity/call.ts'
export { credential, variableOf } from './identity/credential.ts'
export { callJson, type JsonAnswer, jsonAnswer, member, type NoJson } from './identity/json-answer.ts'
export {
  type OpenIdClaims,
  type OpenIdConnectOptions,
  openIdConnect,
} from './identity/open-id-connect.ts'
export type {
  AuthorizationParameters,
  Call,
  ClaimsOf,
  ClientAuth,
  Endpoints,
  FormContext,
  FormField,
  FormProvider,
  Icon,
  Identity,
  KnownEndpoints,
  Login,
  OAuthProvider,
  Post,
  Provider,
  ProviderScopes,
} from './identity/provider.ts'
export { AccessDenied } from './identity/provider.ts'
export { type ClientCredentials, providerClient, type SecretMethod } from './identity/provider-client.ts'
export { type ProviderOptions, providerOptionsTable } from './identity/provider-options.ts'
export { refusal, refusalBody } from './identity/refusal.ts'
export { checkAllow, isAmong, permitting, type RuleKind, verifiedEmail } from './identity/sign-in-rules.ts'
export { checkCall, checkMembers, inWords, type OptionKind, type OptionTable } from './known-options.ts'
export { type LogOption, tellOperator } from './log/operator-log.ts'
export type { Prompt } from './records/transaction.ts'
export type { UpstreamClaims, UpstreamTokens } from './records/upstream-tokens.ts'
export { type AskedTokensOptions, askedTokens, askedTokensTable } from './resource-server/asked-tokens.ts'
export type {
  MeantFor,
  Verification,
  VerifiedToken,
  Verifier,
  VerifierContext,
} from './resource-server/verifier.ts'
export type { ResourceServerOptions } from './resource-server.ts'
export type { Words } from './syntax/words.ts'

/**
 * For every package: what scopes, resources and URLs look like, and how they compare. What lets a request in or keeps it
 * out is written once, here.
 */

export { isLoopback } from './syntax/loopback.ts'
export { printable } from './syntax/printable.ts'
export { isSameResource } from './syntax/resource.ts'
export {
  formatScope,
  isScopeToken,
  missingScopes,
  requiredScopes,
  unionScopes,
} from './syntax/scopes.ts'
export { hostOrigin, isSecure, secureUrl } from './syntax/secure-url.ts'

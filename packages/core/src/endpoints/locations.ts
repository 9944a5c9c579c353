/** Where browsers are sent on our side, behind the issuer. With `*` for a provider's id. */
export const consentPath = '/consent'
export const signInPath = '/sign-in/*'
export const callbackPath = '/callback/*'
/** Where people see what they let in. */
export const accountPath = '/account'

/** The consent page of a request that travels in this handle. */
export function consentUrl(issuer: string, handle: string): string {
  return `${issuer}${consentPath}?transaction=${handle}`
}

/** The page of a provider whose people sign in here. */
export function signInUrl(issuer: string, provider: string, state: string): string {
  return `${issuer}${signInPath.replace('*', provider)}?${new URLSearchParams({ state })}`
}

/** Where a provider sends browsers back: the redirect URI of our app there. */
export function callbackUrl(issuer: string, provider: string): string {
  return issuer + callbackPath.replace('*', provider)
}

/** The page where people see what they let in. */
export function accountUrl(issuer: string): string {
  return issuer + accountPath
}

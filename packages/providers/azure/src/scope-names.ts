import type { Directory } from './tenants.ts'

/** Those that OpenID Connect names: they belong to every request, and to no API. */
export const openid: readonly string[] = ['openid', 'profile', 'email', 'offline_access']

/** What the app's own API is called where the operator does not say. */
export function apiUri(
  written: string | undefined,
  clientId: string,
  { b2c }: Pick<Directory, 'b2c'>,
): string {
  return (written ?? (b2c ? `https://${b2c.domain}/${clientId}` : `api://${clientId}`)).replace(/\/+$/, '')
}

/**
 * What a token request may ask for: one API's scopes, the app's own first. A browser may be sent for those of several, so
 * that people agree to them.
 *
 * @param sent in full
 */
export function ofOneApi(sent: readonly string[], api: string): string[] {
  const apis = sent.filter((name) => !openid.includes(name)).map(apiOf)
  const one = apis.find((each) => isSame(each, api)) ?? apis[0]
  return sent.filter((name) => openid.includes(name) || isSame(apiOf(name), one ?? ''))
}

/** Whether a token with these scopes is for the app's own API, and so the one to act on somebody's behalf with. */
export function isOwn(scopes: readonly string[]): boolean {
  return scopes.some((name) => !openid.includes(name) && !name.includes('/'))
}

/** The API of a scope in full: `https://graph.microsoft.com` of `https://graph.microsoft.com/Mail.Read`. */
export function apiOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')))
}

/** Entra answers in capitals of its own, and names the scopes of Graph with or without its address. */
export function isCalled(ours: string, theirs: string): boolean {
  return (
    isSame(ours, theirs) || (!theirs.includes('/') && isSame(ours.slice(ours.lastIndexOf('/') + 1), theirs))
  )
}

/** What a scope of the app's own API is called here. */
export function short(name: string, api: string): string {
  return startsWith(name, `${api}/`) ? name.slice(api.length + 1) : name
}

/** All that was agreed to before, whatever that is. */
export function isDefault(name: string): boolean {
  return name === '.default' || name.endsWith('/.default')
}

export function startsWith(name: string, prefix: string): boolean {
  return isSame(name.slice(0, prefix.length), prefix)
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

export const GRAPH = 'https://graph.microsoft.com'

export function isOpenId(scope: string): boolean {
  return ['openid', 'profile', 'email', 'offline_access'].includes(scope)
}

/** What an access token with these scopes would be for; a bare scope is Graph's, and Graph is the default. */
export function resourcesOf(scopes: readonly string[]): readonly string[] {
  const named = scopes.filter((scope) => !isOpenId(scope)).map((scope) => partsOf(scope).resource)
  return named.length > 0 ? [...new Set(named)] : [GRAPH]
}

export function isFor(resource: string, scopes: readonly string[]): boolean {
  return resourcesOf(scopes)[0] === resource
}

/** Whether it was consented to, under whichever of its names. */
export function isGranted(scope: string, granted: readonly string[]): boolean {
  const { resource, name } = partsOf(scope)
  return (
    isOpenId(scope) ||
    granted.some((each) => {
      const other = partsOf(each)
      return other.resource === resource && (other.name === name || name === '.default')
    })
  )
}

/** Those of the resource by their short names: the claim `scp`. */
export function scpOf(scopes: readonly string[]): string {
  return scopes
    .filter((scope) => !isOpenId(scope))
    .map((scope) => partsOf(scope).name)
    .join(' ')
}

/** As an answer has them: never `offline_access`, and the other OpenID scopes beside Graph's alone. */
export function named(scopes: readonly string[]): readonly string[] {
  const isGraph = isFor(GRAPH, scopes)
  return scopes.filter((scope) => !isOpenId(scope) || (isGraph && scope !== 'offline_access'))
}

function partsOf(scope: string): { resource: string; name: string } {
  const slash = scope.lastIndexOf('/')
  return slash === -1
    ? { resource: GRAPH, name: scope }
    : { resource: scope.slice(0, slash), name: scope.slice(slash + 1) }
}

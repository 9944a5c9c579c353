import type { ResourceScopes } from '../syntax/resource.ts'
import { unionScopes } from '../syntax/scopes.ts'
import type { Provider } from './provider.ts'

/** What decides who can be granted a scope: the operator's mapping, and what each provider says is its own. */
interface Granting {
  scopes: Pick<ResourceScopes, 'hierarchy' | 'upstream'>
  providers: readonly Provider[]
}

/**
 * What these scopes of ours need at a provider beyond what it is always asked for, in the names that it gives its scopes:
 * with those that they imply.
 */
export function neededScopes(granting: Granting, provider: Provider, scopes: readonly string[]): string[] {
  const all = granting.scopes.hierarchy.expand(scopes)
  return unionScopes(...all.map((scope) => needOf(granting, provider, scope)))
}

/**
 * Of the scopes that somebody consented to, those that this provider grants: with each goes all that it implies, so that
 * whoever holds the broader one holds nothing that the provider did not grant. Of one that it does not grant, the part
 * that it does.
 *
 * @param granted what the sign-in brought, in the provider's names. Left out: everything it could.
 */
export function grantedScopes(
  granting: Granting,
  provider: Provider,
  consented: readonly string[],
  granted?: readonly string[] | undefined,
): string[] {
  const { hierarchy } = granting.scopes
  const may = (scope: string) => {
    const need = needOf(granting, provider, scope)
    return need?.every((one) => granted === undefined || granted.includes(one)) ?? false
  }
  return hierarchy.allowed(consented, (scope) => hierarchy.expand([scope]).every(may))
}

/** What a tool asks of the provider's token: in the provider's names, or in ours where the operator has mapped them. */
export function upstreamNames(
  { upstream }: Pick<ResourceScopes, 'upstream'>,
  provider: string,
  names: readonly string[],
): string[] {
  return unionScopes(...names.map((name) => upstream.get(name)?.get(provider) ?? [name]))
}

/**
 * The operator's mapping comes first. Without one, a scope that a provider lists is that provider's and nobody else's, and
 * any other is the operator's own, of which no provider knows. `undefined`: this provider cannot grant it.
 */
function needOf(
  { scopes, providers }: Granting,
  provider: Provider,
  scope: string,
): readonly string[] | undefined {
  const mapping = scopes.upstream.get(scope)
  if (mapping) return mapping.get(provider.id)
  if (isListed(provider, scope)) return [scope]
  return providers.some((other) => isListed(other, scope)) ? undefined : []
}

function isListed(provider: Provider, scope: string): boolean {
  if (provider.type !== 'oauth') return false
  return provider.scopes.default.includes(scope) || (provider.scopes.supported?.includes(scope) ?? false)
}

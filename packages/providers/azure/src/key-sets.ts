import { ConfigurationError } from '@drawbridge/core/provider'
import type { TokenVersion } from './authority.ts'
import { type Directory, personal } from './tenants.ts'

/** Issuers that share keys, and whose those are. */
export interface KeySet {
  version: TokenVersion
  tenants: readonly string[]
  jwksUri: string
}

/** Of organizations and of personal accounts apart, and of each shape: no key of one is good for another. */
export function keySets(directory: Directory): KeySet[] {
  const { tenants, url, b2c } = directory
  if (typeof tenants === 'string') {
    throw new ConfigurationError(
      'allow.tenants',
      'is missing',
      'Name the tenants, by their ids: whoever checks tokens knows whose.',
    )
  }
  if (b2c) return [{ version: 'v2', tenants, jwksUri: `${url}/discovery/v2.0/keys` }]
  const isPersonal = (tid: string) => tid === personal
  return [tenants.filter((tid) => !isPersonal(tid)), tenants.filter(isPersonal)]
    .filter((group) => group.length > 0)
    .flatMap((group) => {
      const at = `${url}/${group.length === 1 ? group[0] : 'organizations'}/discovery`
      return [
        { version: 'v2', tenants: group, jwksUri: `${at}/v2.0/keys` },
        { version: 'v1', tenants: group, jwksUri: `${at}/keys` },
      ] as const
    })
}

/** A key says whose it is: one tenant's, or by a template that of every organization. */
export function ownsKey(owner: string, tenants: readonly string[]): boolean {
  const of = owner.toLowerCase()
  return of.includes('{tenantid}') ? !tenants.includes(personal) : tenants.some((tid) => of.includes(tid))
}

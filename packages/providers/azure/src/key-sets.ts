import { ConfigurationError } from '@drawbridge/core/provider'
import type { TokenVersion } from './authority.ts'
import { type Directory, personal } from './tenants.ts'

/** Who issues tokens of one tenant in one shape, and where their keys are. */
export interface KeySet {
  version: TokenVersion
  tid: string
  jwksUri: string
}

/** Of each tenant and of each shape apart: no key of one is good for another. */
export function keySets(directory: Directory): KeySet[] {
  const { tenants, url, b2c } = directory
  if (typeof tenants === 'string') {
    throw new ConfigurationError(
      'allow.tenants',
      'is missing',
      'Name the tenants, by their ids: whoever checks tokens knows whose.',
    )
  }
  const versions = b2c ? (['v2'] as const) : (['v2', 'v1'] as const)
  return tenants.flatMap((tid) => {
    const base = b2c ? url : `${url}/${tid}`
    return versions.map((version) => ({
      ...{ version, tid },
      jwksUri: `${base}/discovery/${version === 'v2' ? 'v2.0/' : ''}keys`,
    }))
  })
}

/** A key says whose it is: one tenant's, or by a template that of every organization. */
export function ownsKey(owner: string, tid: string): boolean {
  const of = owner.toLowerCase()
  return of.includes('{tenantid}') ? tid !== personal : of.includes(tid)
}

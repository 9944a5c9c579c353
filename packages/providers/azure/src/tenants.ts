import {
  AccessDenied,
  ConfigurationError,
  credential,
  environment,
  isAmong,
  type UpstreamClaims,
  variableOf,
} from '@drawbridge/core/provider'
import { type Authority, authorityOf, type TokenVersion } from './authority.ts'
import type { AzureAllow } from './rules.ts'

/** The tenant of personal Microsoft accounts. */
export const personal = '9188040d-6c67-4c5b-b112-36a304b66dad'

/** Whose accounts may come: those of these tenants, of every organization, or everybody's. */
export type Tenants = readonly string[] | 'organizations' | 'everybody'

/** Where accounts are from. */
export interface Directory extends Authority {
  /** What the addresses of its endpoints begin with. */
  base: string
  tenants: Tenants
}

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Whether it is the id of something at Entra: of a tenant, of somebody. */
export function isGuid(id: unknown): id is string {
  return typeof id === 'string' && guid.test(id)
}

const several = ['organizations', 'common']

/**
 * Whose accounts may come, by the options and the environment.
 *
 * @throws {ConfigurationError} where that would be somebody unknown, and for what is no tenant
 */
export function directoryOf(
  options: {
    id?: string | undefined
    tenant?: string | undefined
    authority?: string | undefined
    allow?: AzureAllow | undefined
  },
  call: string,
): Directory {
  const { id = 'azure', allow } = options
  const variable = variableOf(id, 'TENANT')
  const where = 'the "Directory (tenant) ID" on the overview page of the app registration'
  const tenant = credential('tenant', options.tenant, { call, variable, where })
  const authority = authorityOf(options.authority ?? environment(variableOf(id, 'AUTHORITY')))
  const unknown = (allow?.tenants ?? []).find((each) => !isGuid(each))
  if (unknown !== undefined) throw noGuid('allow.tenants', `holds "${unknown}"`)
  if (authority.b2c && !isGuid(tenant))
    throw noGuid('tenant', `is "${tenant}" with an authority of Azure AD B2C`)
  const tenants = tenantsOf(tenant, allow)
  const base = authority.b2c ? authority.url : `${authority.url}/${tenant}`
  return {
    ...authority,
    base,
    tenants: typeof tenants === 'string' ? tenants : tenants.map((each) => each.toLowerCase()),
  }
}

function tenantsOf(tenant: string, allow: AzureAllow | undefined): Tenants {
  if (isGuid(tenant) || tenant === 'consumers') {
    if (!allow?.tenants && !allow?.anyTenant) return [tenant === 'consumers' ? personal : tenant]
    throw new ConfigurationError(
      allow.tenants ? 'allow.tenants' : 'allow.anyTenant',
      `is there, and \`tenant\` names one: ${tenant}`,
      "Leave it out, or pass tenant: 'organizations' with all of the tenants in allow.tenants.",
    )
  }
  if (!several.includes(tenant) && !/^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(tenant)) {
    throw noGuid('tenant', `is "${tenant}"`)
  }
  if (allow?.tenants?.length === 0) {
    throw new ConfigurationError('allow.tenants', 'is empty', 'Name the tenants, by their ids.')
  }
  if (allow?.tenants) return allow.tenants
  if (allow?.anyTenant && several.includes(tenant)) return tenant === 'common' ? 'everybody' : 'organizations'
  if (!several.includes(tenant)) throw noGuid('tenant', `is the domain "${tenant}"`)
  throw new ConfigurationError(
    'allow.tenants',
    `is missing, and the tenant "${tenant}" lets everybody in whom any organization has made an account`,
    'Name the tenants in allow.tenants, by their ids, or pass allow: { anyTenant: true } to mean all of them.',
  )
}

function noGuid(option: string, got: string): ConfigurationError {
  const rest =
    option === 'tenant' ? ", or 'organizations', 'common' or 'consumers'; a domain needs allow.tenants" : ''
  return new ConfigurationError(option, got, `Pass the id of the directory, a GUID${rest}.`)
}

/** Throws {@link AccessDenied} for an account of another tenant, and for one of which none is said. */
export function checkTenant(tenants: Tenants, tid: unknown): asserts tid is string {
  const isTenant = isGuid(tid)
  const isPersonal = isTenant && isAmong([personal], tid)
  if (isTenant && (tenants === 'everybody' || (tenants === 'organizations' && !isPersonal))) return
  if (isTenant && typeof tenants === 'object' && isAmong(tenants, tid)) return
  throw new AccessDenied(
    isPersonal
      ? 'Personal Microsoft accounts have no access here. Please choose a work or school account.'
      : 'This account belongs to an organization that has no access here. Please choose another one.',
  )
}

/** The issuer that a token with these claims has to be of, of the two or three that a tenant has. */
export function issuerOf(
  { iss, tid, tfp, acr }: UpstreamClaims,
  directory: Directory,
  version: TokenVersion = 'v2',
): string {
  const { b2c, tenants } = directory
  const tenant = b2c ? tenants[0] : tid
  checkTenant(tenants, tenant)
  // Another policy of the same tenant may ask for less of people.
  if (b2c && !isAmong([b2c.policy], tfp ?? acr))
    throw new AccessDenied('Please sign in again: this was another kind of sign-in.')
  const issuers = directory.issuers(tenant)[version]
  return issuers.find((each) => each === iss) ?? issuers[0] ?? ''
}

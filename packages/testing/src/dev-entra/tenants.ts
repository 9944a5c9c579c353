import type { DevOidcUser } from '../dev-oidc.ts'

/** The tenants of the development users; the last is that of every personal Microsoft account, there and at Entra. */
export const entraTenants = {
  acme: 'ac3e0000-0000-4000-8000-000000000001',
  other: '07e40000-0000-4000-8000-000000000002',
  personal: '9188040d-6c67-4c5b-b112-36a304b66dad',
} as const

const admins = 'ad319000-0000-4000-8000-000000000003'

/** Two of one tenant, one of them with a role and a group, and its guest; one of another tenant; one personal account. */
export const users: readonly DevOidcUser[] = [
  {
    sub: 'ada',
    name: 'Ada Lovelace',
    preferred_username: 'ada@acme.test',
    email: 'ada@acme.test',
    oid: '00000000-0000-4000-8000-0000000000a1',
    tid: entraTenants.acme,
    acct: 0,
    roles: ['Admin'],
    groups: [admins],
    graph: { jobTitle: 'Analyst', department: 'Engines', officeLocation: '1' },
  },
  {
    sub: 'grace',
    name: 'Grace Hopper',
    preferred_username: 'grace@acme.test',
    email: 'grace@acme.test',
    oid: '00000000-0000-4000-8000-0000000000a2',
    tid: entraTenants.acme,
    acct: 0,
    graph: { jobTitle: 'Admiral', department: 'Compilers', officeLocation: '2' },
  },
  {
    sub: 'kim',
    name: 'Kim Guest',
    preferred_username: 'kim@partner.test',
    email: 'kim@partner.test',
    oid: '00000000-0000-4000-8000-0000000000a3',
    tid: entraTenants.acme,
    acct: 1,
    idp: 'live.com',
  },
  {
    sub: 'max',
    name: 'Max Planck',
    preferred_username: 'max@other.test',
    email: 'max@other.test',
    oid: '00000000-0000-4000-8000-0000000000b1',
    tid: entraTenants.other,
  },
  {
    sub: 'lin',
    name: 'Lin Lanying',
    preferred_username: 'lin@outlook.test',
    email: 'lin@outlook.test',
    oid: '00000000-0000-0000-0000-0000000000c1',
    tid: entraTenants.personal,
  },
]

/** What discovery names: for several tenants at once a pattern that is no URL. */
export function issuerAt(origin: string, tenant = 'common'): string {
  const known: Record<string, string> = {
    common: '{tenantid}',
    organizations: '{tenantid}',
    consumers: entraTenants.personal,
  }
  return `${origin}/${known[tenant] ?? tenant}/v2.0`
}

/** Whether an account may sign in at this tenant's endpoints. */
export function enters({ tid }: DevOidcUser, tenant = 'common'): boolean {
  if (tenant === 'common') return true
  if (tenant === 'organizations') return tid !== entraTenants.personal
  return tid === (tenant === 'consumers' ? entraTenants.personal : tenant)
}

import { type Call, member } from '@drawbridge/core/provider'
import { get, isVerdict, unexpected } from './rest-api.ts'

/** `pending`: invited. `withheld`: GitHub does not tell this app, for an owner has not approved it. */
export type Membership = 'active' | 'pending' | 'none' | 'withheld'

/** How the token's user stands to an organization; needs `read:org`. */
export function organizationMembership(
  organization: string,
  token: string,
  call: Call,
  apiUrl: string,
): Promise<Membership> {
  return membership(`${apiUrl}/user/memberships/orgs/${encodeURIComponent(organization)}`, token, call)
}

/** How a user stands to a team, written `organization/team-slug`; needs `read:org`. */
export function teamMembership(
  team: string,
  login: string,
  token: string,
  call: Call,
  apiUrl: string,
): Promise<Membership> {
  const [organization = '', slug = ''] = team.split('/').map(encodeURIComponent)
  const path = `/orgs/${organization}/teams/${slug}/memberships/${encodeURIComponent(login)}`
  return membership(apiUrl + path, token, call)
}

async function membership(url: string, token: string, call: Call): Promise<Membership> {
  const answer = await get(call, url, token)
  const state = member(answer.body, 'state')
  if (answer.status === 200 && (state === 'active' || state === 'pending')) return state
  if (isVerdict(answer, 404)) return 'none'
  if (isVerdict(answer, 403)) return 'withheld'
  throw unexpected(answer, url)
}

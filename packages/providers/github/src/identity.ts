import {
  AccessDenied,
  type Call,
  type Identity,
  member,
  type UpstreamTokens,
} from '@drawbridge/core/provider'
import { type Membership, organizationMembership, teamMembership } from './membership.ts'
import type { Settings } from './options.ts'
import { get, isVerdict, unexpected } from './rest-api.ts'

/** What a tool learns about its user. */
export interface GitHubUser {
  /** For ever the same account; the `sub`, as a number. */
  id: number
  /** May change, and then belong to somebody else. */
  login: string
  name: string | null
  /** The primary, verified address with the scope `user:email`; else the one on the public profile, if any. */
  email: string | null
  avatar_url: string | null
  html_url: string | null
}

/**
 * Who a token belongs to, and whether they may enter.
 *
 * @throws {AccessDenied} when GitHub no longer takes the token, the account matches none of the rules, or `permit` says no
 * @throws Error when GitHub cannot be asked
 */
export async function identify(
  tokens: UpstreamTokens,
  call: Call,
  settings: Settings,
): Promise<Identity<GitHubUser>> {
  const url = `${settings.apiUrl}/user`
  const answer = await get(call, url, tokens.access_token)
  // An expiring token may just have been replaced elsewhere; its refresh will tell.
  if (isVerdict(answer, 401) && tokens.expires_at === undefined) {
    throw new AccessDenied('GitHub no longer accepts this sign-in. Please sign in again.')
  }
  const { body } = answer
  const id = member(body, 'id')
  const login = member(body, 'login')
  if (answer.status !== 200 || !Number.isSafeInteger(id) || typeof login !== 'string')
    throw unexpected(answer, url)

  const user: GitHubUser = {
    id: Number(id),
    login,
    name: textOrNull(member(body, 'name')),
    email: textOrNull(member(body, 'email')),
    avatar_url: textOrNull(member(body, 'avatar_url')),
    html_url: textOrNull(member(body, 'html_url')),
  }
  await admit(user, tokens.access_token, call, settings)
  if (tokens.scopes.includes('user:email')) {
    user.email = (await primaryEmail(tokens.access_token, call, settings)) ?? user.email
  }
  if (settings.permit && (await settings.permit(user)) !== true) throw new AccessDenied(refusal(login, []))
  return { sub: String(id), account: login, claims: user }
}

/** Lets an account pass that matches any of the rules. */
async function admit(
  user: GitHubUser,
  token: string,
  call: Call,
  { allow, apiUrl }: Settings,
): Promise<void> {
  if (!allow) return
  const known = (rule: string | number) =>
    typeof rule === 'number' ? rule === user.id : rule.toLowerCase() === user.login.toLowerCase()
  if (allow.users.some(known)) return

  const found: { where: string; membership: Membership }[] = []
  for (const organization of allow.organizations) {
    const membership = await organizationMembership(organization, token, call, apiUrl)
    if (membership === 'active') return
    found.push({ where: organization, membership })
  }
  for (const team of allow.teams) {
    const membership = await teamMembership(team, user.login, token, call, apiUrl)
    if (membership === 'active') return
    found.push({ where: team, membership })
  }
  throw new AccessDenied(refusal(user.login, found))
}

function refusal(login: string, found: readonly { where: string; membership: Membership }[]): string {
  const invitation = found.find(({ membership }) => membership === 'pending')
  if (invitation)
    return `Please accept your invitation to ${invitation.where} on GitHub first, then try again.`
  const withheld = found.find(({ membership }) => membership === 'withheld')
  if (withheld)
    return `GitHub does not tell this app who belongs to ${withheld.where}. An owner there can approve it.`
  return `The GitHub account ${login} has no access here. You can try again with another account.`
}

async function primaryEmail(token: string, call: Call, { apiUrl }: Settings): Promise<string | undefined> {
  const url = `${apiUrl}/user/emails`
  const answer = await get(call, url, token)
  // A GitHub App without the permission: the public profile has to do.
  if (isVerdict(answer, 404) || isVerdict(answer, 403)) return undefined
  if (answer.status !== 200 || !Array.isArray(answer.body)) throw unexpected(answer, url)
  const entries: unknown[] = answer.body
  const primary = entries.find(
    (entry) => member(entry, 'primary') === true && member(entry, 'verified') === true,
  )
  return textOrNull(member(primary, 'email')) ?? undefined
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

import {
  askedUser,
  ConfigurationError,
  checkMembers,
  type Identity,
  type Login,
  member,
} from '@drawbridge/core/provider'
import { secureUrl } from '@drawbridge/core/syntax'
import type { UserMembers } from './oauth2-options.ts'
import type { OidcAllow, OidcUser } from './options.ts'

/** @throws {ConfigurationError} for members that there are not, and for rules about an address that nobody reads */
export function checkMembersOf(user: UserMembers, allow: OidcAllow | undefined): void {
  checkMembers<UserMembers>('user', user, {
    url: 'text',
    sub: 'text',
    name: 'text',
    picture: 'text',
    email: 'text',
    email_verified: true,
    account: 'text',
    claims: 'texts',
  })
  secureUrl('user.url', user.url, 'Pass where the service says who somebody is.')
  if (!user.sub) throw new ConfigurationError('user.sub', 'is missing', 'Name the member that is the id.')
  if (allow === undefined || (user.email && user.email_verified)) return
  throw new ConfigurationError(
    'allow',
    'is about addresses, and nothing says which were verified',
    'Name the members in `user.email` and `user.email_verified`, or use `permit`.',
  )
}

/** Who the service says it is. */
export async function userOf(login: Login<unknown>, user: UserMembers): Promise<Identity<OidcUser>> {
  const answer = await askedUser(login, user.url)
  const sub = at(answer, user.sub)
  if (!isId(sub)) {
    throw new Error(`${new URL(user.url).host} did not say who this is: "${user.sub}"`)
  }
  const { email_verified: verified } = user
  const known = {
    ...Object.fromEntries((user.claims ?? []).map((name) => [name, at(answer, name)])),
    name: at(answer, user.name),
    picture: at(answer, user.picture),
    email: at(answer, user.email),
    email_verified: verified === undefined ? undefined : verified === true || at(answer, verified) === true,
  }
  const said = Object.entries(known).filter(([, value]) => value !== undefined && value !== null)
  const account = [at(answer, user.account), known.email, known.name].find(
    (one): one is string => typeof one === 'string' && one !== '',
  )
  return { sub: String(sub), account, claims: { ...Object.fromEntries(said), sub: String(sub) } }
}

/** Some services call nobody 0, and numbers beyond the safe ones are several people's. */
function isId(sub: unknown): sub is string | number {
  if (typeof sub === 'string') return sub.trim() !== ''
  return typeof sub === 'number' && Number.isSafeInteger(sub) && sub > 0
}

function at(answer: unknown, path: string | undefined): unknown {
  return path?.split('.').reduce<unknown>((value, name) => member(value, name), answer)
}

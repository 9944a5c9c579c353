import type { Identity } from '@drawbridge/core/provider'
import { type Directory, isGuid } from './tenants.ts'

type Claims = Readonly<Record<string, unknown>>

/** What Microsoft says of somebody, and what a tool learns. */
export interface AzureUser {
  /** The tenant that somebody signed in to: a guest's is the host's, and not the guest's own. */
  readonly tid: string
  /** Whom the tenant knows by it, in all of its apps. */
  readonly oid: string
  readonly name?: string | undefined
  /** For people to read. It changes, and may become somebody else's. */
  readonly preferred_username?: string | undefined
  /** As an administrator of their tenant wrote it: never verified, and no way to tell who somebody is. */
  readonly email?: string | undefined
  readonly email_verified?: false | undefined
  /** App roles of this app. */
  readonly roles?: readonly string[] | undefined
  /** Ids of groups, where the app registration adds them to its tokens. */
  readonly groups?: readonly string[] | undefined
  /** Somebody in more groups than a token holds: it names none of them. */
  readonly groups_overage?: true | undefined
  /** With the option `graph`: what it asks for. */
  readonly graph?: Readonly<Record<string, unknown>> | undefined
  readonly [claim: string]: unknown
}

/** Claims about the token, and those that are for Microsoft to read. */
const ofTheToken = [
  'iss aud azp appid exp iat nbf jti nonce at_hash c_hash auth_time sid sub ver uti rh aio azpacr appidacr acr amr',
  'scp idtyp login_hint email_verified roles groups hasgroups _claim_names _claim_sources xms_ftd xms_cc xms_st',
].flatMap((names) => names.split(' '))

/**
 * Who this is, of claims that were checked: of an id_token or an access token, in either shape.
 *
 * @throws {Error} where they do not say: Entra leaves both ids out without the scope `profile`
 */
export function userOf(claims: Claims, { b2c, tenants }: Directory): AzureUser {
  // A policy of Azure AD B2C is one tenant's, and its `sub` is the object id.
  const tid = b2c ? tenants[0] : claims.tid
  const oid = b2c ? claims.sub : claims.oid
  // Of a policy that is set to it, `sub` is one and the same text for everybody.
  if (typeof tid !== 'string' || !isGuid(oid)) {
    const fix = b2c ? 'set "Subject (sub) claim" of the policy to ObjectID' : 'it has no tid and oid'
    throw new Error(`the token does not say who this is: ${fix}`)
  }
  const rest = Object.entries(claims).filter(([name]) => !ofTheToken.includes(name))
  return {
    ...Object.fromEntries(rest),
    ...{ tid, oid },
    ...textsOf('roles', claims),
    ...textsOf('groups', claims),
    ...(hasMoreGroups(claims) && { groups_overage: true }),
    ...(claims.email !== undefined && { email_verified: false }),
  }
}

/** The same for every token of the app, and for as long as the account is. */
export function identityOf(claims: Claims, directory: Directory): Identity<AzureUser> {
  const user = userOf(claims, directory)
  return { sub: `${user.tid}.${user.oid}`, account: accountOf(user), claims: user }
}

/** What people type to sign in; for them to read, and for no rule: all of it changes, and none of it is verified. */
function accountOf({ preferred_username, upn, email, emails, name }: AzureUser): string | undefined {
  // Azure AD B2C has a list of addresses.
  const [first] = Array.isArray(emails) ? emails : []
  return [preferred_username, upn, email, first, name].find((one) => typeof one === 'string' && one !== '')
}

/** https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference#groups-overage-claim */
function hasMoreGroups({ _claim_names, hasgroups }: Claims): boolean {
  return hasgroups === true || hasgroups === 'true' || Object.hasOwn(Object(_claim_names), 'groups')
}

/** A claim that is a list, without what is no text in it; any other is left out. */
function textsOf(name: 'roles' | 'groups', claims: Claims): Partial<Record<typeof name, string[]>> {
  const claim = claims[name]
  return Array.isArray(claim) ? { [name]: claim.filter((each) => typeof each === 'string') } : {}
}

import { ConfigurationError } from '@drawbridge/core/provider'
import { secureUrl } from '@drawbridge/core/syntax'

/** Where people sign in, and what stands at other addresses for those who do. */
export interface Authority {
  /** What its endpoints begin with, but for the tenant: `https://login.microsoftonline.com`. */
  url: string
  /** The user flow or custom policy of Azure AD B2C, and its tenant's domain. */
  b2c?: { domain: string; policy: string } | undefined
  /** Microsoft Graph. */
  graph: string
  /** Who issues the tokens of a tenant, in each of their two shapes. */
  issuers(tid: string): Record<TokenVersion, readonly string[]>
}

/** https://learn.microsoft.com/entra/identity-platform/access-tokens#token-formats */
export type TokenVersion = 'v1' | 'v2'

const worldwide = { sts: 'https://sts.windows.net', graph: 'https://graph.microsoft.com' }

/** https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud */
const clouds: Readonly<Record<string, typeof worldwide>> = {
  'login.microsoftonline.com': worldwide,
  'login.microsoftonline.us': { sts: 'https://sts.windows.net', graph: 'https://graph.microsoft.us' },
  'login.partner.microsoftonline.cn': {
    sts: 'https://sts.chinacloudapi.cn',
    graph: 'https://microsoftgraph.chinacloudapi.cn',
  },
}

const fix =
  'Pass an origin, such as https://login.microsoftonline.us, or the address of a policy of Azure AD B2C: https://acme.b2clogin.com/acme.onmicrosoft.com/B2C_1_sign_in.'

/** @throws {ConfigurationError} for an address with another path, and for one that is not https */
export function authorityOf(written: string = 'https://login.microsoftonline.com'): Authority {
  const { origin, pathname, hostname, search } = secureUrl('authority', written, fix)
  const [domain, policy, ...more] = pathname.split('/').filter((part) => part !== '' && part !== 'tfp')
  if (search || more.length > 0 || (domain !== undefined && policy === undefined)) {
    const isTenant = domain !== undefined && policy === undefined
    const got = `"${written}" has ${search ? 'a query' : 'a path'}`
    throw new ConfigurationError('authority', got, isTenant ? `Put "${domain}" into \`tenant\`. ${fix}` : fix)
  }
  const { sts, graph } = clouds[hostname] ?? worldwide
  if (domain === undefined || policy === undefined) {
    return {
      url: origin,
      graph,
      issuers: (tid) => ({ v1: [`${sts}/${tid}/`], v2: entraIssuers(origin, tid) }),
    }
  }
  return {
    url: `${origin}/${domain}/${policy}`,
    b2c: { domain, policy },
    graph,
    issuers: (tid) => ({ v1: [], v2: b2cIssuers(origin, tid, policy) }),
  }
}

/** External ID names the tenant in the host of its issuer, whatever the host that people sign in at. */
function entraIssuers(origin: string, tid: string): string[] {
  const own = `${origin}/${tid}/v2.0`
  return new URL(origin).hostname in clouds ? [own] : [own, `https://${tid}.ciamlogin.com/${tid}/v2.0`]
}

/** https://learn.microsoft.com/azure/active-directory-b2c/tokens-overview#compatibility */
function b2cIssuers(origin: string, tid: string, policy: string): string[] {
  const policies = new Set([policy, policy.toLowerCase()])
  return [`${origin}/${tid}/v2.0/`, ...[...policies].map((each) => `${origin}/tfp/${tid}/${each}/v2.0/`)]
}

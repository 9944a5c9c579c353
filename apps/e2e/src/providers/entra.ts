import { openIdConnect } from '@drawbridge/core/provider'

const api = 'api://dev-client/'
const openid = ['openid', 'profile', 'offline_access']
const tenants = ['acme', 'initech']
const theirs = (name: string) => (openid.includes(name) || name.includes('://') ? name : api + name)
const named = ({ scopes }: { scopes: readonly string[] }) => ({ scope: scopes.join(' ') })

/** An issuer for each tenant, scopes that have to be sent each time, an assertion for a secret, nothing to revoke. */
export const entra = (origin: string) =>
  openIdConnect({
    id: 'entra',
    label: 'Microsoft',
    clientId: 'dev-client',
    clientAuth: { method: 'assertion', assertion: async () => 'dev-secret' },
    issuer: ({ tid }) => `${origin}/${tid}/v2.0`,
    endpoints: { authorization: `${origin}/authorize`, token: `${origin}/token`, jwks: `${origin}/jwks` },
    scopes: {
      default: ['files.read'],
      supported: ['files.write'],
      hidden: openid,
      toUpstream: (scopes) => scopes.map(theirs),
      fromUpstream: (scopes, asked) => [
        ...scopes.map((name) => name.replace(api, '')),
        ...openid.filter((name) => asked.includes(name) && !scopes.includes(name)),
      ],
    },
    parameters: { token: named, refresh: named },
    revocation: 'none',
    permit: ({ tid }) => tenants.includes(String(tid)),
    identity: ({ tid, oid, name }) => ({ sub: `${tid}.${oid}`, claims: { name } }),
    exchange: ({ tokens, scopes, post }) =>
      post(`${origin}/token`, {
        ...named({ scopes }),
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: tokens.access_token,
        requested_token_use: 'on_behalf_of',
      }),
  })

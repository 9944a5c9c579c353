import { openIdConnect } from '@drawbridge/core/provider'

const api = 'api://dev-client/'
const openid = ['openid', 'profile', 'offline_access']
const tenants = ['acme', 'initech']

/** An issuer for each tenant, scopes that have to be sent each time, an assertion for a secret, nothing to revoke. */
export const entra = (origin: string) =>
  openIdConnect({
    id: 'entra',
    label: 'Microsoft',
    clientId: 'dev-client',
    clientAuth: { method: 'assertion', assertion: async () => 'dev-secret' },
    issuer: ({ tid }) => `${origin}/${tid}/v2.0`,
    endpoints: {
      authorization: `${origin}/authorize`,
      token: `${origin}/token`,
      jwks: `${origin}/jwks`,
    },
    scopes: {
      default: ['files.read'],
      supported: ['files.write'],
      hidden: openid,
      toUpstream: (scopes) => scopes.map((name) => (openid.includes(name) ? name : api + name)),
      fromUpstream: (scopes, asked) => [
        ...scopes.map((name) => name.replace(api, '')),
        ...openid.filter((name) => asked.includes(name) && !scopes.includes(name)),
      ],
    },
    parameters: {
      token: ({ scopes }) => ({ scope: scopes.join(' ') }),
      refresh: ({ scopes }) => ({ scope: scopes.join(' ') }),
    },
    revocation: 'none',
    allow: ({ tid }) => tenants.includes(String(tid)),
    identity: ({ tid, oid, name }) => ({ sub: `${tid}.${oid}`, claims: { name } }),
  })

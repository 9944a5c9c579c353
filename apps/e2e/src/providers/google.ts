import { openIdConnect } from '@drawbridge/core/provider'

const scope = 'https://www.googleapis.test/auth/'
const aliases: Readonly<Record<string, string>> = { email: `${scope}userinfo.email` }
const names = new Map(Object.entries(aliases).map(([ours, theirs]) => [theirs, ours]))

/** Refresh tokens only at a consent, scopes under other names, and a revocation that ends everything. */
export const google = (issuer: string) =>
  openIdConnect({
    id: 'google',
    label: 'Google',
    issuer,
    clientId: 'dev-client',
    clientSecret: 'dev-secret',
    scopes: {
      default: ['email'],
      supported: ['calendar'],
      toUpstream: (scopes) => scopes.map((name) => (name === 'calendar' ? `${scope}${name}` : name)),
      fromUpstream: (scopes) => scopes.map((name) => names.get(name) ?? name.replace(scope, '')),
    },
    parameters: {
      authorize: ({ again }) => ({ access_type: 'offline', ...(again && { prompt: 'consent' }) }),
    },
    tokens: 'per-user',
    revocation: 'user',
    async conform(response, leg) {
      // It has ended already.
      const isDead = leg === 'revoke' && response.status === 400
      return isDead ? new Response(null, { status: 200 }) : response
    },
  })

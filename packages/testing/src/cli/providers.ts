import { devEntra, entraTenants } from '../dev-entra.ts'
import { devGitHub } from '../dev-github.ts'
import { devGoogle } from '../dev-google.ts'
import { type DevOidc, devOidc } from '../dev-oidc.ts'
import { devWorkOS } from '../dev-workos.ts'
import type { Handler } from '../listen.ts'

export type ProviderName = 'github' | 'google' | 'entra' | 'workos' | 'oidc'

interface Started {
  fetch: Handler
  /** Who can sign in, and what tells them apart. */
  people: readonly (readonly string[])[]
}

interface CommandProvider {
  /** What people know it as. */
  name: string
  /** What its provider package reads. */
  variables(url: string): Record<string, string>
  start(): Started
}

const credentials = (id: string) => ({
  [`DRAWBRIDGE_${id}_CLIENT_ID`]: 'dev-client',
  [`DRAWBRIDGE_${id}_CLIENT_SECRET`]: 'dev-secret',
})

const openId = (dev: DevOidc, claims: readonly string[]): Started => ({
  fetch: dev.fetch,
  people: dev.users.map((user) => [
    user.sub,
    ...claims.filter((claim) => user[claim] !== undefined).map((claim) => `${claim} ${user[claim]}`),
  ]),
})

export const providers: Record<ProviderName, CommandProvider> = {
  github: {
    name: 'GitHub',
    variables: (url) => ({ ...credentials('GITHUB'), DRAWBRIDGE_GITHUB_HOST: url }),
    start() {
      const dev = devGitHub()
      return {
        fetch: dev.fetch,
        people: dev.users.map(({ login, name, organizations = {} }) => [
          login,
          `name ${name}`,
          ...Object.keys(organizations).map((organization) => `organization ${organization}`),
        ]),
      }
    },
  },
  google: {
    name: 'Google',
    variables: (url) => ({ ...credentials('GOOGLE'), DRAWBRIDGE_GOOGLE_ISSUER: url }),
    start: () => openId(devGoogle(), ['name', 'email', 'hd']),
  },
  entra: {
    name: 'Entra',
    variables: (url) => ({
      ...credentials('AZURE'),
      DRAWBRIDGE_AZURE_AUTHORITY: url,
      DRAWBRIDGE_AZURE_TENANT: entraTenants.acme,
    }),
    start: () => openId(devEntra(), ['name', 'preferred_username', 'tid']),
  },
  workos: {
    name: 'WorkOS',
    variables: (url) => ({ ...credentials('WORKOS'), DRAWBRIDGE_WORKOS_DOMAIN: url }),
    start: () => openId(devWorkOS(), ['name', 'email', 'org_id']),
  },
  oidc: {
    name: 'OpenID provider',
    variables: (url) => ({ ...credentials('OIDC'), DRAWBRIDGE_OIDC_ISSUER: url }),
    start: () => openId(devOidc(), ['name', 'email']),
  },
}

import {
  ConfigurationError,
  checkMembers,
  credential,
  environment,
  type OAuthProvider,
  type OptionTable,
  variableOf,
} from '@drawbridge/core/provider'
import { hostOrigin, secureUrl } from '@drawbridge/core/syntax'
import type { GitHubUser } from './identity.ts'

/** Who may enter: an account that matches any of these. */
export interface GitHubAllow {
  /** Active members of these organizations, by login. */
  organizations?: readonly string[] | undefined
  /** Active members of these teams, as `organization/team-slug`. */
  teams?: readonly string[] | undefined
  /**
   * These accounts, by numeric id or by login. A login that its owner gives up may be taken by somebody else: prefer
   * the id, which `https://api.github.com/users/<login>` shows.
   */
  users?: readonly (string | number)[] | undefined
}

/** How to reach GitHub, and who may come from there. */
export interface GitHubAccess {
  /** Default: the environment variable `DRAWBRIDGE_GITHUB_CLIENT_ID`, or that of another `id`. */
  clientId?: string | undefined
  /** Default: the environment variable `DRAWBRIDGE_GITHUB_CLIENT_SECRET`, or that of another `id`. */
  clientSecret?: string | undefined
  /**
   * A GitHub Enterprise host: `github.acme.com`, or `acme.ghe.com`. An origin is taken too, so that a development
   * provider on loopback can stand in. Default: `DRAWBRIDGE_GITHUB_HOST`, or that of another `id`, else `github.com`.
   */
  host?: string | undefined
  /** Where the REST API is. Default: follows from `host`. */
  apiUrl?: string | undefined
  /** Left out: everybody with a GitHub account may enter. */
  allow?: GitHubAllow | undefined
  /**
   * Whether somebody whom `allow` lets in may enter; only `true` lets them in. Asked each time that the rules are. May
   * throw `AccessDenied` to say why not; any other error is an outage. Default: nobody else is refused.
   */
  permit?: ((user: GitHubUser) => boolean | Promise<boolean>) | undefined
}

/** Options of {@link github}. */
export interface GitHubOptions extends GitHubAccess {
  /** Part of every subject and of the callback path: never change it once there are users. Default `github`. */
  id?: string | undefined
  /** What people read on the button. Default `GitHub`. */
  label?: string | undefined
  /** Asked for at each sign-in. `read:org` joins them when `allow` asks for memberships. Default `['read:user']`. */
  scopes?: readonly string[] | undefined
  /** How to authenticate to the token endpoint. GitHub documents the form and also takes Basic. Default `client_secret_post`. */
  clientAuth?: 'client_secret_post' | 'client_secret_basic' | undefined
  /** Written endpoints win over those that follow from `host`. */
  endpoints?: { authorization?: string | undefined; token?: string | undefined } | undefined
  /** More for the authorization URL: `{ prompt: 'select_account' }`, `{ allow_signup: 'false' }`. */
  parameters?: Readonly<Record<string, string>> | undefined
  /** What GitHub does of what it can be told to ask. Default `['select_account']`; `[]` at a host that is too old for it. */
  prompts?: OAuthProvider['prompts'] | undefined
}

/** The options, checked. */
export interface Settings {
  clientId: string
  clientSecret: string
  /** `https://github.com` */
  origin: string
  endpoints: { authorization: string; token: string }
  apiUrl: string
  allow:
    | { organizations: readonly string[]; teams: readonly string[]; users: readonly (string | number)[] }
    | undefined
  permit: GitHubAccess['permit']
}

/** For the tables of both functions. */
export const accessTable: OptionTable<GitHubAccess> = {
  clientId: 'text',
  clientSecret: 'text',
  host: 'text',
  apiUrl: 'text',
  allow: true,
  permit: 'function',
}

export function settingsOf(options: GitHubAccess & Pick<GitHubOptions, 'endpoints' | 'id'>): Settings {
  checkMembers<GitHubAllow>('allow', options.allow, { organizations: 'texts', teams: 'texts', users: 'list' })
  checkMembers<NonNullable<GitHubOptions['endpoints']>>('endpoints', options.endpoints, {
    authorization: 'text',
    token: 'text',
  })
  const { authorization, token } = options.endpoints ?? {}
  const { id = 'github' } = options
  const host = options.host ?? environment(variableOf(id, 'HOST')) ?? 'github.com'
  const origin = hostOrigin('host', host, 'github.acme.com')
  return {
    clientId: credential('clientId', options.clientId, found(id, 'CLIENT_ID')),
    clientSecret: credential('clientSecret', options.clientSecret, found(id, 'CLIENT_SECRET')),
    origin,
    endpoints: {
      authorization: secure('endpoints.authorization', authorization ?? `${origin}/login/oauth/authorize`),
      token: secure('endpoints.token', token ?? `${origin}/login/oauth/access_token`),
    },
    apiUrl: secure('apiUrl', options.apiUrl ?? apiOf(origin)).replace(/\/+$/, ''),
    allow: options.allow && rulesOf(options.allow),
    permit: options.permit,
  }
}

function found(id: string, name: string): { call: string; variable: string; where: string } {
  const where = "on the app's page in GitHub's developer settings"
  return { call: 'github()', variable: variableOf(id, name), where }
}

/** Each kind of GitHub has its API elsewhere: github.com, Enterprise Cloud with data residency, Enterprise Server. */
function apiOf(origin: string): string {
  const { host } = new URL(origin)
  return host === 'github.com' || host.endsWith('.ghe.com') ? `https://api.${host}` : `${origin}/api/v3`
}

function secure(option: string, url: string): string {
  secureUrl(option, url, 'Pass an https URL.')
  return url
}

function rulesOf({
  organizations = [],
  teams = [],
  users = [],
}: GitHubAllow): NonNullable<Settings['allow']> {
  if (organizations.length + teams.length + users.length === 0) {
    throw new ConfigurationError(
      'allow',
      'names nobody',
      'Name an organization, a team or a user; leave `allow` out to let everybody with a GitHub account in.',
    )
  }
  for (const organization of organizations) {
    if (!/^[\w.-]+$/.test(organization)) {
      throw new ConfigurationError(
        'allow.organizations',
        `"${organization}" is not an organization`,
        'Use its login, such as "acme".',
      )
    }
  }
  for (const team of teams) {
    if (!/^[\w.-]+\/[\w.-]+$/.test(team)) {
      throw new ConfigurationError(
        'allow.teams',
        `"${team}" is not a team`,
        'Use organization and slug, such as "acme/platform".',
      )
    }
  }
  return { organizations, teams, users }
}

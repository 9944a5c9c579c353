import type { DevGitHubUser } from '@drawbridge/testing'

export const CREDENTIALS = { clientId: 'dev-client', clientSecret: 'dev-secret' }
/** `identify` asks GitHub's API, and none of these. */
export const endpoints = {
  authorization: 'https://github.test/authorize',
  token: 'https://github.test/token',
}
export const APPS = [
  { ...CREDENTIALS },
  { clientId: 'modern', clientSecret: 'modern-secret', mode: 'github-app' as const },
]
export const USERS: DevGitHubUser[] = [
  { login: 'octocat', email: 'mona@example.com', organizations: { acme: 'active' } },
  { login: 'monalisa', organizations: { other: 'active', acme: 'active' } },
  { login: 'hubot', organizations: { other: 'active' } },
]

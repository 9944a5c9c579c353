import { ConfigurationError } from '@drawbridge/core/provider'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type GitHubOptions, github } from './index.ts'
import { settingsOf } from './options.ts'

const CREDENTIALS = { clientId: 'id', clientSecret: 'secret' }
const withHost = (host: string) => settingsOf({ ...CREDENTIALS, host })

afterEach(() => vi.unstubAllEnvs())

describe('credentials', () => {
  it('come from the options, else from the environment', () => {
    vi.stubEnv('DRAWBRIDGE_GITHUB_CLIENT_ID', 'env-id')
    vi.stubEnv('DRAWBRIDGE_GITHUB_CLIENT_SECRET', 'env-secret')
    expect(github().client).toEqual({
      id: 'env-id',
      auth: { method: 'client_secret_post', secret: 'env-secret' },
    })
    expect(github({ ...CREDENTIALS, clientAuth: 'client_secret_basic' }).client).toEqual({
      id: 'id',
      auth: { method: 'client_secret_basic', secret: 'secret' },
    })
  })

  it('have variables of their own under another id', () => {
    vi.stubEnv('DRAWBRIDGE_GITHUB_CLIENT_ID', 'env-id')
    vi.stubEnv('DRAWBRIDGE_GITHUB_CLOUD_CLIENT_ID', 'cloud-id')
    expect(github({ id: 'github-cloud', clientSecret: 'secret' }).client.id).toBe('cloud-id')
  })

  it('are asked for by both names', () => {
    vi.stubEnv('DRAWBRIDGE_GITHUB_CLIENT_ID', '')
    expect(() => github({ clientSecret: 'secret' })).toThrow(ConfigurationError)
    expect(() => github({ clientSecret: 'secret' })).toThrow(/clientId.*DRAWBRIDGE_GITHUB_CLIENT_ID/)
    expect(() => github({ clientId: 'id' })).toThrow(/clientSecret.*DRAWBRIDGE_GITHUB_CLIENT_SECRET/)
  })
})

describe('host', () => {
  it('leads to the endpoints of each kind of GitHub', () => {
    expect(settingsOf(CREDENTIALS)).toMatchObject({
      endpoints: {
        authorization: 'https://github.com/login/oauth/authorize',
        token: 'https://github.com/login/oauth/access_token',
      },
      apiUrl: 'https://api.github.com',
    })
    expect(withHost('github.acme.com')).toMatchObject({
      endpoints: { token: 'https://github.acme.com/login/oauth/access_token' },
      apiUrl: 'https://github.acme.com/api/v3',
    })
    expect(withHost('acme.ghe.com').apiUrl).toBe('https://api.acme.ghe.com')
    expect(withHost('http://127.0.0.1:4000').apiUrl).toBe('http://127.0.0.1:4000/api/v3')
  })

  it('may come from the environment, each id having its own', () => {
    vi.stubEnv('DRAWBRIDGE_GITHUB_HOST', 'github.acme.com')
    expect(settingsOf(CREDENTIALS).origin).toBe('https://github.acme.com')
    expect(withHost('github.com').origin).toBe('https://github.com')
    expect(settingsOf({ ...CREDENTIALS, id: 'github-cloud' }).origin).toBe('https://github.com')
    vi.stubEnv('DRAWBRIDGE_GITHUB_HOST', '')
    expect(settingsOf(CREDENTIALS).origin).toBe('https://github.com')
  })

  it('is a name or an origin, and secure', () => {
    for (const host of ['github.acme.com/path', 'https://github.acme.com/login', 'not a host', '']) {
      expect(() => withHost(host), host).toThrow(/host: .*is not/)
    }
    expect(() => withHost('http://github.acme.com')).toThrow(/host: "http:\/\/github.acme.com" is not https/)
  })

  it('gives way to endpoints that are written', () => {
    const { endpoints, apiUrl } = settingsOf({
      ...CREDENTIALS,
      endpoints: { token: 'https://inside.acme.com/token' },
      apiUrl: 'https://api.acme.com/v3/',
    })
    expect(endpoints.token).toBe('https://inside.acme.com/token')
    expect(endpoints.authorization).toBe('https://github.com/login/oauth/authorize')
    expect(apiUrl).toBe('https://api.acme.com/v3')
    const insecure = { ...CREDENTIALS, endpoints: { authorization: 'http://acme.com' } }
    expect(() => github(insecure)).toThrow(/endpoints.authorization/)
    expect(() => github({ ...CREDENTIALS, apiUrl: '/api' })).toThrow(/apiUrl: "\/api" is not an absolute URL/)
  })
})

describe('allow', () => {
  const scopes = (options: GitHubOptions) => github({ ...CREDENTIALS, ...options }).scopes.default

  it('asks for read:org when memberships matter, unless a wider scope is asked for', () => {
    expect(scopes({})).toEqual(['read:user'])
    expect(scopes({ allow: { users: [1] } })).toEqual(['read:user'])
    expect(scopes({ allow: { organizations: ['acme'] } })).toEqual(['read:user', 'read:org'])
    expect(scopes({ allow: { teams: ['acme/core'] }, scopes: ['user'] })).toEqual(['user', 'read:org'])
    expect(scopes({ allow: { organizations: ['acme'] }, scopes: ['admin:org'] })).toEqual(['admin:org'])
  })

  it('never means everybody by mistake', () => {
    for (const allow of [{}, { organizations: undefined }, { organizations: [], users: [] }]) {
      expect(() => github({ ...CREDENTIALS, allow })).toThrow(/allow: names nobody/)
    }
  })

  it('refuses what cannot match', () => {
    const allowing = (allow: GitHubOptions['allow']) => () => github({ ...CREDENTIALS, allow })
    expect(allowing({ organizations: ['https://github.com/acme'] })).toThrow(/allow.organizations/)
    expect(allowing({ organizations: [''] })).toThrow(/allow.organizations/)
    expect(allowing({ teams: ['core'] })).toThrow(/allow.teams/)
    expect(allowing({ teams: ['acme/../core'] })).toThrow(/allow.teams/)
  })
})

it('keeps the rest as it is given', () => {
  const { id, label, parameters } = github({
    ...CREDENTIALS,
    id: 'acme-github',
    label: 'Acme GitHub',
    parameters: { prompt: 'select_account' },
  })
  const sent = parameters?.authorize?.({ scopes: [], again: false })
  expect({ id, label, sent }).toEqual({
    id: 'acme-github',
    label: 'Acme GitHub',
    sent: { prompt: 'select_account' },
  })
})

it('passes on whom the client expects, and the choice among accounts, unless the operator says otherwise', () => {
  const asked = { scopes: [], login_hint: 'octocat', again: false }
  const sent = (parameters: Record<string, string> | undefined, prompt?: 'login' | 'select_account') =>
    github({ ...CREDENTIALS, parameters }).parameters?.authorize?.({ ...asked, prompt })
  expect(sent(undefined)).toEqual({ login: 'octocat' })
  expect(sent(undefined, 'select_account')).toEqual({ login: 'octocat', prompt: 'select_account' })
  expect(sent(undefined, 'login')).toEqual({ login: 'octocat' })
  expect(sent({ login: 'hubot' }, 'select_account')).toEqual({ login: 'hubot', prompt: 'select_account' })
})

it('has people choose an account when somebody asks for it now, and says that it does nothing else of `prompt`', () => {
  const provider = github({ ...CREDENTIALS, parameters: { prompt: 'consent' } })
  expect(provider.parameters?.authorize?.({ scopes: [], again: false, prompt: 'select_account' })).toEqual({
    prompt: 'select_account',
  })
  expect(provider.prompts).toEqual(['select_account'])
  expect(github({ ...CREDENTIALS, prompts: [] }).prompts).toEqual([])
})

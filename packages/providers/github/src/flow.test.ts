import type { AuthInfo } from '@drawbridge/core'
import { devGitHub, fakeClock, providerServer } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { type GitHubUser, github } from './index.ts'

const GITHUB = 'https://github.test'
const APPS = {
  'oauth-app': { clientId: 'classic', clientSecret: 'classic-secret', mode: 'oauth-app' as const },
  'github-app': { clientId: 'modern', clientSecret: 'modern-secret', mode: 'github-app' as const },
}
const DAY = 86_400

/** An MCP server behind a pretend GitHub. */
function world(mode: keyof typeof APPS, scopes = ['read:user']) {
  const clock = fakeClock()
  const dev = devGitHub({ clock, apps: Object.values(APPS), skipAuthorized: true })
  const { clientId, clientSecret } = APPS[mode]
  const { auth, fetch, gate, install } = providerServer({
    provider: github({ clientId, clientSecret, host: GITHUB }),
    hosts: { [GITHUB]: dev.fetch },
    scopes: { supported: scopes },
    clock,
  })
  const asUser = async (info: AuthInfo<GitHubUser>) => {
    const { access_token } = await auth.upstreamToken(info)
    const headers = { authorization: `Bearer ${access_token}`, 'user-agent': 'tool' }
    return (await fetch(`${GITHUB}/api/v3/user`, { headers })).status
  }
  return { clock, dev, gate, asUser, install: (user = 'octocat') => install(user) }
}

describe.each(['oauth-app', 'github-app'] as const)('an MCP server behind GitHub, as %s', (mode) => {
  it('knows who signed in, and what was granted', async () => {
    const { install, gate, asUser } = world(mode)
    const { tokens } = await install()
    expect(tokens.scope).toBe('read:user')
    const info = await gate(tokens)
    expect(info.extra).toMatchObject({ subject: 'github|1001', user: { login: 'octocat' } })
    expect(await asUser(info)).toBe(200)
  })

  it('keeps the session of everybody while GitHub limits us', async () => {
    const { install, clock, dev } = world(mode)
    const { client, tokens } = await install()
    clock.advance(DAY + 1)
    dev.outage('rate-limit')
    expect((await client.refresh(tokens.refresh_token)).status).toBe(200)
  })
})

it('takes no scope away from who granted a wider one', async () => {
  const { install } = world('oauth-app', ['read:user', 'user', 'repo'])
  const { tokens } = await install()
  expect(tokens.scope.split(' ').sort()).toEqual(['read:user', 'repo', 'user'])
})

import type { OAuthProvider, UpstreamTokens } from '@drawbridge/core/provider'
import { devGitHub, providerCall } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { CREDENTIALS, endpoints } from './github.fixture.ts'
import { type GitHubUser, github } from './index.ts'

function ending(tokens: UpstreamTokens) {
  const call = providerCall()
  return { tokens, endpoints, call, post: (url: string) => call(url) }
}

describe('revoke', () => {
  it('ends the one token, with the credentials of the app', async () => {
    const dev = devGitHub()
    const listener = await dev.listen()
    const provider: OAuthProvider<GitHubUser> = github({ ...CREDENTIALS, host: listener.url })
    const { access_token } = dev.issue('octocat')
    await provider.revoke?.(ending({ access_token, token_type: 'bearer', scopes: [] }))
    expect(dev.requests).toEqual([
      {
        method: 'DELETE',
        path: '/api/v3/applications/dev-client/token',
        parameters: { access_token },
        authorization: `Basic ${btoa('dev-client:dev-secret')}`,
      },
    ])
    await listener.close()
  })

  it('reports wrong credentials', async () => {
    const dev = devGitHub()
    const listener = await dev.listen()
    const provider = github({ clientId: 'dev-client', clientSecret: 'wrong', host: listener.url })
    const { access_token } = dev.issue('octocat')
    const tokens = { access_token, token_type: 'bearer', scopes: [] }
    await expect(provider.revoke?.(ending(tokens))).rejects.toThrow('GitHub answered 401')
    await listener.close()
  })
})

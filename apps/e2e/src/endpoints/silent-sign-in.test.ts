import { openIdConnect } from '@drawbridge/core/provider'
import { browser, oauthClient } from '@drawbridge/testing'
import { expect, it } from 'vitest'
import { oidcWorld, upstream } from '../oidc-world.ts'
import { resource } from '../world.ts'

it('a client that wants nobody asked anything has nobody asked for a refresh token either', async () => {
  const provider = openIdConnect({
    ...{ id: 'login', label: 'Login', issuer: upstream, clientId: 'dev-client', clientSecret: 'dev-secret' },
    parameters: { authorize: ({ again }): Record<string, string> => (again ? { prompt: 'consent' } : {}) },
    prompts: ['none'],
  })
  const truth = { refreshTokens: 'on consent' } as const
  const { authorizations, clock, fetch } = oidcWorld({ provider, truth, consent: 'remember' })
  const redirectUri = 'https://client.test/callback'
  const app = oauthClient({ mcpUrl: resource, redirectUri, fetch })
  const person = browser({ fetch, clock })
  await app.login(person, { user: 'ada' })
  const { url } = await app.authorize({ prompt: 'none' })
  const until = ({ href }: URL) => href.startsWith(redirectUri)
  const page = await person.open(url, { until })
  expect(page.leftFor?.searchParams.get('code')).toBeTruthy()
  expect(authorizations().map(({ prompt }) => prompt)).toEqual([undefined, 'none'])
})

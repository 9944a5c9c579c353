import { describe, expect, test } from 'vitest'
import { authorizationUrl, type UpstreamRequest } from './authorization-url.ts'
import { openIdConnect } from './open-id-connect.ts'
import type { OAuthProvider } from './provider.ts'
import type { UpstreamClient } from './upstream-client.ts'

const acme = openIdConnect({
  ...{ id: 'acme', label: 'Acme', issuer: 'https://login.acme.dev', clientId: 'app', clientSecret: 'secret' },
  parameters: { authorize: ({ again }): Record<string, string> => (again ? { prompt: 'consent' } : {}) },
})

/** Where a browser is sent, by the parameters there. */
async function asked(more: Partial<UpstreamRequest> = {}, provider: Partial<OAuthProvider> = {}) {
  const authorization_endpoint = 'https://login.acme.dev/authorize'
  const upstream: Partial<UpstreamClient> = {
    provider: { ...acme, ...provider } as OAuthProvider,
    redirect_uri: 'https://mcp.acme.dev/callback/acme',
    server: async () => ({ issuer: 'https://login.acme.dev', authorization_endpoint }),
  }
  const request = { state: 's', code_verifier: 'v'.repeat(43), nonce: 'n', scopes: [], ...more }
  const url = new URL(await authorizationUrl(upstream as UpstreamClient, request))
  return Object.fromEntries(url.searchParams)
}

describe('what a provider is asked of the person', () => {
  test('is what it is known to do, and nothing else that a client may write', async () => {
    expect(await asked({ prompt: 'login' })).toMatchObject({ prompt: 'login', max_age: '0' })
    const silent = await asked({ prompt: 'login' }, { prompts: [] })
    expect([silent.prompt, silent.max_age]).toEqual([undefined, undefined])
    for (const prompt of ['consent', 'create', 'admin_consent'] as never[]) {
      expect(await asked({ prompt }), prompt).not.toHaveProperty('prompt')
    }
  })

  test('is nothing where nobody is to be asked, not even what brings a refresh token', async () => {
    expect((await asked({ again: true })).prompt).toBe('consent')
    expect((await asked({ again: true, prompt: 'none' })).prompt).toBe('none')
  })

  test('replaces none of the parameters of the flow', async () => {
    const mine = { state: 'x', redirect_uri: 'https://evil.example', client_id: 'x', response_type: 'token' }
    const more = { nonce: 'x', code_challenge: 'x', code_challenge_method: 'plain', scope: 'x' }
    const got = await asked(
      {},
      { parameters: { authorize: () => ({ ...mine, ...more, response_mode: 'x' }) } },
    )
    expect(Object.values(got)).not.toContain('x')
    expect(got).toMatchObject({ state: 's', client_id: 'app', response_type: 'code', nonce: 'n' })
    expect(got.redirect_uri).toBe('https://mcp.acme.dev/callback/acme')
  })
})

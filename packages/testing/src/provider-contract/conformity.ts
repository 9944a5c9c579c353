import assert from 'node:assert/strict'
import type { OAuthProvider } from '@drawbridge/core/provider'
import { type OddAnswer, type ProviderCase, providerCase } from './case.ts'
import { html } from './outages.ts'

export const conformityCases: readonly ProviderCase[] = [
  providerCase(
    'its odd answers become what RFC 6749 says',
    async ({ provider, answers }) => {
      const all = (await answers?.()) ?? []
      assert.ok(all.length > 0, "name its odd answers; if it has none, pass { without: ['conform'] }")
      for (const { what, leg, response, becomes } of all) {
        const conformed = await conform(provider, response, leg)
        const body: unknown = await conformed.json()
        assert.ok(body && typeof body === 'object', `${what}: a JSON object`)
        if ('error' in becomes) {
          assert.equal('error' in body && body.error, becomes.error, what)
          assert.equal(conformed.status, becomes.error === 'invalid_client' ? 401 : 400, `${what}: status`)
        } else {
          assert.equal(conformed.status, 200, `${what}: status`)
          assert.ok('access_token' in body && 'token_type' in body, `${what}: access_token and token_type`)
          assert.equal('scope' in body ? body.scope : undefined, becomes.scope, `${what}: scope`)
        }
      }
    },
    'conform',
  ),

  providerCase('an answer that conforms already is left alone', async ({ provider }) => {
    const granted = { access_token: 'token', token_type: 'Bearer', expires_in: 3600 }
    for (const leg of legsOf(provider).filter((each) => each !== 'revoke')) {
      const success = await conform(provider, Response.json(granted), leg)
      assert.equal(success.status, 200)
      assert.deepEqual(await success.json(), granted)
      const refusal = await conform(provider, Response.json({ error: 'invalid_grant' }, { status: 400 }), leg)
      assert.equal(refusal.status, 400)
      assert.deepEqual(await refusal.json(), { error: 'invalid_grant' })
    }
  }),

  providerCase('an outage of the token endpoint stays an outage', async ({ provider }) => {
    for (const leg of legsOf(provider)) {
      for (const status of [500, 502, 503, 504]) {
        assert.equal((await conform(provider, html(status), leg)).status, status)
        const json = Response.json({ error: 'server_error' }, { status })
        assert.equal((await conform(provider, json, leg)).status, status)
      }
      assert.equal((await conform(provider, html(429), leg)).status, 429)
    }
  }),

  providerCase('nonsense from the token endpoint is not a verdict', async ({ provider }) => {
    for (const leg of legsOf(provider)) {
      for (const nonsense of [
        html(200),
        new Response('', { status: 200 }),
        Response.json(null),
        Response.json([]),
      ]) {
        const text = await (await conform(provider, nonsense, leg)).text()
        assert.doesNotMatch(text, /"error"/, 'somebody would be signed out because of a captive portal')
      }
    }
  }),
]

function legsOf({ exchange }: OAuthProvider): readonly OddAnswer['leg'][] {
  return ['code', 'refresh', 'revoke', ...(exchange ? (['exchange'] as const) : [])]
}

async function conform(
  provider: OAuthProvider,
  response: Response,
  leg: OddAnswer['leg'],
): Promise<Response> {
  return (await provider.conform?.(response, leg)) ?? response
}

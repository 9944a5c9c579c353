import { expect, it } from 'vitest'
import { issuer, world } from './world.ts'

it('a body that names six thousand resources keeps nobody else waiting', async () => {
  const path = '/authorize'
  const resources = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`/tenant-${index}/mcp`, {}]))
  const w = world({ resources })
  const registered = await w.fetch(`${issuer}/register`, {
    method: 'POST',
    body: JSON.stringify({ redirect_uris: ['http://127.0.0.1:1/cb'], token_endpoint_auth_method: 'none' }),
  })
  const body: { client_id?: string; redirect_uris?: string[] } = await registered.json()
  const form = new URLSearchParams({
    client_id: body.client_id ?? '',
    redirect_uri: body.redirect_uris?.[0] ?? '',
    response_type: 'code',
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
    grant_type: 'refresh_token',
    refresh_token: 'x',
  })
  const sent = `${form}${'&resource=x'.repeat(5900)}`
  const post = () =>
    w.fetch(issuer + path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: sent,
      redirect: 'manual',
    })
  await post()
  const began = performance.now()
  const answer = await post()
  const took = performance.now() - began
  expect(answer.headers.get('location')).toContain('invalid_target')
  expect(took).toBeLessThan(50)
})

import { memory } from '@drawbridge/core'
import { expect, it } from 'vitest'
import { world } from './world.ts'

it('an operator may turn client_secret_basic into client_secret_post, with everybody still signed in', async () => {
  const storage = memory()
  const redirect_uris = ['http://127.0.0.1:33418/callback']
  const client_secret = 'a-long-secret-of-a-static-client-0123456789'
  const client = (token_endpoint_auth_method: 'client_secret_basic' | 'client_secret_post') => ({
    client_id: 'desk',
    client_secret,
    token_endpoint_auth_method,
    redirect_uris,
  })
  const before = world({ storage, clients: [client('client_secret_basic')] })
  const app = before.client({ credentials: client('client_secret_basic') })
  const first = await app.login(before.browser(), { user: 'octocat' })
  const after = world({ storage, clients: [client('client_secret_post')] })
  const same = after.client({ credentials: client('client_secret_post') })
  const answer = await same.refresh(first.refresh_token)
  expect(after.events).not.toContainEqual(expect.objectContaining({ reason: 'client_auth' }))
  expect([answer.status, answer.body.error]).toEqual([200, undefined])
})

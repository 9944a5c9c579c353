import { memory } from '@drawbridge/core'
import { describe, expect, it } from 'vitest'
import { front } from '../front.ts'
import { world } from '../world.ts'

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

describe("the client's way of authenticating", () => {
  const redirect_uris = ['http://127.0.0.1/callback']
  const confidential = {
    client_id: 'desk',
    redirect_uris,
    client_secret: 'the-secret-of-the-desk-2q9vLxT7bWmKc4',
  }
  const open = { client_id: 'desk', redirect_uris }

  it('at the code exchange is asked for at each refresh, whatever the client has become since', async () => {
    const w = world({ clients: [confidential] })
    const f = front(w)
    const app = f.client()
    app.credentials = { client_id: 'desk', client_secret: confidential.client_secret }
    const { refresh_token } = await app.login(f.browser(), { user: 'octocat' })
    f.to(w.instance({ clients: [open] }))
    app.credentials = { client_id: 'desk', token_endpoint_auth_method: 'none' }
    expect((await app.refresh(refresh_token)).body.error).toBe('invalid_client')
    f.to(w.auth)
    app.credentials = { client_id: 'desk', client_secret: confidential.client_secret }
    expect((await app.refresh(refresh_token)).status).toBe(200)
  })
})

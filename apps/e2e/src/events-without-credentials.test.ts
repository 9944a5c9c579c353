import { github } from '@drawbridge/github'
import { describe, expect, it } from 'vitest'
import { signedIn, started } from './events.fixture.ts'
import { upstreamHost } from './world.ts'

describe('no credential is in an event', () => {
  it('and the check sees them all', async () => {
    const w = await signedIn()
    const confidential = w.client()
    await confidential.register({ token_endpoint_auth_method: 'client_secret_basic' })
    await confidential.refresh('dbr_nothing')
    await w.call(w.tokens.access_token)
    await w.app.refresh(w.tokens.refresh_token)
    const names = new Set(w.credentials.values())
    for (const name of [
      'access_token',
      'authorization',
      'client_secret',
      'code',
      'code_challenge',
      'code_verifier',
      'cookie',
      'csrf',
      'email',
      'refresh_token',
      'secret',
      'state',
      'transaction',
    ]) {
      expect(names, name).toContain(name)
    }
    expect(w.credentials.size).toBeGreaterThan(20)
  })

  it('not when an error of a provider quotes it, either', async () => {
    const options = { clientId: 'dev-client', clientSecret: 'dev-secret', host: upstreamHost }
    const careless: ReturnType<typeof github> = {
      ...github(options),
      identify: async ({ tokens }) => {
        throw new Error(`GET /user?token=${tokens.access_token} as mona@example.com: 500`)
      },
    }
    const w = await started({ provider: careless })
    await expect(w.client().login(w.browser(), { user: 'octocat' })).rejects.toThrow()
    expect(w.events.at(-1)).toMatchObject({
      type: 'login.failed',
      detail: expect.stringMatching(/GET \/user\?token=\[redacted\] as \[address\]: 500/),
    })
  })
})

import { describe, expect, it } from 'vitest'
import { oidcWorld, plainProvider } from '../oidc-world.ts'

const day = 86_400

describe('a secret', () => {
  it.each(['a-b_c~d.e!f=', "it's (quoted): *"])('%s goes raw in a Basic header', async (clientSecret) => {
    const truth = { apps: [{ clientId: 'dev-client', clientSecret }] }
    const provider = { ...plainProvider(), client: { id: 'dev-client', auth: basic(clientSecret) } }
    const { install, headers } = oidcWorld({ provider, truth })
    if (!clientSecret.includes(':')) await install()
    else await install().catch(() => {})
    const sent = headers.flatMap((each) => each.get('authorization') ?? []).find((one) => /^Basic/.test(one))
    expect(atob(sent?.slice(6) ?? '')).toBe(`dev-client:${clientSecret}`)
  })

  it('is encoded where one that decodes would read something else', async () => {
    const provider = { ...plainProvider(), client: { id: 'dev-client', auth: basic('50%+ü') } }
    const { install, headers } = oidcWorld({ provider })
    await install().catch(() => {})
    const sent = headers.flatMap((each) => each.get('authorization') ?? []).find((one) => /^Basic/.test(one))
    expect(atob(sent?.slice(6) ?? '')).toBe('dev-client:50%25%2B%C3%BC')
  })

  it('may be made anew for each request', async () => {
    let made = 0
    const secret = async () => {
      made++
      return 'dev-secret'
    }
    const auth = { method: 'client_secret_post', secret } as const
    const { install, clock } = oidcWorld({
      provider: { ...plainProvider(), client: { id: 'dev-client', auth } },
    })
    const { app, tokens } = await install()
    clock.advance(day)
    expect((await app.refresh(tokens.refresh_token)).status).toBe(200)
    expect(made).toBe(2)
  })

  function basic(secret: string) {
    return { method: 'client_secret_basic', secret } as const
  }
})

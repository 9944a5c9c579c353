import { openIdConnect } from '@drawbridge/core/provider'
import { describe, expect, it } from 'vitest'
import { oidcWorld, plainProvider, upstream } from '../oidc-world.ts'

describe('openIdConnect', () => {
  it('asks userinfo where the id_token says too little', async () => {
    const { install, dev, events } = oidcWorld({ truth: { idTokenClaims: false } })
    await install()
    expect(dev.requests.map(({ path }) => path)).toContain('/userinfo')
    expect(events.map(({ type }) => type)).toContain('grant.created')
  })

  it('asks for a new sign-in so that the id_token has to say when it was', () => {
    const credentials = { clientId: 'dev-client', clientSecret: 'dev-secret' }
    const { parameters } = openIdConnect({
      ...{ id: 'login', label: 'Login', issuer: upstream, ...credentials },
      parameters: { authorize: () => ({ prompt: 'consent', max_age: '3600', audience: 'api' }) },
    })
    const sent = (prompt?: 'login' | 'none', again = false) =>
      parameters?.authorize?.({ scopes: [], again, prompt })
    expect(sent('login')).toEqual({ prompt: 'login', max_age: '0', audience: 'api' })
    // What somebody wants now, but for what brings a refresh token.
    expect(sent('none')).toMatchObject({ prompt: 'none' })
    expect(sent('login', true)).toMatchObject({ prompt: 'consent', max_age: '3600' })
    expect(sent()).toEqual({ prompt: 'consent', max_age: '3600', audience: 'api' })
  })

  it('does not where it says enough', async () => {
    const { install, dev } = oidcWorld()
    await install()
    expect(dev.requests.map(({ path }) => path)).not.toContain('/userinfo')
  })

  it('takes no answer that is about somebody else', async () => {
    const provider = plainProvider()
    const { install, events } = oidcWorld({
      truth: { idTokenClaims: false },
      provider: {
        ...provider,
        identify: (login) =>
          provider.identify({
            ...login,
            previous: undefined,
            call: Object.assign(async () => Response.json({ sub: 'grace' }), { clock: login.call.clock }),
          }),
      },
    })
    await expect(install()).rejects.toThrow('temporarily_unavailable')
    expect(events.map(({ type }) => type)).not.toContain('grant.created')
  })

  it('lets in whom the rules let in', async () => {
    const permit = ({ email }: { email?: string | undefined }) => email === 'grace@example.com'
    const options = { id: 'login', label: 'Login', issuer: upstream, permit }
    const credentials = { clientId: 'dev-client', clientSecret: 'dev-secret' }
    const { install, events } = oidcWorld({ provider: openIdConnect({ ...options, ...credentials }) })
    await expect(install()).rejects.toThrow('access_denied')
    expect(events.map(({ type }) => type)).toContain('login.denied')
  })

  it.each([undefined, null, 'no', 1])('lets nobody in to whom the predicate says %s', async (said) => {
    const permit = () => said as unknown as boolean
    const options = { id: 'login', label: 'Login', issuer: upstream, permit }
    const credentials = { clientId: 'dev-client', clientSecret: 'dev-secret' }
    const { install } = oidcWorld({ provider: openIdConnect({ ...options, ...credentials }) })
    await expect(install()).rejects.toThrow('access_denied')
  })

  it('sends the secret as it is told to', async () => {
    const options = { id: 'login', label: 'Login', issuer: upstream, clientSecret: 'dev-secret' }
    for (const clientAuth of ['client_secret_post', undefined] as const) {
      const provider = openIdConnect({ ...options, clientId: 'dev-client', clientAuth })
      const { dev, install } = oidcWorld({ provider })
      await install()
      const sent = dev.requests.find(({ path }) => path === '/token')?.parameters.client_secret
      expect(sent).toBe(clientAuth && 'dev-secret')
    }
    const unknown = { ...options, clientId: 'dev-client', clientAuth: 'client_secret_jwt' as never }
    expect(() => openIdConnect(unknown)).toThrow(/clientAuth: is no way to send a secret/)
  })

  it('says which credentials are missing, and where else it looked', () => {
    const options = { id: 'acme-login', label: 'Acme', issuer: upstream }
    expect(() => openIdConnect(options)).toThrow(/clientId: is missing.*DRAWBRIDGE_ACME_LOGIN_CLIENT_ID/)
  })
})

import { fakeClock } from '@drawbridge/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { managedIdentity } from './managed-identity.ts'

beforeEach(() => {
  vi.stubEnv('IDENTITY_ENDPOINT', '')
  vi.stubEnv('IDENTITY_HEADER', '')
})
afterEach(() => vi.unstubAllEnvs())

/** An endpoint that gives a token for an hour, each time another one. */
function started(answer?: () => Response) {
  const clock = fakeClock()
  const asked: Request[] = []
  const fetch = (async (url: string, init?: RequestInit) => {
    asked.push(new Request(url, init))
    const expires_on = String(Math.floor(clock.now() / 1000) + 3600)
    return answer?.() ?? Response.json({ access_token: `token-${asked.length}`, expires_on })
  }) as typeof globalThis.fetch
  const { assertion } = managedIdentity({ clientId: 'identity', clock, fetch })
  return { clock, asked, assertion }
}

describe('a managed identity', () => {
  it('is asked for at the one address of virtual machines', async () => {
    const { asked, assertion } = started()
    expect(await assertion()).toBe('token-1')
    const [{ url, headers }] = asked as [Request]
    expect(url).toBe(
      'http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=api%3A%2F%2FAzureADTokenExchange&client_id=identity',
    )
    expect(headers.get('metadata')).toBe('true')
  })

  it('is asked for where App Service says', async () => {
    vi.stubEnv('IDENTITY_ENDPOINT', 'http://127.0.0.1:41/msi/token')
    vi.stubEnv('IDENTITY_HEADER', 'its-secret')
    const { asked, assertion } = started()
    await assertion()
    const [{ url, headers }] = asked as [Request]
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:41\/msi\/token\?api-version=2019-08-01&resource=api/)
    expect(headers.get('x-identity-header')).toBe('its-secret')
  })

  it('keeps its token until shortly before the end, and asks once for all', async () => {
    const { asked, assertion, clock } = started()
    expect(await Promise.all([assertion(), assertion()])).toEqual(['token-1', 'token-1'])
    clock.advance(3299)
    expect(await assertion()).toBe('token-1')
    clock.advance(2)
    expect(await assertion()).toBe('token-2')
    expect(asked).toHaveLength(2)
  })

  it.each([1e15, '99999999999999', Number.MAX_VALUE])(
    'is asked again within a day, whatever the endpoint says: %s',
    async (expires_on) => {
      const { asked, assertion, clock } = started(() => Response.json({ access_token: 'token', expires_on }))
      await assertion()
      clock.advance(3600)
      await assertion()
      expect(asked).toHaveLength(1)
      clock.advance(86_400)
      await assertion()
      expect(asked).toHaveLength(2)
    },
  )

  it.each([undefined, 'soon', null, -1, {}])(
    'is kept for no time that nobody said: %j',
    async (expires_on) => {
      const { asked, assertion } = started(() => Response.json({ access_token: 'token', expires_on }))
      await assertion()
      await assertion()
      expect(asked).toHaveLength(2)
    },
  )

  it('is not looked for where somebody sends us to', async () => {
    const elsewhere = new Response(null, { status: 307, headers: { location: 'https://evil.test' } })
    const { asked, assertion } = started(() => elsewhere.clone())
    await expect(assertion()).rejects.toThrow()
    expect(asked.map(({ redirect }) => redirect)).toEqual(['manual'])
  })

  it.each([
    ['a failure', () => Response.json({ error: 'nobody' }, { status: 400 })],
    ['a token with a failure', () => Response.json({ access_token: 'x', expires_on: 1e10 }, { status: 500 })],
    ['no token', () => Response.json({})],
    ['an empty token', () => Response.json({ access_token: '', expires_on: 1e10 })],
    ['a token that is no text', () => Response.json({ access_token: ['x'], expires_on: 1e10 })],
    ['more than any token', () => Response.json({ access_token: 'x'.repeat(300_000), expires_on: 1e10 })],
    ['no JSON', () => new Response('<h1>Hello</h1>')],
  ])('has no token after %s, and asks again', async (_, answer) => {
    const { asked, assertion } = started(answer)
    await expect(assertion()).rejects.toThrow()
    await expect(assertion()).rejects.toThrow()
    expect(asked).toHaveLength(2)
  })

  it('has to be named', () => {
    expect(() => managedIdentity({ clientId: '' })).toThrow(/clientId.*user-assigned/)
    expect(() => managedIdentity({ clientID: 'x' } as never)).toThrow(/clientID.*clientId/)
  })
})

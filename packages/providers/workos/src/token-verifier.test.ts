import { AccessDenied } from '@drawbridge/core/provider'
import { fakeClock } from '@drawbridge/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type WorkOSTokenVerifierOptions, workosTokenVerifier } from './index.ts'
import { accessToken, ENVIRONMENT, idToken, RESOURCE, site, TIME } from './token-verifier.fixture.ts'
import { ACME, ISSUER, OTHER } from './workos.fixture.ts'

function world(options: WorkOSTokenVerifierOptions = {}) {
  const lines: string[] = []
  const clock = fakeClock(TIME * 1000)
  const verifier = workosTokenVerifier({
    domain: ISSUER,
    fetch: site.fetch,
    log: (line) => lines.push(line),
    clock,
    ...options,
  })
  const outcome = async (token: Promise<string>, resource = RESOURCE) => {
    const verification = await verifier.verify(await token, { resource })
    return 'reason' in verification
      ? `${verification.status}: ${verification.reason}`
      : verification.status === 'valid' && verification.token.subject
  }
  return { verifier, outcome, lines, clock }
}

afterEach(() => {
  vi.unstubAllEnvs()
  site.isDown = false
})

describe('a token for the resource', () => {
  it('is that of the user whom the provider knows', async () => {
    const { verifier } = world()
    expect(await verifier.verify(await accessToken(), { resource: RESOURCE })).toEqual({
      status: 'valid',
      token: {
        subject: 'workos|user_01ADA',
        clientId: 'client_01CLAUDE',
        scopes: ['openid', 'profile', 'email'],
        expiresAt: TIME + 300,
        issuer: ISSUER,
        user: expect.objectContaining({ sub: 'user_01ADA', org_id: ACME, sid: 'app_consent_01ADA' }),
      },
    })
    expect(await world({ id: 'staff' }).outcome(accessToken())).toBe('staff|user_01ADA')
  })

  it('says what a JWT template of the operator puts there', async () => {
    const { verifier } = world()
    const token = await accessToken({ permissions: ['files:read'], role: 'admin' })
    const verification = await verifier.verify(token, { resource: RESOURCE })
    expect(verification).toMatchObject({ token: { user: { permissions: ['files:read'], role: 'admin' } } })
  })

  it.each([
    ['another issuer', accessToken({ iss: 'https://evil.authkit.test' }), /^false$/],
    ['a session of the operator’s own app', accessToken({ iss: 'https://api.workos.com' }), /^false$/],
    ['somebody else’s key', accessToken({}, 'strange'), /^invalid: signature/],
    ['yesterday', accessToken({ exp: TIME - 60 }), /^invalid: expired/],
    ['another resource', accessToken({ aud: 'https://mail.acme.test/mcp' }), /^invalid: audience$/],
    ['this resource and another', accessToken({ aud: [RESOURCE, 'https://evil.test'] }), /^invalid: foreign/],
    ['no resource', accessToken({ aud: undefined }), /^invalid: no_audience/],
    ['no time', accessToken({ exp: undefined }), /^invalid: no_expiry/],
    ['a client, about somebody (an id_token)', idToken(), /^invalid: not_access_token/],
    ['this resource, without a client', idToken({ aud: RESOURCE }), /^invalid: not_access_token/],
  ])('is not one of or for %s', async (_, token, outcome) => {
    expect(String(await world().outcome(token))).toMatch(outcome)
  })

  it('is not decided while AuthKit is out', async () => {
    site.isDown = true
    expect(await world().outcome(accessToken())).toMatch(/^unavailable/)
  })
})

describe('a token for the whole environment', () => {
  const token = () => accessToken({ aud: ENVIRONMENT })

  it('is refused, and the operator told once what to add where', async () => {
    const { outcome, lines } = world()
    const advice = /Add "https:\/\/mcp\.acme\.test\/mcp" in the WorkOS dashboard.*resource indicators/
    for (const _ of [1, 2]) expect(await outcome(token())).toMatch(advice)
    expect(lines).toEqual([expect.stringMatching(advice)])
    expect(lines[0]).toContain(ENVIRONMENT)
  })

  it('that anybody else made tells nobody anything', async () => {
    const { outcome, lines } = world()
    expect(await outcome(accessToken({ aud: ENVIRONMENT }, 'strange'))).toBe('invalid: signature')
    await outcome(idToken())
    await outcome(accessToken({ aud: 'https://mail.acme.test/mcp' }))
    expect(lines).toEqual([])
  })

  it('is good for the application that is named, and for no other', async () => {
    const { outcome } = world({ audience: ENVIRONMENT, clientId: ['client_app', 'client_cli'] })
    expect(await outcome(accessToken({ aud: ENVIRONMENT, client_id: 'client_cli' }))).toBe(
      'workos|user_01ADA',
    )
    expect(await outcome(token())).toBe('invalid: other_client')
    expect(await outcome(accessToken({ client_id: 'client_app' }))).toBe('invalid: audience')
    const machine = { aud: ENVIRONMENT, client_id: 'client_app', sub: 'client_app', sid: undefined }
    expect(await outcome(accessToken(machine))).toBe('workos|client_app')
  })

  it('cannot be asked for without naming an application: everybody’s tokens have that audience', async () => {
    expect(() => world({ audience: ENVIRONMENT })).toThrow(
      /clientId: is missing.*DRAWBRIDGE_WORKOS_CLIENT_ID/,
    )
    expect(() => world({ audience: [RESOURCE, ENVIRONMENT] })).toThrow(/clientId: is missing/)
    vi.stubEnv('DRAWBRIDGE_WORKOS_CLIENT_ID', 'client_app')
    const { outcome } = world({ audience: ENVIRONMENT })
    expect(await outcome(token())).toBe('invalid: other_client')
    expect(await outcome(accessToken({ aud: ENVIRONMENT, client_id: 'client_app' }))).toBe(
      'workos|user_01ADA',
    )
  })

  it('is never an id_token, whose audience is the application', async () => {
    const { outcome } = world({ audience: 'client_app', clientId: 'client_app' })
    expect(await outcome(idToken())).toBe('invalid: not_access_token')
    const why = await outcome(accessToken({ aud: ENVIRONMENT, client_id: 'client_app' }))
    expect(why).toMatch(/the token is for client_environment, which is the environment's client id/)
  })
})

it('the variable of an application decides nothing about tokens for the resource', async () => {
  vi.stubEnv('DRAWBRIDGE_WORKOS_CLIENT_ID', 'client_app')
  expect(await world().outcome(accessToken())).toBe('workos|user_01ADA')
  expect(await world({ clientId: 'client_app' }).outcome(accessToken())).toBe('invalid: other_client')
  const elsewhere = { aud: 'https://mail.acme.test/mcp' }
  const { outcome } = world({ audience: elsewhere.aud })
  expect(await outcome(accessToken(elsewhere))).toBe('workos|user_01ADA')
})

describe('who may enter', () => {
  it('is a member of the organizations that are named', async () => {
    const { outcome } = world({ allow: { organizations: [ACME] } })
    expect(await outcome(accessToken())).toBe('workos|user_01ADA')
    expect(await outcome(accessToken({ org_id: OTHER }))).toBe('invalid: other_organization')
    expect(await outcome(accessToken({ org_id: undefined }))).toBe('invalid: other_organization')
    expect(await outcome(accessToken({ org_id: OTHER, exp: TIME - 60 }))).toBe('invalid: other_organization')
  })

  it('is up to `permit` besides, and only for a yes', async () => {
    const asked: unknown[] = []
    const allow = { organizations: [ACME] }
    const permit = ({ sub }: { sub: string }) => asked.push(sub) === 1
    const { outcome } = world({ allow, permit })
    expect(await outcome(accessToken({ org_id: OTHER }))).toMatch(/^invalid/)
    expect(asked).toEqual([])
    expect(await outcome(accessToken())).toBe('workos|user_01ADA')
    expect(await outcome(accessToken())).toBe('invalid: not_permitted')
    const sure = (answer: unknown) => world({ permit: async () => answer as boolean }).outcome(accessToken())
    expect(await sure(true)).toBe('workos|user_01ADA')
    expect(await sure('yes')).toBe('invalid: not_permitted')
  })

  it('is told why not by AccessDenied, and by nothing else', async () => {
    const denied = world({ permit: () => Promise.reject(new AccessDenied('No trial is left.')) })
    expect(await denied.outcome(accessToken())).toBe('invalid: No trial is left.')
    const out = world({ permit: () => Promise.reject(new Error('no database')) })
    await expect(out.outcome(accessToken())).rejects.toThrow('no database')
  })

  it('is never everybody by mistake', () => {
    expect(() => world({ allow: {} })).toThrow(/allow: names nobody/)
    expect(() => world({ allow: { organizations: [] } })).toThrow(/allow: names nobody/)
    expect(() => world({ organizations: [ACME] } as never)).toThrow(/no such option/)
  })
})

import { AccessDenied, type Verifier } from '@drawbridge/core/provider'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { ACME, ADA, INITECH, PERSONAL } from './entra.fixture.ts'
import { type AzureTokenVerifierOptions, azureTokenVerifier } from './index.ts'

const resource = 'https://mcp.acme.test/mcp'
const microsoft = 'https://login.microsoftonline.com'
const now = Math.floor(Date.now() / 1000)
const clientId = '99999999-0000-4000-8000-000000000009'
const api = `api://${clientId}`
const issuers = {
  v2: (tid: string) => `${microsoft}/${tid}/v2.0`,
  v1: (tid: string) => `https://sts.windows.net/${tid}/`,
}

async function newKey(kid: string, issuer?: string, alg = 'RS256') {
  const { privateKey, publicKey } = await generateKeyPair(alg)
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid, use: 'sig' }
  return { kid, privateKey, jwk: { ...jwk, ...(issuer !== undefined && { issuer }) } }
}

/** Of organizations, of personal accounts, and of one tenant: as Microsoft's documents say whose they are. */
const work = await newKey('work', `${microsoft}/{tenantid}/v2.0`)
const home = await newKey('home', `${microsoft}/${PERSONAL}/v2.0`)
const acme = await newKey('acme', `${microsoft}/${ACME}/v2.0`)
const plain = await newKey('plain')
const stranger = await newKey('work')
const pss = await newKey('pss', undefined, 'PS256')

const fetch = (async (url: string) => {
  asked.push(url)
  return Response.json({ keys: [work, home, acme, plain, pss].map(({ jwk }) => jwk) })
}) as typeof globalThis.fetch
const asked: string[] = []

/** An access token of Ada's. `undefined` leaves a claim out. */
const claimsOf = (version: 'v1' | 'v2', tid = ACME) => ({
  iss: issuers[version](tid),
  aud: version === 'v2' ? clientId : api,
  [version === 'v2' ? 'azp' : 'appid']: 'client',
  ver: version === 'v2' ? '2.0' : '1.0',
  tid,
  oid: ADA.oid,
  sub: 'pairwise',
  name: 'Ada',
  scp: 'access_as_user files.read',
  exp: now + 3600,
})
const sign = (claims: object, { kid, privateKey } = work) =>
  new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid }).sign(privateKey)

const verifier = (options: AzureTokenVerifierOptions = {}) =>
  azureTokenVerifier({ tenant: ACME, clientId, fetch, ...options })
const several = { tenant: 'common', allow: { tenants: [ACME, INITECH, PERSONAL] } }

async function outcome(checker: Verifier<unknown>, token: string | Promise<string>) {
  const result = await checker.verify(await token, { resource })
  return result.status === 'invalid' ? `invalid: ${result.reason}` : result.status
}

describe('a token for the app', () => {
  it.each(['v1', 'v2'] as const)(
    'is accepted in the shape of %s, and is the user that the provider knows',
    async (version) => {
      const more = { roles: ['Operator'], email: 'ada@acme.test', email_verified: true }
      const result = await verifier().verify(await sign({ ...claimsOf(version), ...more }), { resource })
      expect(result).toMatchObject({
        status: 'valid',
        token: {
          subject: `azure|${ACME}.${ADA.oid}`,
          clientId: 'client',
          scopes: ['access_as_user', 'files.read'],
          issuer: issuers[version](ACME),
          user: { tid: ACME, oid: ADA.oid, name: 'Ada', roles: ['Operator'], email_verified: false },
        },
      })
    },
  )

  it('has its keys where the tenant has them', async () => {
    asked.length = 0
    await outcome(verifier(), sign(claimsOf('v2')))
    await outcome(verifier(), sign(claimsOf('v1')))
    await outcome(verifier(several), sign(claimsOf('v2', INITECH)))
    await outcome(verifier(several), sign(claimsOf('v2', PERSONAL), home))
    expect(asked).toEqual([
      `${microsoft}/${ACME}/discovery/v2.0/keys`,
      `${microsoft}/${ACME}/discovery/keys`,
      `${microsoft}/${INITECH}/discovery/v2.0/keys`,
      `${microsoft}/${PERSONAL}/discovery/v2.0/keys`,
    ])
  })

  it('may be called otherwise', async () => {
    const aud = 'https://files.acme.test'
    expect(await outcome(verifier({ applicationIdUri: aud }), sign({ ...claimsOf('v1'), aud }))).toBe('valid')
    expect(await outcome(verifier({ audience: aud }), sign({ ...claimsOf('v2'), aud }))).toBe('valid')
    expect(await outcome(verifier({ audience: aud }), sign(claimsOf('v2')))).toBe('invalid: audience')
  })
})

describe('is refused', () => {
  it.each<[what: string, more: object, outcome: string]>([
    ['a token for another app', { aud: 'api://other' }, 'invalid: audience'],
    ['a token for Microsoft Graph', { aud: 'https://graph.microsoft.com' }, 'invalid: audience'],
    ['an id_token', { scp: undefined, nonce: 'n' }, 'invalid: not_accepted'],
    ['an id_token with roles', { scp: undefined, roles: ['Operator'] }, 'invalid: not_accepted'],
    ['a token with an empty list of scopes', { scp: '' }, 'invalid: not_accepted'],
    ['a token with scopes that are no text', { scp: ['files.read'] }, 'invalid: not_accepted'],
    [
      'an app’s own token',
      { scp: undefined, roles: ['Files.Read.All'], idtyp: 'app' },
      'invalid: not_accepted',
    ],
    ['a token of another tenant', { iss: issuers.v2(INITECH), tid: INITECH }, 'not-mine'],
    ['a token of another issuer with our tenant', { iss: `https://evil.test/${ACME}/v2.0` }, 'not-mine'],
    ['a v1 token of another tenant', { iss: issuers.v1(INITECH), aud: api, ver: '1.0' }, 'not-mine'],
    ['our issuer with another tenant', { tid: INITECH }, 'invalid: not_accepted'],
    ['a token without a tenant', { tid: undefined }, 'invalid: not_accepted'],
    ['a token of nobody', { oid: undefined }, 'invalid: not_accepted'],
    ['a token of somebody without a name', { oid: '' }, 'invalid: not_accepted'],
    ['a token that is over', { exp: now - 3600 }, 'invalid: expired'],
    ['a token bound to a key', { cnf: { kid: 'x' } }, 'invalid: sender_constrained'],
  ])('%s', async (_, more, expected) => {
    expect(await outcome(verifier(), sign({ ...claimsOf('v2'), ...more }))).toBe(expected)
  })

  it('a signature that is nobody’s, and one with a secret', async () => {
    expect(await outcome(verifier(), sign(claimsOf('v2'), stranger))).toBe('invalid: signature')
    const forged = new SignJWT(claimsOf('v2')).setProtectedHeader({ alg: 'HS256', kid: 'work' })
    const token = forged.sign(new TextEncoder().encode('x'.repeat(32)))
    expect(await outcome(verifier(), token)).toBe('invalid: algorithm')
    const other = new SignJWT(claimsOf('v2')).setProtectedHeader({ alg: 'PS256', kid: pss.kid })
    expect(await outcome(verifier(), other.sign(pss.privateKey))).toBe('invalid: algorithm')
  })

  it('a tenant’s token with the key of personal accounts, and the other way round', async () => {
    for (const options of [{}, several] as const)
      expect(await outcome(verifier(options), sign(claimsOf('v2'), home))).toBe('invalid: unknown_key')
    expect(await outcome(verifier(several), sign(claimsOf('v2', PERSONAL), work))).toBe(
      'invalid: unknown_key',
    )
    expect(await outcome(verifier(several), sign(claimsOf('v2', PERSONAL), home))).toBe('valid')
  })

  it('a tenant’s token with the key of another one', async () => {
    const other = { tenant: INITECH }
    expect(await outcome(verifier(), sign(claimsOf('v2'), acme))).toBe('valid')
    for (const options of [other, several])
      expect(await outcome(verifier(options), sign(claimsOf('v2', INITECH), acme))).toBe(
        'invalid: unknown_key',
      )
    expect(await outcome(verifier(), sign(claimsOf('v2'), plain))).toBe('valid')
  })

  it('whom the rules do not let in', async () => {
    const token = (more: object) => sign({ ...claimsOf('v2'), ...more })
    const operators = verifier({ allow: { roles: ['Operator'] } })
    expect(await outcome(operators, token({ roles: ['Operator'] }))).toBe('valid')
    expect(await outcome(operators, token({ roles: ['Reader'] }))).toMatch(/^invalid: /)
    const groups = verifier({ allow: { groups: ['g1'] } })
    expect(await outcome(groups, token({ groups: ['G1'] }))).toBe('valid')
    expect(await outcome(groups, token({ _claim_names: { groups: 'src1' } }))).toMatch(
      /^invalid: .*more groups/,
    )
    expect(await outcome(groups, token({ groups: 'g1' }))).toMatch(/^invalid: /)
    expect(await outcome(verifier({ allow: { membersOnly: true } }), token({ acct: 1 }))).toMatch(
      /^invalid: Guests/,
    )
    expect(await outcome(verifier({ allow: { membersOnly: true } }), token({}))).toMatch(/^invalid: Guests/)
    expect(await outcome(verifier({ allow: { membersOnly: true } }), token({ acct: 0 }))).toBe('valid')
    expect(await outcome(verifier({ permit: () => 1 as never }), token({}))).toBe('invalid: not_permitted')
    const denied = () => Promise.reject(new AccessDenied('Not today.'))
    expect(await outcome(verifier({ permit: denied }), token({}))).toBe('invalid: Not today.')
    expect(await outcome(verifier({ permit: () => Promise.reject(new Error('down')) }), token({}))).toBe(
      'unavailable',
    )
  })
})

it('takes tokens of apps where it is told to, with their roles as scopes', async () => {
  const checker = verifier({ apps: true })
  const app = { ...claimsOf('v2'), scp: undefined, roles: ['Files.Read.All'] }
  const result = await checker.verify(await sign({ ...app, idtyp: 'app' }), { resource })
  expect(result).toMatchObject({ status: 'valid', token: { scopes: ['Files.Read.All'] } })
  expect(await outcome(checker, sign(app))).toBe('invalid: not_accepted')
  const person = await checker.verify(await sign({ ...claimsOf('v2'), roles: ['Operator'] }), { resource })
  expect(person).toMatchObject({ token: { scopes: ['access_as_user', 'files.read'] } })
})

it('knows a policy of Azure AD B2C', async () => {
  const authority = 'https://acme.b2clogin.com/acme.onmicrosoft.com/B2C_1_in'
  const checker = verifier({ authority })
  const { tid: _, oid: __, ...rest } = claimsOf('v2')
  const token = (more: object) =>
    sign(
      { ...rest, sub: ADA.oid, iss: `https://acme.b2clogin.com/${ACME}/v2.0/`, tfp: 'b2c_1_in', ...more },
      plain,
    )
  const result = await checker.verify(await token({}), { resource })
  expect(result).toMatchObject({ status: 'valid', token: { subject: `azure|${ACME}.${ADA.oid}` } })
  expect(await outcome(checker, token({ iss: `https://acme.b2clogin.com/tfp/${ACME}/b2c_1_in/v2.0/` }))).toBe(
    'valid',
  )
  for (const policy of [
    { tfp: 'b2c_1_reset' },
    { tfp: 'b2c_1_reset', acr: 'b2c_1_in' },
    {},
    { acr: 'b2c_1_reset' },
  ])
    expect(await outcome(checker, token({ tfp: undefined, ...policy }))).toBe('invalid: not_accepted')
  expect(await outcome(checker, token({ tfp: undefined, acr: 'b2c_1_in' }))).toBe('valid')
  expect(await outcome(checker, token({ iss: `https://acme.b2clogin.com/${INITECH}/v2.0/` }))).toBe(
    'not-mine',
  )
  // Of every user the same, where the policy is set to that.
  expect(await outcome(checker, token({ sub: 'Not supported currently. Use oid claim.' }))).toBe(
    'invalid: not_accepted',
  )
})

it('knows other clouds, and External ID', async () => {
  const china = verifier({ authority: 'https://login.partner.microsoftonline.cn' })
  const v1 = { ...claimsOf('v1'), iss: `https://sts.chinacloudapi.cn/${ACME}/` }
  expect(await outcome(china, sign(v1))).toBe('valid')
  expect(await outcome(china, sign(claimsOf('v1')))).toBe('not-mine')
  const external = verifier({ authority: 'https://acme.ciamlogin.com' })
  expect(
    await outcome(external, sign({ ...claimsOf('v2'), iss: `https://${ACME}.ciamlogin.com/${ACME}/v2.0` })),
  ).toBe('valid')
  expect(await outcome(external, sign(claimsOf('v2')))).toBe('not-mine')
  const elsewhere = { ...claimsOf('v2'), iss: `https://${ACME}.ciamlogin.com/${ACME}/v2.0` }
  expect(await outcome(verifier(), sign(elsewhere))).toBe('not-mine')
})

it('is told whose tokens are meant', () => {
  expect(() => verifier({ tenant: 'organizations' })).toThrow(/allow.tenants: is missing/)
  expect(() => verifier({ tenant: 'common', allow: { anyTenant: true } as never })).toThrow(
    /allow.tenants: is missing/,
  )
  expect(() => verifier({ clientId: '' })).toThrow(
    /clientId.*azureTokenVerifier\(\).*DRAWBRIDGE_AZURE_CLIENT_ID/,
  )
  expect(() => verifier({ jwksUri: 'x' } as never)).toThrow(/no such option of azureTokenVerifier/)
})

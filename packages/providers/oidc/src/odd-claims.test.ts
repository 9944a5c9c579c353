import { AccessDenied, type Login, type OAuthProvider } from '@drawbridge/core/provider'
import { providerCall } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { auth0, clerk, cognito, huggingFace, keycloak, oidc, okta, slack } from './index.ts'
import { CREDENTIALS } from './oidc.fixture.ts'

const POOL = 'eu-west-1_AbCdEfGhI'
const TEAM = 'https://slack.com/team_id'
const now = Math.floor(Date.now() / 1000)

/** Who it is, by the claims of an id_token that was checked; userinfo has nothing to add. */
function identified(provider: OAuthProvider, claims: object) {
  const said = { iss: 'https://acme.test', sub: 'ada', name: 'Ada', iat: now, ...claims }
  const call = providerCall({ fetch: async () => Response.json({ sub: 'ada' }) })
  const post = () => Promise.reject(new Error('nothing is posted'))
  const tokens = { access_token: 'a', token_type: 'bearer', scopes: [] }
  const endpoints = { authorization: '', token: '', userinfo: 'https://acme.test/userinfo' }
  const login = { tokens, claims: said, answer: {}, callback: {}, endpoints, call, post }
  return provider.identify(login as Login<never>)
}

const at = { ...CREDENTIALS, domain: 'acme.test' }

describe('a rule about names takes no claim for one that only looks like it', () => {
  const odd = [
    'staf',
    'STAFF',
    'staff ',
    'x,staff',
    '*',
    ['staff '],
    [['staff']],
    { staff: true },
    { 0: 'staff' },
  ]
  const rules: [string, OAuthProvider, (value: unknown) => object][] = [
    ['okta', okta({ ...at, allow: { groups: ['staff'] } }), (groups) => ({ groups })],
    ['auth0', auth0({ ...at, allow: { organizations: ['staff'] } }), (org_id) => ({ org_id })],
    ['clerk', clerk({ ...at, allow: { organizations: ['staff'] } }), (org_id) => ({ org_id })],
    [
      'cognito',
      cognito({ ...CREDENTIALS, userPoolId: POOL, allow: { groups: ['staff'] } }),
      (groups) => ({ 'cognito:groups': groups }),
    ],
    [
      'keycloak',
      keycloak({ ...CREDENTIALS, url: 'https://acme.test', realm: 'a', allow: { roles: ['staff'] } }),
      (roles) => ({ realm_access: { roles } }),
    ],
    [
      'huggingFace',
      huggingFace({ ...CREDENTIALS, allow: { organizations: ['staff'] } }),
      (sub) => ({ orgs: [{ sub, name: 'staff', preferred_username: 'staff' }] }),
    ],
  ]
  it.each(rules)('%s', async (_, provider, claims) => {
    await expect(identified(provider, claims('staff'))).resolves.toBeDefined()
    for (const value of [...odd, undefined, null, true, 0])
      await expect(identified(provider, claims(value)), JSON.stringify(value)).rejects.toThrow(AccessDenied)
  })
})

it('a verified address is asked for on top of a name', async () => {
  const allow = { groups: ['staff'], verifiedEmail: true } as const
  const claims = { groups: ['staff'], email: 'ada@acme.test' }
  const provider = okta({ ...at, allow })
  await expect(identified(provider, { ...claims, email_verified: true })).resolves.toBeDefined()
  await expect(identified(provider, { ...claims, email_verified: false })).rejects.toThrow(AccessDenied)
  const others = { email: 'ada@acme.test', email_verified: true, groups: [] }
  await expect(identified(provider, others)).rejects.toThrow(AccessDenied)
})

it('what only an id_token says is no verdict without one', async () => {
  const none = { iss: undefined, name: undefined }
  for (const provider of [
    auth0({ ...at, allow: { organizations: ['staff'] } }),
    cognito({ ...CREDENTIALS, userPoolId: POOL, allow: { groups: ['staff'] } }),
  ]) {
    const attempt = identified(provider, none)
    await expect(attempt).rejects.toThrow(/there is no id_token/)
    await expect(attempt).rejects.not.toThrow(AccessDenied)
  }
})

it('a claim that no object has of itself is no name', async () => {
  const provider = keycloak({
    ...CREDENTIALS,
    url: 'https://acme.test',
    realm: 'a',
    allow: { roles: ['toString', 'constructor'] },
  })
  for (const realm_access of [{}, [], 'roles', { __proto__: { roles: ['toString'] } }])
    await expect(identified(provider, { realm_access })).rejects.toThrow(AccessDenied)
})

describe('an address is verified by `true`', () => {
  const address = { email: 'ada@acme.test' }
  const allow = { emailDomains: ['acme.test'] }
  const odd = ['false', 'TRUE', 'True', ' true', 'yes', '1', 1, ['true'], [true], { toString: 'true' }, null]

  it.each([...odd, 'true'])('and by nothing else: %j', async (email_verified) => {
    const provider = oidc({ ...CREDENTIALS, issuer: 'https://acme.test', allow })
    await expect(identified(provider, { ...address, email_verified })).rejects.toThrow(AccessDenied)
  })

  it('or, at Cognito, by the text', async () => {
    const provider = cognito({ ...CREDENTIALS, userPoolId: POOL, allow })
    for (const email_verified of [true, 'true'])
      await expect(identified(provider, { ...address, email_verified })).resolves.toBeDefined()
    for (const email_verified of odd)
      await expect(
        identified(provider, { ...address, email_verified }),
        JSON.stringify(email_verified),
      ).rejects.toThrow(AccessDenied)
  })
})

it('at Slack, somebody is of a workspace', async () => {
  const provider = slack(CREDENTIALS)
  const one = await identified(provider, { [TEAM]: 'T1' })
  const other = await identified(provider, { [TEAM]: 'T2' })
  expect([one.sub, other.sub]).toEqual(['T1.ada', 'T2.ada'])
  for (const team of [undefined, null, '', 7, ['T1']])
    await expect(identified(provider, { [TEAM]: team }), JSON.stringify(team)).rejects.toThrow(
      /of which workspace/,
    )
})

import { AccessDenied, type Login } from '@drawbridge/core/provider'
import { providerCall } from '@drawbridge/testing'
import { afterEach, describe, expect, expectTypeOf, it, vi } from 'vitest'
import { type OAuth2Options, oauth2, type UserMembers } from './index.ts'
import { CREDENTIALS, ORIGIN } from './oidc.fixture.ts'

const ENDPOINTS = { authorization: `${ORIGIN}/authorize`, token: `${ORIGIN}/token` }
const USER = { url: `${ORIGIN}/me`, sub: 'id' }
const service = { ...CREDENTIALS, id: 'acme', label: 'Acme', endpoints: ENDPOINTS }

afterEach(() => vi.unstubAllEnvs())

/** What `identify` makes of what the service answers. */
async function identified(options: object, answer: unknown, status = 200) {
  const asked: Request[] = []
  const call = providerCall({
    fetch: async (request) => {
      asked.push(request)
      return Response.json(answer, { status })
    },
  })
  const post = () => Promise.reject(new Error('nothing is posted'))
  const provider = oauth2({ ...service, user: USER, ...options } as OAuth2Options)
  const tokens = { access_token: 'their token', token_type: 'bearer', scopes: [] }
  const login: Login<never> = { tokens, answer: {}, callback: {}, endpoints: ENDPOINTS, call, post }
  return { ...(await provider.identify(login)), asked }
}

describe('who it is', () => {
  it('stands at a URL of the service, and a number is a name, too', async () => {
    const { sub, claims, asked } = await identified({}, { id: 1001, secret: 'x' })
    expect({ sub, claims }).toEqual({ sub: '1001', claims: { sub: '1001' } })
    expect(asked[0]?.headers.get('authorization')).toBe('Bearer their token')
    expect(asked[0]?.url).toBe(`${ORIGIN}/me`)
  })

  it('is read from the members that are named, in objects, too', async () => {
    const user: UserMembers = {
      url: `${ORIGIN}/me`,
      sub: 'data.id',
      name: 'data.display_name',
      email: 'data.mail',
      email_verified: 'data.confirmed',
      claims: ['plan', 'data.team'],
    }
    const data = { id: 'u1', display_name: 'Ada', mail: 'ada@acme.test', confirmed: true, team: 'core', x: 1 }
    expect((await identified({ user }, { data, plan: null })).claims).toEqual({
      sub: 'u1',
      name: 'Ada',
      email: 'ada@acme.test',
      email_verified: true,
      'data.team': 'core',
    })
  })

  it('is called by a name that people know, and by no id', async () => {
    const user = { ...USER, name: 'name', email: 'mail', account: 'handle' }
    const answer = { id: 7, handle: 'ada', mail: 'ada@acme.test', name: 'Ada' }
    expect(await identified({ user }, answer)).toMatchObject({ account: 'ada' })
    expect(await identified({ user }, { ...answer, handle: null })).toMatchObject({
      account: 'ada@acme.test',
    })
    expect(
      (await identified({ user: { ...USER, name: 'name' } }, { id: 7, name: 8 })).account,
    ).toBeUndefined()
  })

  const nobody = [0, -0, -1, 1.5, 2 ** 53, null, '', ' ', true, false, { a: 1 }, ['u1'], [1], {}]
  it.each([...nobody.map((id) => ({ id })), {}, [], null, 'ada', { ID: 1 }])(
    'is not guessed from %j: an outage',
    async (answer) => {
      const attempt = identified({}, answer)
      await expect(attempt).rejects.toThrow()
      await expect(attempt).rejects.not.toThrow(AccessDenied)
    },
  )

  it('is told apart from what others may write: a list of members smuggles in no address', async () => {
    const claims = ['sub', 'email', 'email_verified', '__proto__', 'constructor']
    const answer = { id: 1, sub: 'eve', email: 'ada@acme.test', email_verified: true }
    const { claims: known } = await identified({ user: { ...USER, claims } }, answer)
    expect(known).toEqual({ sub: '1' })
    expect(Object.getPrototypeOf(known)).toBe(Object.prototype)
  })

  it('is found out by a function where that takes more', async () => {
    const identify = async ({ tokens }: Login<unknown>) => ({
      sub: 'u1',
      claims: { with: tokens.access_token },
    })
    expect(await identified({ user: undefined, identify }, {})).toMatchObject({
      sub: 'u1',
      claims: { with: 'their token' },
    })
  })
})

describe('who may enter', () => {
  const user = { ...USER, email: 'mail', email_verified: 'confirmed' }
  const allow = { emailDomains: ['acme.test'] }
  const ada = { id: 1, mail: 'ada@acme.test', confirmed: true }

  it('is told by an address that the service says it verified', async () => {
    await expect(identified({ user, allow }, ada)).resolves.toBeDefined()
    for (const other of [
      { mail: 'ada@other.test' },
      { confirmed: false },
      { confirmed: 'true' },
      { confirmed: 1 },
    ])
      await expect(identified({ user, allow }, { ...ada, ...other })).rejects.toThrow(AccessDenied)
    const only = { ...user, email_verified: true }
    await expect(identified({ user: only, allow }, { ...ada, confirmed: undefined })).resolves.toBeDefined()
  })

  it('is asked of a predicate, and only true lets in', async () => {
    for (const answer of [false, undefined, 'yes'])
      await expect(identified({ permit: () => answer }, ada)).rejects.toThrow(AccessDenied)
    await expect(
      identified({ permit: ({ sub }: { sub: string }) => sub === '1' }, ada),
    ).resolves.toBeDefined()
  })

  it('is asked of what a function found out, too', async () => {
    const identify = async () => ({ sub: 'u1', claims: { email: 'eve@evil.test', email_verified: true } })
    await expect(identified({ user: undefined, identify, allow }, {})).rejects.toThrow(AccessDenied)
    const permit = ({ email }: { email: string }) => email === 'eve@evil.test'
    await expect(identified({ user: undefined, identify, permit }, {})).resolves.toBeDefined()
  })
})

describe('options', () => {
  const made = (options: object) => oauth2({ ...service, user: USER, ...options } as OAuth2Options)

  it('take the credentials of the id from the environment', () => {
    vi.stubEnv('DRAWBRIDGE_ACME_CLIENT_ID', 'env-id')
    vi.stubEnv('DRAWBRIDGE_ACME_CLIENT_SECRET', 'env-secret')
    expect(oauth2({ id: 'acme', label: 'Acme', endpoints: ENDPOINTS, user: USER }).client).toEqual({
      id: 'env-id',
      auth: { method: 'client_secret_basic', secret: 'env-secret' },
    })
  })

  it('hand on what is special about a service', () => {
    const scopes = {
      default: ['read'],
      separator: ',',
      parameter: 'user_scope',
      descriptions: { read: 'Read' },
    }
    const revoke = async () => {}
    const special = {
      pkce: false,
      tokens: 'per-user',
      revocation: 'user',
      response_mode: 'form_post',
      revoke,
    }
    expect(made({ ...special, scopes })).toMatchObject({ ...special, scopes })
    expect(made({ scopes: ['read'] }).scopes).toEqual({ default: ['read'] })
    expect(made({ clientAuth: { method: 'none' }, clientSecret: undefined }).client.auth).toEqual({
      method: 'none',
    })
    const sent = (parameters: unknown) =>
      made({ parameters }).parameters?.authorize?.({ scopes: ['read'], again: true })
    expect(sent({ prompt: 'consent' })).toEqual({ prompt: 'consent' })
    expect(sent(({ again }: { again: boolean }) => ({ force: String(again) }))).toEqual({ force: 'true' })
    expect(sent(undefined)).toEqual({})
  })

  it('say what it does of `prompt`, in its own word where it has one', () => {
    expect(made({}).prompts).toEqual([])
    expect(made({ prompts: ['select_account'] }).prompts).toEqual(['select_account'])
    const sent = (parameters: unknown) =>
      made({ parameters }).parameters?.authorize?.({ scopes: [], again: false, prompt: 'select_account' })
    expect(sent({ prompt: 'consent' })).toEqual({ prompt: 'select_account' })
    const own = ({ prompt }: { prompt?: string }) => ({ force_choice: String(prompt === 'select_account') })
    expect(sent(own)).toEqual({ prompt: 'select_account', force_choice: 'true' })
  })

  it('never promise a revocation that there is not', () => {
    expect(made({}).revocation).toBe('none')
    expect(made({ revoke: async () => {} }).revocation).toBe('token')
    expect(made({ endpoints: { ...ENDPOINTS, revocation: `${ORIGIN}/revoke` } }).revocation).toBe('token')
    expect(() => made({ revocation: 'token' })).toThrow(/revocation: .*endpoints\.revocation/)
  })

  it('may leave the endpoints to an issuer, without id_tokens', () => {
    expect(made({ endpoints: undefined, issuer: ORIGIN })).toMatchObject({
      issuer: ORIGIN,
      openid: false,
      endpoints: {},
    })
  })

  it.each<[string, object, RegExp]>([
    ['no id', { id: undefined }, /id: is missing/],
    ['no label', { label: '' }, /label: is missing/],
    ['no endpoints', { endpoints: undefined }, /endpoints.authorization: is missing/],
    [
      'half of them',
      { endpoints: { authorization: ENDPOINTS.authorization } },
      /endpoints.token: is missing/,
    ],
    [
      'plain http',
      { endpoints: { ...ENDPOINTS, token: 'http://acme.test/token' } },
      /endpoints.token: .*https/,
    ],
    ['an issuer on plain http', { issuer: 'http://acme.test' }, /issuer: .*https/],
    ['nobody to ask', { user: undefined }, /user, identify: are both missing/],
    ['two ways to ask', { identify: async () => ({}) }, /user, identify: are given together/],
    ['a user at plain http', { user: { ...USER, url: 'http://acme.test/me' } }, /user.url: .*https/],
    ['no member', { user: { url: USER.url } }, /user.sub: is missing/],
    ['a member that there is not', { user: { ...USER, verified: 'x' } }, /user.verified/],
    ['rules about nothing', { allow: { emails: ['ada@acme.test'] } }, /allow: is about addresses/],
    [
      'rules that nobody matches',
      { allow: {}, user: { ...USER, email: 'a', email_verified: 'b' } },
      /names nobody/,
    ],
    ['an option that there is not', { userinfo: true }, /userinfo: there is no such option/],
  ])('refuse %s', (_, options, message) => {
    expect(() => made(options)).toThrow(message)
  })
})

it('wrong combinations do not compile', () => {
  type Fits<Options> = Options extends OAuth2Options ? true : false
  type Base = { id: string; label: string; endpoints: { authorization: string; token: string } }
  type User = { user: { url: string; sub: string } }
  type Auth = { clientAuth: { method: 'none' } }
  expectTypeOf<Fits<Base & User>>().toEqualTypeOf<true>()
  expectTypeOf<Fits<Base & User & Auth>>().toEqualTypeOf<true>()
  expectTypeOf<Fits<Base & User & Auth & { clientSecret: string }>>().toEqualTypeOf<false>()
  expectTypeOf<Fits<Base>>().toEqualTypeOf<false>()
  expectTypeOf<Fits<Omit<Base, 'label'> & User>>().toEqualTypeOf<false>()
  expectTypeOf<Fits<Omit<Base, 'endpoints'> & User>>().toEqualTypeOf<false>()
  expectTypeOf<Fits<Omit<Base, 'endpoints'> & User & { issuer: string }>>().toEqualTypeOf<true>()
  const identify = async () => ({ sub: '1', claims: { login: 'ada' } })
  // @ts-expect-error nobody says whether an address was verified
  expect(() => oauth2({ ...service, identify, allow: { emails: ['ada@acme.test'] } })).not.toThrow()
  // @ts-expect-error two ways to find out who it is
  expect(() => oauth2({ ...service, identify, user: USER })).toThrow()
  oauth2({ ...service, identify, permit: ({ login }) => login === 'ada' })
  oauth2({
    ...service,
    identify: async ({ answer }) => ({ sub: '1', claims: { team: String(answer.team) } }),
    permit: ({ team }) => team === 'core',
  })
})

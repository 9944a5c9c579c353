import { type DevEntraOptions, fakeClock, type TokenBody } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { ACME, ADA, API, entra, GRAPH, INITECH, PERSONAL, person } from './entra.fixture.ts'
import type { AzureOptions, AzureUser } from './index.ts'
import { serverBehind } from './server.fixture.ts'

const DAY = 86_400
const mail = `${GRAPH}/Mail.Read`

/** A server behind a development Entra. */
function world(options: Partial<AzureOptions> = {}, truth: DevEntraOptions = {}) {
  const clock = fakeClock()
  const { dev, graph, hosts } = entra({ clock, ...truth })
  return { ...serverBehind({ clock, dev, hosts }, options), clock, dev, graph }
}

/** What Entra itself refuses before us, to see that we do, too. */
const lax = { refuses: undefined } as const

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

it('knows who signed in by tid and oid, and keeps them in for days with what the first id_token said', async () => {
  const { install, gate, clock, token, dev, posted, told } = world({ scopes: ['email', 'files.read'] })
  const both = [await install('ada', 'files.read'), await install('ada', 'files.read files.write')]
  expect(both.map(({ tokens }) => tokens.scope)).toEqual(['files.read', 'files.read files.write'])
  for (const days of [0, 1, 7]) {
    clock.advance(days * DAY + 60)
    for (const each of both) {
      const { status, body } = await each.client.refresh(each.tokens.refresh_token)
      expect(status).toBe(200)
      each.tokens = body as TokenBody
      const info = await gate(each.tokens)
      const { tid, oid, name, email } = ADA
      expect(info.extra).toMatchObject({
        subject: `azure|${ACME}.${ADA.oid}`,
        user: { tid, oid, name, email, email_verified: false },
      })
      expect(info.extra.user).not.toHaveProperty('sub')
      expect(dev.works((await token(info)).access_token)).toBe(true)
    }
  }
  expect(told('identity.confirmed').length).toBeGreaterThanOrEqual(4)
  expect(told('upstream.unavailable')).toEqual([])
  const scopes = [`${API}/files.read`, 'email', 'offline_access', 'openid', 'profile']
  const asked = (grant_type: string) => posted(grant_type).map(({ scope }) => scope?.split(' ').sort())
  expect(asked('authorization_code')[0]).toEqual(scopes)
  expect(asked('refresh_token')).toContainEqual(scopes)
  expect(dev.requests.filter(({ parameters }) => 'resource' in parameters)).toEqual([])
})

describe('an account that may not enter is refused, and nothing is created', () => {
  const several = { tenant: 'organizations', allow: { tenants: [ACME] } }
  it.each<[what: string, user: string, options: Partial<AzureOptions>, truth?: DevEntraOptions]>([
    ['of another tenant, at a server of one', 'max', {}],
    ['of a tenant that is not among those that are named', 'max', several],
    [
      'with an address of ours, in another tenant',
      'max',
      { tenant: ACME, scopes: ['email', 'files.read'] },
      { users: [{ ...person('max'), email: ADA.email }] },
    ],
    [
      'a personal one, where organizations are meant',
      'lin',
      { tenant: 'organizations', allow: { anyTenant: true } },
    ],
    ['of an organization, where personal ones are meant', 'ada', { tenant: 'consumers' }],
    ['a guest, where members are', 'kim', { allow: { membersOnly: true } }],
    ['without the role', 'grace', { allow: { roles: ['Admin'] } }],
  ])('%s', async (_, user, options, truth = {}) => {
    const { install, events, told } = world(options, { ...lax, ...truth })
    await expect(install(user)).rejects.toThrow(/No code: access_denied/)
    expect(told('login.denied')).toHaveLength(1)
    expect(events.map(({ type }) => type)).not.toContain('grant.created')
    expect(told('upstream.unavailable')).toEqual([])
  })

  it.each<[user: string, options: Partial<AzureOptions>]>([
    ['kim', {}],
    ['ada', { allow: { membersOnly: true } }],
    ['ada', { allow: { roles: ['Admin'] } }],
    ['ada', { allow: { users: [ADA.oid.toUpperCase()] } }],
    ['max', { tenant: 'common', allow: { tenants: [ACME, INITECH] } }],
    ['max', { tenant: 'organizations', allow: { anyTenant: true } }],
    ['lin', { tenant: 'common', allow: { anyTenant: true } }],
    ['lin', { tenant: 'consumers' }],
    ['lin', { tenant: 'common', allow: { tenants: [ACME, PERSONAL] } }],
  ])('and %s is not, with %j', async (user, options) => {
    await expect(world(options).install(user)).resolves.toBeDefined()
  })
})

describe('an id_token that is not what it says', () => {
  const truth = (issuerOf: DevEntraOptions['issuerOf'], user: object = {}): DevEntraOptions => ({
    ...lax,
    issuerOf,
    users: [{ ...ADA, ...user }],
  })
  it.each<[what: string, truth: DevEntraOptions]>([
    ['of an issuer elsewhere, with a tenant of ours', truth(() => `https://evil.test/${ACME}/v2.0`)],
    ['of another tenant, with a tenant of ours', truth((_, origin) => `${origin}/${INITECH}/v2.0`)],
    ['in the shape of v1', truth(() => `https://sts.windows.net/${ACME}/`)],
    ['without a tenant', truth((_, origin) => `${origin}/${ACME}/v2.0`, { tid: undefined })],
    ['with a tenant that is no id', truth((_, origin) => `${origin}/../v2.0`, { tid: '..' })],
  ])('lets nobody in: %s', async (_, given) => {
    const { install, events } = world({}, given)
    await expect(install()).rejects.toThrow(/No code: access_denied/)
    expect(events.map(({ type }) => type)).not.toContain('grant.created')
  })

  it('is a fault without an oid', async () => {
    const { install, told } = world({}, { users: [{ ...ADA, oid: undefined }] })
    await expect(install()).rejects.toThrow()
    expect(told('grant.created')).toEqual([])
  })
})

it('ends the session of somebody who lost the role, at the re-check', async () => {
  const { install, clock, dev } = world({ allow: { roles: ['Admin'] } }, { refreshIdToken: undefined })
  const { client, tokens } = await install('ada')
  const ada = dev.users.find(({ sub }) => sub === 'ada')
  if (ada) ada.roles = []
  clock.advance(DAY + 1)
  expect(await client.refresh(tokens.refresh_token)).toMatchObject({ body: { error: 'invalid_grant' } })
})

describe('on behalf of somebody', () => {
  const options = { scopes: ['files.read'], onBehalfOf: [mail] }

  it('people agree at the sign-in, the kept token is for one API, and tools get the other', async () => {
    const { install, gate, token, posted, dev, clock } = world(options)
    const info = await gate((await install()).tokens)
    const [authorization] = dev.requests.filter(({ endpoint }) => endpoint === 'authorization')
    expect(authorization?.parameters.scope?.split(' ')).toContain(mail)
    expect(posted('authorization_code')[0]?.scope).not.toContain('graph')
    const kept = await token(info)
    const other = await token(info, [mail])
    expect(other).toMatchObject({ scopes: [mail], provider: 'azure' })
    expect(other.access_token).not.toBe(kept.access_token)
    expect(posted(jwtBearer)).toEqual([
      expect.objectContaining({
        assertion: kept.access_token,
        scope: mail,
        requested_token_use: 'on_behalf_of',
      }),
    ])
    expect(await token(info, [mail])).toEqual(other)
    expect(posted(jwtBearer)).toHaveLength(1)
    clock.advance(3600)
    expect((await token(info, [mail])).access_token).not.toBe(other.access_token)
    expect(posted('refresh_token')[0]?.scope).not.toContain('graph')
  })

  it('each sign-in and each set of scopes has its own', async () => {
    const both = [mail, `${GRAPH}/User.Read`]
    const { install, gate, token, posted } = world({ ...options, onBehalfOf: both })
    const infos = [await gate((await install()).tokens), await gate((await install()).tokens)]
    for (const info of [...infos, ...infos]) await token(info, [mail])
    expect(posted(jwtBearer)).toHaveLength(2)
    for (const info of infos) await token(info, both)
    expect(posted(jwtBearer)).toHaveLength(4)
  })

  it.each(['interaction_required', 'consent_required'])(
    'a refusal is for the tool, and ends nothing: %s',
    async (error) => {
      const { install, gate, token, told } = world(options, { onBehalfOf: () => error })
      const info = await gate((await install()).tokens)
      await expect(token(info, [mail])).rejects.toMatchObject({
        name: 'NoUpstreamToken',
        cause: { message: expect.stringContaining(error) },
      })
      expect((await token(info)).access_token).toBeDefined()
      expect(told('upstream.ended')).toEqual([])
    },
  )

  it('needs a sign-in for an API of the app', async () => {
    const { install, gate, token, posted } = world({ scopes: ['openid', 'profile'] })
    const info = await gate((await install('ada', '')).tokens)
    await expect(token(info, [mail])).rejects.toMatchObject({ name: 'NoUpstreamToken' })
    expect(posted(jwtBearer)).toEqual([])
  })
})

describe('what Microsoft Graph says', () => {
  it.each<[by: string, options: Partial<AzureOptions>, exchanges: number]>([
    ['on behalf of', { scopes: ['files.read'] }, 1],
    ['with the kept token', { scopes: ['openid', 'profile'] }, 0],
  ])('reaches tools and `permit`, %s, and again at the re-check', async (_, options, exchanges) => {
    const profile = { department: 'R&D' }
    const permit = ({ graph }: AzureUser) => graph?.department === 'R&D'
    const { install, gate, graph, clock, posted } = world(
      { ...options, permit, graph: { fields: ['department', 'jobTitle'] } },
      { users: [{ ...ADA, graph: profile }] },
    )
    const { client, tokens } = await install('ada', '')
    expect((await gate(tokens)).extra.user.graph).toEqual({ department: 'R&D', jobTitle: null })
    expect(graph).toEqual([`${GRAPH}/v1.0/me?$select=id,department,jobTitle`])
    expect(posted(jwtBearer)).toHaveLength(exchanges)
    profile.department = 'Sales'
    clock.advance(DAY + 1)
    expect(await client.refresh(tokens.refresh_token)).toMatchObject({ body: { error: 'invalid_grant' } })
  })

  it.each([undefined, '', 'x', person('grace').oid, [ADA.oid]])(
    'is nothing that is of somebody else: %j',
    async (id) => {
      const graph = { department: 'R&D', id }
      const { install, told } = world({ graph: { fields: ['department'] } }, { users: [{ ...ADA, graph }] })
      await expect(install('ada', '')).rejects.toThrow()
      expect(told('login.denied')).toEqual([])
      expect(told('grant.created')).toEqual([])
    },
  )

  it('is of a personal account, too, whose id there is the end of that in tokens', async () => {
    const lin = person('lin')
    const id = lin.oid.replaceAll('-', '').slice(16).toUpperCase()
    const truth = { users: [{ ...lin, graph: { department: 'Home', id } }] }
    const options = { tenant: 'consumers', graph: { fields: ['department'] } }
    const { install, gate } = world(options, truth)
    expect((await gate((await install('lin', '')).tokens)).extra.user.graph).toEqual({ department: 'Home' })
  })
})

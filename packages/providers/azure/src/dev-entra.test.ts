import { generateKeyPairSync } from 'node:crypto'
import {
  entraTenants,
  type FakeClock,
  fakeClock,
  type ProviderFlow,
  providerFlowContract,
} from '@drawbridge/testing'
import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { API, CREDENTIALS, entra, GRAPH, ORIGIN } from './entra.fixture.ts'
import { type AzureOptions, azure, azureTokenVerifier, managedIdentity } from './index.ts'
import { serverBehind } from './server.fixture.ts'

const { acme, other, personal } = entraTenants
const several = { tenant: 'organizations', allow: { tenants: [acme] } } as const
const mail = `${GRAPH}/Mail.Read`

/** A server behind a development Entra, which holds requests to what the real one takes. */
function world(options: Partial<AzureOptions> = {}, version: 1 | 2 = 2) {
  const clock = fakeClock()
  const { dev, hosts } = entra({ clock, accessTokenVersion: version })
  return { ...serverBehind({ clock, dev, hosts }, { tenant: acme, ...options } as AzureOptions), clock, dev }
}

function open(clock: FakeClock): ProviderFlow {
  const { dev, hosts } = entra({ clock })
  const gone = new Set<string>()
  const permit = ({ name }: { name?: string | undefined }) => !gone.has(String(name))
  const provider = azure({ ...CREDENTIALS, ...several, scopes: ['files.read'], permit })
  return {
    provider: { ...provider, scopes: { ...provider.scopes, supported: ['files.write'] } },
    network: hosts,
    people: { member: 'ada', other: 'grace', refused: 'max', foreign: 'max' },
    scopes: { first: 'files.read', second: 'files.write' },
    works: dev.works,
    endAccess: dev.revokeUser,
    leave(person) {
      gone.add(String(dev.users.find(({ sub }) => sub === person)?.name))
    },
  }
}

describe('the flow contract, with a development Entra', () => {
  for (const c of providerFlowContract({ without: ['revoke', 'permit'] })) it(c.name, () => c.run(open))
})

describe('a development Entra', () => {
  it.each<[user: string, options: Partial<AzureOptions>]>([
    ['ada', {}],
    ['ada', { scopes: ['openid', 'profile', 'email'] }],
    ['ada', { scopes: [mail] }],
    ['ada', { allow: { roles: ['Admin'] } }],
    ['max', { tenant: 'common', allow: { tenants: [acme, other] } } as Partial<AzureOptions>],
    ['lin', { tenant: 'consumers' }],
    ['lin', { tenant: 'common', allow: { tenants: [personal] } } as Partial<AzureOptions>],
  ])('signs %s in with %j', async (user, options) => {
    const { install, gate, dev, token } = world(options)
    const info = await gate((await install(user, '')).tokens)
    const { tid, oid, name } = dev.users.find(({ sub }) => sub === user) ?? { tid: '', oid: '', name: '' }
    expect(info.extra).toMatchObject({ subject: `azure|${tid}.${oid}`, user: { tid, oid, name } })
    expect(dev.works((await token(info)).access_token)).toBe(true)
  })

  it('gives a tool a token on behalf of somebody, and Graph takes it', async () => {
    const { install, gate, token, fetch, dev } = world({ scopes: ['files.read'], onBehalfOf: [mail] })
    const info = await gate((await install()).tokens)
    const { access_token } = await token(info, [mail])
    expect(dev.works(access_token)).toBe(true)
    const me = await fetch(
      new Request(`${GRAPH}/v1.0/me`, { headers: { authorization: `Bearer ${access_token}` } }),
    )
    expect(await me.json()).toMatchObject({ displayName: 'Ada Lovelace' })
    await expect(token(info, [mail, 'https://vault.azure.net/x'])).rejects.toMatchObject({
      name: 'NoUpstreamToken',
    })
  })

  it.each([[['files.read']], [['openid', 'profile']], [[mail]]])(
    'tells what Graph says, with %j',
    async (scopes) => {
      const { install, gate } = world({ scopes, graph: { fields: ['department', 'jobTitle'] } })
      const info = await gate((await install('ada', '')).tokens)
      expect(info.extra.user.graph).toEqual({ department: 'Engines', jobTitle: 'Analyst' })
    },
  )

  it('knows the app by a certificate, and by a managed identity', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = (label: string, text: string) =>
      `-----BEGIN ${label}-----\n${btoa(text)}\n-----END ${label}-----`
    const certificate = {
      method: 'certificate',
      certificate: pem('CERTIFICATE', 'anything'),
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    } as const
    const identity = new SignJWT({ sub: 'identity', aud: 'api://AzureADTokenExchange' }).setExpirationTime(
      '10y',
    )
    const access_token = await identity.setProtectedHeader({ alg: 'RS256' }).sign(privateKey)
    const imds = (async () => Response.json({ access_token })) as typeof fetch
    for (const clientAuth of [certificate, managedIdentity({ clientId: 'identity', fetch: imds })])
      await expect(world({ clientSecret: undefined, clientAuth }).install()).resolves.toBeDefined()
  })

  it('gives tokens that the verifier takes, for the same user', async () => {
    const { install, gate, token, fetch, clock } = world({ scopes: ['files.read'] })
    const info = await gate((await install()).tokens)
    const { access_token } = await token(info)
    const options = { tenant: acme, clientId: 'dev-client', authority: ORIGIN, clock }
    const verifier = azureTokenVerifier({
      ...options,
      fetch: ((...of) => fetch(new Request(...of))) as typeof globalThis.fetch,
    })
    const result = await verifier.verify(access_token, { resource: API })
    expect(result).toMatchObject({
      status: 'valid',
      token: { subject: info.extra.subject, scopes: ['files.read'] },
    })
  })
})

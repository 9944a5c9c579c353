import { describe, expect, it } from 'vitest'
import { CREDENTIALS, GRAPH } from './entra.fixture.ts'
import { apiUri, ofOneApi } from './scope-names.ts'
import { azureScopes, scopesOf } from './scopes.ts'
import { directoryOf } from './tenants.ts'

const api = 'api://app'
const of = (scopes: readonly string[], onBehalfOf: readonly string[] = []) =>
  azureScopes({ scopes, onBehalfOf, api })
const tenant = '11111111-1111-4111-8111-111111111111'
const b2c = directoryOf(
  { tenant, authority: 'https://acme.b2clogin.com/acme.onmicrosoft.com/B2C_1_in' },
  'azure()',
)

describe('scopes', () => {
  const { toUpstream, fromUpstream, ...lists } = of(['openid', 'profile', 'files.read', `${api}/files.write`])

  it('have one name each, however they are written', () => {
    expect(lists.default).toEqual(['openid', 'profile', 'files.read', 'files.write'])
    expect(lists.hidden).toEqual(['offline_access'])
  })

  it('of the own API are sent in full, and come back by their short names', () => {
    const ours = ['openid', 'files.read', `${GRAPH}/Mail.Read`]
    expect(toUpstream(ours)).toEqual(['openid', `${api}/files.read`, `${GRAPH}/Mail.Read`])
    expect(
      fromUpstream([`${api}/files.read`], ['openid', 'offline_access', 'files.read', 'files.write']),
    ).toEqual(['files.read', 'openid', 'offline_access'])
    expect(fromUpstream(['API://APP/Files.Read'], ['files.read'])).toEqual(['files.read'])
    expect(fromUpstream([`${api}/files.admin`], ['files.read'])).toEqual(['files.admin'])
  })

  it('of Microsoft Graph come back as they were asked for, however it calls them', () => {
    const asked = ['openid', `${GRAPH}/User.Read`]
    for (const theirs of ['User.Read', 'user.read', `${GRAPH}/User.Read`, `${GRAPH}/user.read`])
      expect(fromUpstream(['openid', theirs], asked)).toEqual(['openid', `${GRAPH}/User.Read`])
  })

  it('that others were granted are none of ours', () => {
    expect(fromUpstream(['openid', 'Mail.Read', 'files.read'], ['openid'])).toEqual(['openid'])
    expect(fromUpstream([`${GRAPH}/Mail.Read`], ['files.read'])).toEqual([`${GRAPH}/Mail.Read`])
  })

  it('by default are there when anything is', () => {
    const asked = [`${GRAPH}/.default`]
    expect(fromUpstream(['Mail.Read'], asked)).toEqual([])
    expect(fromUpstream([`${GRAPH}/Mail.Read`], asked)).toEqual([`${GRAPH}/Mail.Read`, `${GRAPH}/.default`])
  })

  it('of others are sent, and shown to nobody', () => {
    const { default: shown, hidden } = of(['openid', `${GRAPH}/Mail.Read`])
    expect(shown).toEqual(['openid'])
    expect(hidden).toEqual(['profile', 'offline_access', `${GRAPH}/Mail.Read`])
    expect(of(['files.read'], [`${GRAPH}/Mail.Read`]).hidden).toContain(`${GRAPH}/Mail.Read`)
  })

  it('are of one API, since a token is', () => {
    const mixed = /scopes: "https:\/\/graph.microsoft.com\/Mail.Read".*onBehalfOf/
    expect(() => of(['files.read', `${GRAPH}/Mail.Read`])).toThrow(mixed)
    expect(() => of([`${GRAPH}/Mail.Read`, 'files.read'])).toThrow(mixed)
    expect(() => of([`${GRAPH}/Mail.Read`, 'https://vault.azure.net/user_impersonation'])).toThrow(/scopes/)
    expect(() => of(['openid'], [`${GRAPH}/Mail.Read`])).toThrow(/onBehalfOf.*Expose a scope/)
    expect(() => of(['files.read'], ['Mail.Read'])).toThrow(/onBehalfOf: holds "Mail.Read"/)
  })
})

it('a token request asks for one API: the own one, where it is there', () => {
  const graph = [`${GRAPH}/User.Read`, `${GRAPH}/Mail.Read`]
  expect(ofOneApi(['openid', ...graph, `${api}/files.read`], api)).toEqual(['openid', `${api}/files.read`])
  expect(ofOneApi(['openid', ...graph], api)).toEqual(['openid', ...graph])
  expect(ofOneApi(['openid', 'offline_access'], api)).toEqual(['openid', 'offline_access'])
})

describe('Azure AD B2C', () => {
  const app = { clientId: 'app', directory: b2c, api: apiUri(undefined, 'app', b2c) }

  it('gives an access token for the app itself, where no API is asked for', () => {
    const { toUpstream, hidden } = scopesOf({}, app)
    expect(hidden).toContain('app')
    expect(toUpstream(['openid', 'app'])).toEqual(['openid', 'app'])
    expect(ofOneApi(['openid', 'app'], app.api)).toEqual(['openid', 'app'])
  })

  it('calls an API by its domain', () => {
    const { toUpstream, hidden } = scopesOf({ scopes: ['read'] }, app)
    expect(toUpstream(['read'])).toEqual(['https://acme.onmicrosoft.com/app/read'])
    expect(hidden).not.toContain('app')
    expect(apiUri('https://acme.onmicrosoft.com/files/', 'app', b2c)).toBe(
      'https://acme.onmicrosoft.com/files',
    )
  })
})

it('reading a profile is among them, where it can be', () => {
  const directory = directoryOf({ tenant, authority: CREDENTIALS.authority }, 'azure()')
  const app = { clientId: 'app', api, directory }
  const graph = { fields: ['department'] }
  for (const scopes of [undefined, ['files.read'], [`${GRAPH}/Mail.Read`]])
    expect(scopesOf({ scopes, graph }, app).hidden).toContain(`${GRAPH}/User.Read`)
  expect(() => scopesOf({ scopes: ['https://vault.azure.net/x'], graph }, app)).toThrow(
    /scopes: ".*User.Read"/,
  )
})

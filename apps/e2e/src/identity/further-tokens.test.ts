import type { OAuthProvider } from '@drawbridge/core/provider'
import { describe, expect, it } from 'vitest'
import { changed, jwtBearer, mail, refused, started } from './further-tokens.fixture.ts'

describe('a token for more than the sign-in brought', () => {
  it('lets a tool do it, as the user who calls', async () => {
    const { callTool } = await started()
    expect(await callTool()).toBe('sent')
  })

  it('is asked for with the token that is kept, in the names the provider has', async () => {
    const { token, asked, clock, dev } = await started()
    const kept = await token()
    const further = await token({ scopes: [mail, 'files.write'] })
    expect(asked).toEqual([
      {
        grant_type: jwtBearer,
        requested_token_use: 'on_behalf_of',
        assertion: kept.access_token,
        scope: `api://dev-client/files.write ${mail}`,
        client_id: 'dev-client',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: 'dev-secret',
      },
    ])
    expect(further).toEqual({
      access_token: expect.any(String),
      expires_at: Math.floor(clock.now() / 1000) + 3600,
      scopes: ['files.write', mail],
      provider: 'entra',
    })
    expect(further.access_token).not.toBe(kept.access_token)
    expect([kept, further].map(({ access_token }) => dev.works(access_token))).toEqual([true, true])
    expect(await token()).toEqual(kept)
  })

  it('is the kept one where that is enough', async () => {
    const { token, asked } = await started()
    const kept = await token()
    for (const scopes of [[], ['files.read'], ['files.read', 'offline_access'], undefined]) {
      expect(await token({ scopes })).toEqual(kept)
    }
    expect(asked).toEqual([])
  })

  it('is made from a kept one that is refreshed first where it must be', async () => {
    const { token, asked, clock, refreshes } = await started()
    const { access_token } = await token()
    clock.advance(3550)
    await token({ scopes: [mail] })
    expect(refreshes()).toHaveLength(1)
    expect(asked.map(({ assertion }) => assertion)).toEqual([(await token()).access_token])
    expect(asked[0]?.assertion).not.toBe(access_token)
  })

  it('leaves the refresh token that came with it, and looks into no id_token', async () => {
    const { token, between, clock, refreshes } = await started()
    between(changed({ refresh_token: 'further', id_token: 'nonsense' }))
    expect(Object.keys(await token({ scopes: [mail] })).sort()).toEqual([
      'access_token',
      'expires_at',
      'provider',
      'scopes',
    ])
    clock.advance(3600)
    await token()
    expect(refreshes().map(({ parameters }) => parameters.refresh_token)).toEqual([
      expect.stringMatching(/^refresh_/),
    ])
  })

  it('holds what was asked for where the answer does not say', async () => {
    const { token, between } = await started()
    between(changed({ scope: undefined }))
    expect((await token({ scopes: [mail] })).scopes).toEqual([mail])
  })

  it('that holds less than was asked for is none', async () => {
    const { token, between, asked } = await started()
    between(changed({ scope: 'api://dev-client/files.write' }))
    for (let times = 1; times <= 2; times++) {
      await expect(token({ scopes: ['files.write', mail] })).rejects.toMatchObject({
        name: 'NoUpstreamToken',
        message: expect.stringMatching(/https:\/\/graph\.test\/mail\.send/),
      })
      expect(asked).toHaveLength(times)
    }
  })

  it('comes out of an answer that the provider had to put right', async () => {
    const { token, between } = await started({
      provider: (base) => ({
        ...base,
        async conform(response, leg) {
          if (leg !== 'exchange') return response
          const { token: access_token } = (await response.json()) as { token?: string }
          return Response.json({ access_token, token_type: 'bearer', expires_in: 3600 })
        },
      }),
    })
    between(async () => Response.json({ token: 'in a member of its own' }))
    expect((await token({ scopes: [mail] })).access_token).toBe('in a member of its own')
  })

  it('changes nothing that is kept, whatever the provider does to what it was given', async () => {
    const { token } = await started({
      provider: (base) => ({
        ...base,
        async exchange(request) {
          const response = await base.exchange?.({ ...request, tokens: structuredClone(request.tokens) })
          request.tokens.access_token = 'replaced'
          Object.assign(request.tokens.scopes, ['replaced'])
          return response ?? Response.error()
        },
      }),
    })
    const kept = await token()
    await token({ scopes: [mail] })
    expect(await token()).toEqual(kept)
  })
})

describe('a further token that is there', () => {
  it('is handed out until it is near its end, in whatever order its scopes are', async () => {
    const { token, between, asked, clock } = await started()
    between(changed({ expires_in: 600 }))
    const first = await token({ scopes: ['files.write', mail] })
    clock.advance(539)
    expect(await token({ scopes: [mail, 'files.write', mail] })).toEqual(first)
    expect(asked).toHaveLength(1)
    clock.advance(1)
    const second = await token({ scopes: ['files.write', mail] })
    expect(second.access_token).not.toBe(first.access_token)
    expect(await token({ scopes: ['files.write', mail] })).toEqual(second)
    expect(asked).toHaveLength(2)
  })

  it('is of one user, and of one set of scopes', async () => {
    const { token, grace, asked } = await started()
    const all = async () => [
      await token({ scopes: [mail] }),
      await token({ scopes: ['files.write'] }),
      await grace.token({ scopes: [mail] }),
    ]
    const first = await all()
    expect(new Set(first.map(({ access_token }) => access_token)).size).toBe(3)
    expect(await all()).toEqual(first)
    expect(asked).toHaveLength(3)
  })

  it('makes room for one of a kept token that is new', async () => {
    const { token, asked, clock } = await started()
    const kept = await token()
    const first = await token({ scopes: [mail] })
    clock.advance(60)
    const renewed = await token({ rejected: kept.access_token })
    const second = await token({ scopes: [mail] })
    expect(second.access_token).not.toBe(first.access_token)
    expect(asked.map(({ assertion }) => assertion)).toEqual([kept.access_token, renewed.access_token])
  })

  it('is not there when it names no expiry', async () => {
    const { token, between, asked } = await started()
    between(changed({ expires_in: undefined }))
    const [first, second] = [await token({ scopes: [mail] }), await token({ scopes: [mail] })]
    expect(first.access_token).not.toBe(second.access_token)
    expect(asked).toHaveLength(2)
  })

  it('is asked for once by everybody who wants it at a time, and each gets a copy', async () => {
    const { token, asked } = await started()
    const all = await Promise.all(Array.from({ length: 20 }, () => token({ scopes: [mail] })))
    expect(new Set(all.map(({ access_token }) => access_token)).size).toBe(1)
    for (const each of [...all, await token({ scopes: [mail] })]) {
      expect(each.scopes).toEqual([mail])
      Object.assign(each.scopes, ['scribbled'])
      Object.assign(each, { access_token: 'scribbled' })
    }
    expect(await token({ scopes: [mail] })).toMatchObject({
      access_token: expect.stringMatching(/^access_/),
      scopes: [mail],
    })
    expect(asked).toHaveLength(1)
  })

  it('is over with the grant', async () => {
    const { app, token, tokens } = await started()
    await token({ scopes: [mail] })
    expect((await app.revoke(tokens.refresh_token)).status).toBe(200)
    await expect(token({ scopes: [mail] })).rejects.toMatchObject({ name: 'NoUpstreamToken' })
  })
})

describe('a further token that the API rejects', () => {
  it('is replaced: by one that is there already, else by asking', async () => {
    const { token, asked, refreshes } = await started()
    const { access_token: rejected } = await token({ scopes: [mail] })
    const next = await token({ scopes: [mail], rejected })
    expect(next.access_token).not.toBe(rejected)
    expect(await token({ scopes: [mail], rejected })).toEqual(next)
    expect(await token({ scopes: [mail] })).toEqual(next)
    expect(asked).toHaveLength(2)
    expect(refreshes()).toEqual([])
  })

  it('is not handed out again, though there was no other', async () => {
    const { token, between } = await started()
    const { access_token: rejected } = await token({ scopes: [mail] })
    between(async () => refused('server_error', 503))
    await expect(token({ scopes: [mail], rejected })).rejects.toMatchObject({ name: 'Unavailable' })
    await expect(token({ scopes: [mail] })).rejects.toMatchObject({ name: 'Unavailable' })
  })

  it('is not handed out again, whatever was wanted when that was told', async () => {
    const { token } = await started()
    const { access_token: rejected } = await token({ scopes: [mail] })
    await token({ rejected })
    expect((await token({ scopes: [mail] })).access_token).not.toBe(rejected)
  })

  it('and that the provider gives again is none', async () => {
    const { token, between, asked } = await started()
    between(changed({ access_token: 'always' }))
    const { access_token: rejected } = await token({ scopes: [mail] })
    await expect(token({ scopes: [mail], rejected })).rejects.toMatchObject({ name: 'NoUpstreamToken' })
    expect(asked).toHaveLength(2)
    await token({ scopes: [mail] })
    expect(asked).toHaveLength(3)
  })
})

describe('a provider that has no other token to give', () => {
  const withoutExchange = ({ exchange: _, ...provider }: OAuthProvider) => provider

  it('has the kept one, where that is enough', async () => {
    const { token, asked } = await started({ provider: withoutExchange })
    expect(await token({ scopes: ['files.read'] })).toEqual(await token())
    expect(asked).toEqual([])
  })

  it('tells a tool what is missing, and its developer what to do', async () => {
    const { token, callTool, told } = await started({ provider: withoutExchange })
    await expect(token({ scopes: ['files.read', 'files.write', mail] })).rejects.toMatchObject({
      name: 'NoUpstreamToken',
      message: expect.stringContaining(`does not hold files.write, ${mail}.`),
    })
    expect(await callTool()).toMatch(/sign-in.*`scopes`.*`require`/)
    expect(told()).toEqual([])
  })
})

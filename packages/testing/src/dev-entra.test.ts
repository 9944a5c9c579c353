import { describe, expect, it } from 'vitest'
import { fakeClock } from './clock.ts'
import { type DevEntraOptions, devEntra, entraTenants } from './dev-entra.ts'
import { type Asked, atProvider, payloadOf } from './dev-oidc.fixture.ts'

const { acme, other, personal } = entraTenants
const openId = 'openid profile email offline_access'
const ours = 'api://dev-client/mcp.access'
const graph = 'https://graph.microsoft.com/User.Read'
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

function entra(options: DevEntraOptions = {}, tenant: string = acme) {
  const at = atProvider(devEntra(options), {
    authorize: `/${tenant}/oauth2/v2.0/authorize`,
    token: `/${tenant}/oauth2/v2.0/token`,
    user: 'ada',
  })
  const login = (scope: string, user = 'ada', asked = scope) => at.signIn({ scope }, user, { scope: asked })
  const bearer = async (path: string, access_token: string) => {
    const response = await at.get(path, { authorization: `Bearer ${access_token}` })
    return { status: response.status, body: await response.json().catch(() => undefined) }
  }
  const onBehalfOf = (assertion: string, scope: string | undefined) =>
    at.post(`/${tenant}/oauth2/v2.0/token`, {
      client_id: 'dev-client',
      client_secret: 'dev-secret',
      grant_type: jwtBearer,
      requested_token_use: 'on_behalf_of',
      assertion,
      scope,
    })
  return { ...at, login, bearer, onBehalfOf }
}

const refusedWith = (code: number, error: string) => ({
  status: error === 'invalid_client' ? 401 : 400,
  body: expect.objectContaining({
    error,
    error_description: expect.stringContaining(`AADSTS${code}: `),
    error_codes: [code],
  }),
})

describe('discovery', () => {
  const documentOf = async (tenant: string) => {
    const { get, origin } = entra()
    const response = await get(`/${tenant}/v2.0/.well-known/openid-configuration`)
    return { origin, document: await response.json() }
  }

  it.each([
    ['common', '{tenantid}'],
    ['organizations', '{tenantid}'],
    ['consumers', personal],
    [acme, acme],
  ])('of %s names the issuer %s', async (tenant, issuer) => {
    const { origin, document } = await documentOf(tenant)
    expect(document).toMatchObject({
      issuer: `${origin}/${issuer}/v2.0`,
      authorization_endpoint: `${origin}/${tenant}/oauth2/v2.0/authorize`,
      token_endpoint: `${origin}/${tenant}/oauth2/v2.0/token`,
      jwks_uri: `${origin}/${tenant}/discovery/v2.0/keys`,
    })
  })

  it('has no revocation', async () => {
    expect((await documentOf('common')).document).not.toHaveProperty('revocation_endpoint')
    expect((await entra().post(`/${acme}/revoke`, {})).status).toBe(404)
  })
})

describe('an id_token', () => {
  it('is issued by the tenant of the account, whichever was asked', async () => {
    for (const [user, tenant] of [
      ['ada', acme],
      ['max', other],
      ['lin', personal],
    ] as const) {
      const { login, claims, origin } = entra({}, 'common')
      expect(claims(await login(openId, user))).toMatchObject({
        iss: `${origin}/${tenant}/v2.0`,
        tid: tenant,
      })
    }
  })

  it('says who somebody is with the scope `profile`, and what they may in any case', async () => {
    const { login, claims } = entra()
    const little = claims(await login('openid'))
    expect(Object.keys(little)).not.toEqual(expect.arrayContaining(['oid', 'tid']))
    expect(little).toMatchObject({ sub: 'ada', roles: ['Admin'], groups: [expect.any(String)] })
    expect(claims(await login(openId))).toMatchObject({
      oid: expect.any(String),
      preferred_username: 'ada@acme.test',
    })
    expect(claims(await login(openId, 'grace'))).not.toHaveProperty('roles')
  })

  it('tells a guest from those whose tenant it is', async () => {
    const { login, claims } = entra()
    expect(claims(await login(openId, 'kim'))).toMatchObject({ tid: acme, acct: 1, idp: 'live.com' })
    expect(claims(await login(openId))).toMatchObject({ tid: acme, acct: 0 })
  })

  it('comes with a sign-in alone', async () => {
    const { login, refresh } = entra()
    const { status, body } = await refresh((await login(openId)).refresh_token, { scope: openId })
    expect(status).toBe(200)
    expect(body).not.toHaveProperty('id_token')
  })
})

describe('an account of elsewhere', () => {
  it.each([
    ['of another tenant', acme, 'max'],
    ['that is personal', 'organizations', 'lin'],
    ['that is not personal', 'consumers', 'ada'],
  ])('%s reaches no app', async (_, tenant, user) => {
    const { choose } = entra({}, tenant)
    const page = await choose({ scope: openId }, user)
    expect([page.status, page.headers.has('location')]).toEqual([403, false])
    expect(await page.text()).toContain('AADSTS50020')
  })

  it('brings no tokens at the endpoint of a tenant that it is not of', async () => {
    const { authorize, exchange, post } = entra({}, 'common')
    const { code } = await authorize({ scope: openId }, 'max')
    const form = { client_id: 'dev-client', client_secret: 'dev-secret', scope: openId }
    const redirect = { grant_type: 'authorization_code', code, redirect_uri: 'https://mcp.test/callback' }
    expect(await post(`/${acme}/oauth2/v2.0/token`, { ...form, ...redirect })).toMatchObject(
      refusedWith(700005, 'invalid_grant'),
    )
    expect((await exchange({ code: code ?? '' }, { scope: openId })).status).toBe(200)
  })
})

describe('a request', () => {
  it('with `resource` is refused', async () => {
    const { authorize, login, refresh } = entra()
    const asked = { scope: openId, resource: 'https://mcp.test/mcp' }
    expect(await authorize(asked)).toMatchObject({
      error: 'invalid_request',
      error_description: expect.stringContaining('AADSTS901002'),
    })
    const { refresh_token } = await login(openId)
    expect(await refresh(refresh_token, asked)).toMatchObject(refusedWith(901002, 'invalid_request'))
  })

  it('for tokens has to say for which scopes', async () => {
    const { authorize, exchange, login, refresh } = entra()
    expect(await exchange(await authorize({ scope: ours }))).toMatchObject(
      refusedWith(28003, 'invalid_request'),
    )
    const { refresh_token } = await login(openId)
    expect(await refresh(refresh_token)).toMatchObject(refusedWith(90009, 'invalid_request'))
    expect(await authorize({})).toMatchObject({ error: 'invalid_request' })
  })

  it('may ask people for several resources, and for tokens of one alone', async () => {
    const { authorize, exchange } = entra()
    const scope = `${openId} ${ours} ${graph}`
    const callback = await authorize({ scope })
    expect(await exchange(callback, { scope })).toMatchObject(refusedWith(28000, 'invalid_request'))
    expect((await exchange(callback, { scope: `${openId} ${ours}` })).status).toBe(200)
  })

  it('for what nobody consented to is refused', async () => {
    const { login, refresh } = entra()
    const { refresh_token } = await login(`${openId} User.Read`)
    expect(await refresh(refresh_token, { scope: ours })).toMatchObject(refusedWith(65001, 'invalid_grant'))
    for (const scope of [graph, 'https://graph.microsoft.com/.default']) {
      expect((await refresh(refresh_token, { scope })).status).toBe(200)
    }
  })

  it.each<[string, Asked, number, string]>([
    ['a code that is unknown', { code: 'never' }, 70000, 'invalid_grant'],
    ['a wrong secret', { client_secret: 'wrong' }, 7000215, 'invalid_client'],
    ['another redirect URI', { redirect_uri: 'https://else.test/' }, 500112, 'invalid_grant'],
  ])('with %s is refused', async (_, changes, code, error) => {
    const { authorize, exchange } = entra()
    const answered = await exchange(await authorize({ scope: openId }), { scope: openId, ...changes })
    expect(answered).toMatchObject(refusedWith(code, error))
  })
})

describe('refresh tokens', () => {
  it('come only with offline_access', async () => {
    const { login } = entra()
    expect(await login('openid profile')).not.toHaveProperty('refresh_token')
    expect(await login(openId)).toHaveProperty('refresh_token')
  })

  it('each bring another one, and keep working', async () => {
    const { login, refresh } = entra()
    const { refresh_token } = await login(openId)
    const [one, two] = [
      await refresh(refresh_token, { scope: openId }),
      await refresh(refresh_token, { scope: openId }),
    ]
    expect(new Set([refresh_token, one.body.refresh_token, two.body.refresh_token]).size).toBe(3)
    expect((await refresh(one.body.refresh_token, { scope: openId })).status).toBe(200)
  })

  it('bring tokens of any resource that was consented to', async () => {
    const { login, refresh } = entra()
    const tokens = await login(`${openId} ${ours} ${graph}`, 'ada', `${openId} ${ours}`)
    expect(payloadOf(tokens.access_token).aud).toBe('dev-client')
    const { body } = await refresh(tokens.refresh_token, { scope: graph })
    expect(payloadOf(body.access_token).aud).toBe('https://graph.microsoft.com')
    expect((await refresh(body.refresh_token, { scope: ours })).status).toBe(200)
  })

  it('end when somebody ends the access of the app', async () => {
    const { login, refresh, dev } = entra()
    const { refresh_token } = await login(openId)
    dev.revokeUser('ada')
    expect(await refresh(refresh_token, { scope: openId })).toMatchObject(refusedWith(50173, 'invalid_grant'))
  })
})

describe('an access token', () => {
  it('for an API is a JWT with its short scopes, and the answer names the long ones', async () => {
    const { login, origin } = entra()
    const { access_token, scope } = await login(`${openId} ${ours}`)
    expect(scope).toBe(ours)
    expect(payloadOf(access_token)).toMatchObject({
      iss: `${origin}/${acme}/v2.0`,
      aud: 'dev-client',
      azp: 'dev-client',
      scp: 'mcp.access',
      tid: acme,
      oid: expect.any(String),
      roles: ['Admin'],
      ver: '2.0',
    })
  })

  it('of version 1 has another issuer and audience', async () => {
    const { login } = entra({ accessTokenVersion: 1 })
    expect(payloadOf((await login(`${openId} ${ours}`)).access_token)).toMatchObject({
      iss: `https://sts.windows.net/${acme}/`,
      aud: 'api://dev-client',
      appid: 'dev-client',
      scp: 'mcp.access',
      ver: '1.0',
    })
  })

  it('for Graph names the OpenID scopes in its answer, but offline_access', async () => {
    const { login } = entra()
    expect((await login(`${openId} User.Read`)).scope).toBe('openid profile email User.Read')
  })

  it('opens Graph and userinfo if it is for Graph, and neither if it is not', async () => {
    const { login, bearer } = entra()
    const [forGraph, forUs] = [await login(`${openId} User.Read`), await login(`${openId} ${ours}`)]
    expect(await bearer('/oidc/userinfo', forGraph.access_token)).toEqual({
      status: 200,
      body: { sub: 'ada', name: 'Ada Lovelace', email: 'ada@acme.test' },
    })
    const me = await bearer('/v1.0/me', forGraph.access_token)
    expect(me.body).toMatchObject({ userPrincipalName: 'ada@acme.test', department: 'Engines' })
    const selected = await bearer('/v1.0/me?$select=id,department', forGraph.access_token)
    expect(selected.body).toEqual({ id: expect.any(String), department: 'Engines' })
    for (const path of ['/oidc/userinfo', '/v1.0/me']) {
      expect((await bearer(path, forUs.access_token)).status).toBe(401)
      expect((await bearer(path, 'never')).status).toBe(401)
    }
  })
})

describe('on behalf of somebody', () => {
  it('a token for the app brings one for Graph', async () => {
    const { login, onBehalfOf, bearer } = entra()
    const { access_token } = await login(`${openId} ${ours}`)
    const { status, body } = await onBehalfOf(access_token, graph)
    expect(status).toBe(200)
    expect((await bearer('/v1.0/me', body.access_token)).body).toMatchObject({ displayName: 'Ada Lovelace' })
  })

  it('a token for Graph brings nothing, nor does one without scopes or with those of two', async () => {
    const { login, onBehalfOf } = entra()
    const forGraph = await login(`${openId} User.Read`)
    expect(await onBehalfOf(forGraph.access_token, graph)).toMatchObject(refusedWith(500131, 'invalid_grant'))
    const { access_token } = await login(`${openId} ${ours}`)
    expect(await onBehalfOf(access_token, undefined)).toMatchObject(refusedWith(900144, 'invalid_request'))
    expect(await onBehalfOf(access_token, `${graph} api://x/y`)).toMatchObject(
      refusedWith(28000, 'invalid_request'),
    )
    expect(await onBehalfOf('never', graph)).toMatchObject(refusedWith(50013, 'invalid_grant'))
  })
})

describe('an assertion in place of the secret', () => {
  const clock = fakeClock()
  const soon = Math.floor(clock.now() / 1000) + 60
  const federated = {
    iss: 'https://ci.test',
    sub: 'repo:acme/mcp',
    aud: 'api://AzureADTokenExchange',
    exp: soon,
  }
  const tokenUrl = `https://login.test/${acme}/oauth2/v2.0/token`
  const own = { iss: 'dev-client', sub: 'dev-client', aud: tokenUrl, exp: soon }
  const jwtOf = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`
  const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

  async function exchanged(client_assertion: string, client_assertion_type: string | undefined = type) {
    const { authorize, exchange } = entra({ clock })
    const form = { client_assertion, client_assertion_type, client_secret: undefined, scope: openId }
    return exchange(await authorize({ scope: openId }), form)
  }

  it.each([
    ['of a federated credential', federated],
    ['of the app itself', own],
  ])('%s is taken', async (_, claims) => {
    expect((await exchanged(jwtOf(claims))).status).toBe(200)
  })

  it.each([
    ['for somebody else', jwtOf({ ...federated, aud: 'https://else.test' })],
    ['of another app', jwtOf({ ...own, sub: 'other' })],
    ['that has ended', jwtOf({ ...own, exp: soon - 60 })],
    ['that is the secret', 'dev-secret'],
    ['that is nothing', 'a.%.c'],
  ])('%s is refused', async (_, assertion) => {
    expect(await exchanged(assertion)).toMatchObject(refusedWith(7000215, 'invalid_client'))
  })

  it('has to say what it is', async () => {
    expect(await exchanged(jwtOf(own), 'jwt')).toMatchObject(refusedWith(900144, 'invalid_request'))
  })
})

it('keys are published for each tenant', async () => {
  const { keys } = await (await entra().get('/common/discovery/v2.0/keys')).json()
  expect(keys).toEqual([expect.objectContaining({ kty: 'RSA', alg: 'RS256' })])
})

import { AccessDenied, type Login, type OAuthProvider, openIdConnect } from '@drawbridge/core/provider'
import type { DevOidcOptions } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { oidcWorld, plainProvider, upstream } from './oidc-world.ts'
import { entra } from './providers/entra.ts'
import { issuer } from './world.ts'

const day = 86_400

describe('a provider that knows people by their id_token alone', () => {
  const provider: OAuthProvider = {
    ...plainProvider(),
    identify: async ({ claims, answer }) => {
      if (!claims) throw new Error('no id_token')
      return { sub: String(claims.sub), claims: { team: answer.team } }
    },
  }

  it.each([
    ['brings a new one', undefined],
    ['brings none', false as const],
  ])('knows them when they are checked again, and a refresh %s', async (_, refreshIdToken) => {
    const answer: DevOidcOptions['answer'] = (body) => ({ ...body, team: 'acme' })
    const { clock, install, events } = oidcWorld({ provider, truth: { refreshIdToken, answer } })
    const { app, tokens } = await install()
    let refresh_token: string | undefined = tokens.refresh_token
    for (const days of [1, 8]) {
      clock.advance(days * day + 60)
      const { status, body } = await app.refresh(refresh_token)
      expect(status).toBe(200)
      refresh_token = body.refresh_token ?? ''
    }
    expect(events.filter(({ type }) => type === 'identity.confirmed')).toHaveLength(2)
  })
})

describe('what identify is given', () => {
  it('is who it was, as a copy, and of the callback what is not of the flow', async () => {
    const seen: Pick<Login, 'previous' | 'callback' | 'endpoints' | 'answer'>[] = []
    const provider: OAuthProvider = {
      ...plainProvider(),
      identify: async (login) => {
        seen.push(structuredClone({ ...login, call: undefined }))
        Object.assign(Object(login.previous).claims ?? {}, { visits: 'changed' })
        Object.assign(login.answer, { team: 'changed' })
        return { sub: 'ada', claims: { visits: seen.length } }
      },
    }
    const { clock, install } = oidcWorld({
      provider,
      truth: {
        accessTokenLifetime: 'for ever',
        callback: () => ({ hint: 'first time' }),
        answer: (body) => ({ ...body, team: 'acme' }),
      },
    })
    const { app, tokens } = await install()
    clock.advance(day)
    const { body } = await app.refresh(tokens.refresh_token)
    clock.advance(day)
    await app.refresh(body.refresh_token)
    expect(seen.map(({ previous }) => previous)).toEqual([
      undefined,
      { sub: 'ada', claims: { visits: 1 } },
      { sub: 'ada', claims: { visits: 2 } },
    ])
    expect(seen.map(({ callback }) => callback)).toEqual([{ hint: 'first time' }, {}, {}])
    expect(seen.map(({ answer }) => answer.team)).toEqual(['acme', 'acme', 'acme'])
    expect(seen[0]?.endpoints.userinfo).toBe(`${upstream}/userinfo`)
  })

  it('is no more of the answer than is kept', async () => {
    const seen: unknown[] = []
    const provider: OAuthProvider = {
      ...plainProvider(),
      identify: async ({ answer }) => {
        seen.push(Object.keys(answer))
        return { sub: 'ada', claims: {} }
      },
    }
    const answer: DevOidcOptions['answer'] = (body) => ({ ...body, much: 'x'.repeat(5000), little: 'y' })
    const { clock, install } = oidcWorld({ provider, truth: { answer } })
    const { app, tokens } = await install()
    clock.advance(day)
    await app.refresh(tokens.refresh_token)
    expect(seen).toEqual([['little'], ['little']])
  })
})

it('a provider ends tokens at an endpoint that was discovered, authenticated as at the token endpoint', async () => {
  const provider: OAuthProvider = {
    ...plainProvider(),
    revoke: async ({ tokens, endpoints, post }) => {
      const response = await post(endpoints.revocation ?? '', { token: tokens.access_token })
      if (!response.ok) throw new Error(`answered ${response.status}`)
    },
  }
  const { install, events } = oidcWorld({ provider })
  const { app, tokens } = await install()
  await app.revoke(tokens.refresh_token)
  expect(events).toContainEqual(expect.objectContaining({ type: 'upstream.revoked', outcome: 'done' }))
})

describe('a provider with an issuer for each tenant', () => {
  it('has to name the endpoints that it then needs', () => {
    const provider: OAuthProvider = { ...plainProvider(), issuer: ({ tid }) => `${upstream}/${tid}` }
    expect(() => oidcWorld({ provider })).toThrow(/endpoints: has no authorization, token, jwks/)
    const written = { authorization: `${upstream}/authorize`, token: `${upstream}/token` }
    expect(() => oidcWorld({ provider: { ...provider, endpoints: written } })).toThrow(/has no jwks/)
    const { issuer: _, ...without } = plainProvider()
    expect(() => oidcWorld({ provider: without })).toThrow(/has no authorization, token/)
  })

  const truth: DevOidcOptions = {
    users: [{ sub: 'ada', tid: 'evil', oid: 'ada' }],
    issuerOf: ({ tid }, origin) => `${origin}/${tid}/v2.0`,
  }
  const open = { identify: async () => ({ sub: 'anybody', claims: {} }) }
  it.each([
    ['by its rules', entra(upstream)],
    ['by its issuer', { ...entra(upstream), ...open, issuer: () => `${upstream}/acme/v2.0` }],
    [
      'in its own words',
      {
        ...entra(upstream),
        ...open,
        issuer: () => {
          throw new AccessDenied('This account belongs to an organization that has no access here.')
        },
      },
    ],
  ] as [string, OAuthProvider][])('refuses an account of another one, %s', async (_, provider) => {
    const { install, events } = oidcWorld({ provider, truth })
    await expect(install()).rejects.toThrow('access_denied')
    expect(events.map(({ type }) => type)).toContain('login.denied')
    expect(events.map(({ type }) => type)).not.toContain('login.failed')
  })
})

describe('a secret', () => {
  it.each(['a-b_c~d.e!f=', "it's (quoted): *"])('%s goes raw in a Basic header', async (clientSecret) => {
    const truth = { apps: [{ clientId: 'dev-client', clientSecret }] }
    const provider = { ...plainProvider(), client: { id: 'dev-client', auth: basic(clientSecret) } }
    const { install, headers } = oidcWorld({ provider, truth })
    if (!clientSecret.includes(':')) await install()
    else await install().catch(() => {})
    const sent = headers.flatMap((each) => each.get('authorization') ?? []).find((one) => /^Basic/.test(one))
    expect(atob(sent?.slice(6) ?? '')).toBe(`dev-client:${clientSecret}`)
  })

  it('is encoded where one that decodes would read something else', async () => {
    const provider = { ...plainProvider(), client: { id: 'dev-client', auth: basic('50%+ü') } }
    const { install, headers } = oidcWorld({ provider })
    await install().catch(() => {})
    const sent = headers.flatMap((each) => each.get('authorization') ?? []).find((one) => /^Basic/.test(one))
    expect(atob(sent?.slice(6) ?? '')).toBe('dev-client:50%25%2B%C3%BC')
  })

  it('may be made anew for each request', async () => {
    let made = 0
    const secret = async () => {
      made++
      return 'dev-secret'
    }
    const auth = { method: 'client_secret_post', secret } as const
    const { install, clock } = oidcWorld({
      provider: { ...plainProvider(), client: { id: 'dev-client', auth } },
    })
    const { app, tokens } = await install()
    clock.advance(day)
    expect((await app.refresh(tokens.refresh_token)).status).toBe(200)
    expect(made).toBe(2)
  })

  function basic(secret: string) {
    return { method: 'client_secret_basic', secret } as const
  }
})

describe('an answer that is posted to the callback', () => {
  const callback = `${issuer}/callback/login`
  const posted = (parameters: Record<string, string>) => ({
    method: 'POST',
    body: new URLSearchParams(parameters),
  })

  it('goes to the same place with a GET, where the cookie comes', async () => {
    const { fetch } = oidcWorld({ provider: { ...plainProvider(), response_mode: 'form_post' } })
    const response = await fetch(callback, posted({ code: 'a&b', state: 'x.y' }))
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe(`${callback}?code=a%26b&state=x.y`)
  })

  it('is refused where it is too long for a URL', async () => {
    const { fetch } = oidcWorld({ provider: { ...plainProvider(), response_mode: 'form_post' } })
    expect((await fetch(callback, posted({ user: 'x'.repeat(9000) }))).status).toBe(400)
  })

  it('is not taken from a provider that answers in the query', async () => {
    const { fetch } = oidcWorld()
    expect((await fetch(callback, posted({ code: 'a' }))).status).toBe(405)
  })
})

describe('openIdConnect', () => {
  it('asks userinfo where the id_token says too little', async () => {
    const { install, dev, events } = oidcWorld({ truth: { idTokenClaims: false } })
    await install()
    expect(dev.requests.map(({ path }) => path)).toContain('/userinfo')
    expect(events.map(({ type }) => type)).toContain('grant.created')
  })

  it('does not where it says enough', async () => {
    const { install, dev } = oidcWorld()
    await install()
    expect(dev.requests.map(({ path }) => path)).not.toContain('/userinfo')
  })

  it('takes no answer that is about somebody else', async () => {
    const provider = plainProvider()
    const { install, events } = oidcWorld({
      truth: { idTokenClaims: false },
      provider: {
        ...provider,
        identify: (login) =>
          provider.identify({
            ...login,
            previous: undefined,
            call: Object.assign(async () => Response.json({ sub: 'grace' }), { clock: login.call.clock }),
          }),
      },
    })
    await expect(install()).rejects.toThrow('temporarily_unavailable')
    expect(events.map(({ type }) => type)).not.toContain('grant.created')
  })

  it('lets in whom the rules let in', async () => {
    const allow = ({ email }: { email?: string | undefined }) => email === 'grace@example.com'
    const options = { id: 'login', label: 'Login', issuer: upstream, allow }
    const credentials = { clientId: 'dev-client', clientSecret: 'dev-secret' }
    const { install, events } = oidcWorld({ provider: openIdConnect({ ...options, ...credentials }) })
    await expect(install()).rejects.toThrow('access_denied')
    expect(events.map(({ type }) => type)).toContain('login.denied')
  })

  it('says which credentials are missing, and where else it looked', () => {
    const options = { id: 'acme-login', label: 'Acme', issuer: upstream }
    expect(() => openIdConnect(options)).toThrow(/clientId: is missing.*DRAWBRIDGE_ACME_LOGIN_CLIENT_ID/)
  })
})

it('an id_token of a provider without OpenID is looked at by nobody', async () => {
  const seen: unknown[] = []
  const provider: OAuthProvider = {
    ...plainProvider(),
    openid: false,
    identify: async ({ claims, answer }) => {
      seen.push(claims, answer.id_token)
      return { sub: 'ada', claims: {} }
    },
  }
  const { install, dev } = oidcWorld({ provider })
  await install()
  expect(seen).toEqual([undefined, undefined])
  expect(dev.requests.find(({ path }) => path === '/authorize')?.parameters.nonce).toBeUndefined()
})

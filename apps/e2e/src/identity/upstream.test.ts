import { AccessDenied, type Login, type OAuthProvider } from '@drawbridge/core/provider'
import type { DevOidcOptions } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { oidcWorld, plainProvider, upstream } from '../oidc-world.ts'
import { entra } from '../providers/entra.ts'

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
        seen.push(structuredClone({ ...login, call: undefined, post: undefined }))
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

it('an id_token of a provider without OpenID is looked at by nobody', async () => {
  const seen: unknown[] = []
  const provider: OAuthProvider = {
    ...plainProvider(),
    openid: false,
    prompts: [],
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

import type { DrawbridgeEvent } from '@drawbridge/core'
import type { OAuthProvider } from '@drawbridge/core/provider'
import { google } from '@drawbridge/google'
import type { DevOidcOptions } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { oidcWorld, upstream } from './oidc-world.ts'
import { apple } from './providers/apple.ts'
import { entra } from './providers/entra.ts'
import { slack } from './providers/slack.ts'
import { resource } from './world.ts'

const day = 86_400

interface Kind {
  provider: (origin: string) => OAuthProvider
  /** Where it is written. */
  source: string
  /** What the real one does differently. */
  truth: DevOidcOptions
  scopes: { first: string; second: string }
  user: { sub: string; claims: object }
  /** What becomes of its tokens at the end. */
  ends: boolean
}

const kinds: Record<string, Kind> = {
  google: {
    provider: (issuer) =>
      google({ issuer, scopes: ['email'], clientId: 'dev-client', clientSecret: 'dev-secret' }),
    source: '../../../packages/providers/google/src/google.ts',
    truth: {
      refreshTokens: 'on consent',
      rotation: false,
      revocation: 'user',
      refreshIdToken: false,
      scopesNamed: (asked) =>
        asked.map((name) => (name === 'email' ? 'https://www.googleapis.com/auth/userinfo.email' : name)),
    },
    scopes: { first: 'email', second: 'email calendar' },
    user: { sub: 'google|ada', claims: { email: 'ada@example.com' } },
    ends: true,
  },
  entra: {
    provider: entra,
    source: './providers/entra.ts',
    truth: {
      discovery: false,
      userinfo: false,
      revocation: 'none',
      refreshIdToken: false,
      users: [{ sub: 'ada', tid: 'acme', oid: 'oid-ada', name: 'Ada Lovelace' }],
      issuerOf: ({ tid }, origin) => `${origin}/${tid}/v2.0`,
      scopesNamed: (asked) => asked.filter((name) => name.startsWith('api://')),
    },
    scopes: { first: 'files.read', second: 'files.read files.write' },
    user: { sub: 'entra|acme.oid-ada', claims: { name: 'Ada Lovelace' } },
    ends: false,
  },
  apple: {
    provider: apple,
    source: './providers/apple.ts',
    truth: {
      userinfo: false,
      rotation: false,
      refreshIdToken: false,
      users: [{ sub: 'ada', email: 'ada@example.com' }],
      scopesNamed: () => undefined,
      callback: (_, first) => (first ? { user: JSON.stringify({ name: 'Ada Lovelace' }) } : {}),
    },
    scopes: { first: 'email', second: 'email name' },
    user: { sub: 'apple|ada', claims: { email: 'ada@example.com', name: 'Ada Lovelace' } },
    ends: true,
  },
  slack: {
    provider: slack,
    source: './providers/slack.ts',
    truth: {
      discovery: false,
      userinfo: false,
      pkce: false,
      refreshTokens: 'never',
      accessTokenLifetime: 'for ever',
      scopeParameter: { name: 'user_scope', separator: ',' },
      answer: ({ access_token, scope }, { sub }) => ({
        ok: true,
        authed_user: { id: sub, access_token, scope: String(scope).replaceAll(' ', ',') },
        team: { id: 'T1' },
      }),
    },
    scopes: { first: 'users:read', second: 'users:read chat:write' },
    user: { sub: 'slack|T1.ada', claims: { team: 'T1' } },
    ends: true,
  },
}

/** A server at which people sign in with a provider of this kind. */
function started({ provider, truth, scopes }: Kind) {
  const w = oidcWorld({ provider: provider(upstream), truth, scopes: scopes.second.split(' ') })
  const authOf = async (access_token: string | undefined) => {
    const headers = { authorization: `Bearer ${access_token}` }
    const result = await w.auth.authenticate(new Request(resource, { headers }))
    if (!result.ok) throw new Error(`the gate answered ${result.response.status}`)
    return result.auth
  }
  const install = (scope: string) => w.install({ scope })
  const told = (type: DrawbridgeEvent['type']) => w.events.filter((event) => event.type === type)
  return { ...w, authOf, install, told }
}

describe.each(Object.entries(kinds))('a provider like %s', (_, kind) => {
  it('is forty lines at most', async () => {
    const { readFile } = await import('node:fs/promises')
    const source = await readFile(new URL(kind.source, import.meta.url), 'utf8')
    const lines = source.split('\n').filter((line) => !/^(\/\*\*| \*|$)/.test(line))
    expect(lines.length).toBeLessThanOrEqual(40)
  })

  it('signs somebody in at two clients with different scopes, keeps them in, checks them, and is left', async () => {
    const { auth, authOf, clock, dev, install, told } = started(kind)
    const installed = [await install(kind.scopes.first), await install(kind.scopes.second)]
    expect(installed.map(({ tokens }) => tokens.scope)).toEqual([kind.scopes.first, kind.scopes.second])
    const upstreamTokens: string[] = []
    for (const [days, checks] of [
      [0, 0],
      [1, 2],
      [7, 4],
      [1, 6],
    ] as const) {
      clock.advance(days * day + 60)
      for (const each of installed) {
        const { status, body } = await each.app.refresh(each.tokens.refresh_token)
        expect(status).toBe(200)
        each.tokens = { ...each.tokens, ...body }
        const info = await authOf(body.access_token)
        expect(info.extra.subject).toBe(kind.user.sub)
        expect(info.scopes.join(' ')).toBe(each.tokens.scope)
        const { access_token } = await auth.upstreamToken(info)
        expect(dev.works(access_token)).toBe(true)
        upstreamTokens.push(access_token)
      }
      expect(told('identity.confirmed')).toHaveLength(checks)
    }
    const [first] = installed
    expect((await authOf(first?.tokens.access_token)).extra.user).toMatchObject(kind.user.claims)
    for (const { app, tokens } of installed) expect((await app.revoke(tokens.refresh_token)).status).toBe(200)
    const last = upstreamTokens.slice(-2).map((token) => dev.works(token))
    expect(last).toEqual(kind.ends ? [false, false] : [true, true])
    expect(told('upstream.unavailable')).toEqual([])
  })
})

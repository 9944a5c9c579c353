import type { OAuthProvider } from '@drawbridge/core/provider'
import { isSecure } from '@drawbridge/core/syntax'
import { type DevOidcOptions, devOidc, type ProviderFlow, providerFlowContract } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { descope, discord, gitlab, huggingFace, scalekit, slack, supabase } from '../index.ts'
import { CREDENTIALS, USERS } from '../oidc.fixture.ts'

const made = (domain: string) => ({ ...CREDENTIALS, domain })

const presets: Record<string, (options?: object) => OAuthProvider> = {
  slack: (options) => slack({ ...CREDENTIALS, ...options }),
  discord: (options) => discord({ ...CREDENTIALS, ...options }),
  gitlab: (options) => gitlab({ ...CREDENTIALS, ...options }),
  supabase: (options) => supabase({ ...made('abc.supabase.co'), ...options }),
  descope: (options) => descope({ ...CREDENTIALS, ...options }),
  scalekit: (options) => scalekit({ ...made('acme.scalekit.com'), ...options }),
  huggingface: (options) => huggingFace({ ...CREDENTIALS, ...options }),
}

describe.each(Object.entries(presets))('%s', (id, make) => {
  const provider = make()

  it('has the id that it will always have, a label, and addresses that nobody reads along at', () => {
    expect(provider.id).toBe(id)
    expect(provider.label).toMatch(/^[A-Z]/)
    const urls = [String(provider.issuer), ...Object.values(provider.endpoints)]
    for (const url of urls) expect(isSecure(new URL(url)), url).toBe(true)
  })

  it('has words for every scope that people see', () => {
    const { default: shown, descriptions } = provider.scopes
    expect(Object.keys(descriptions ?? {})).toEqual(expect.arrayContaining([...shown]))
  })

  it('lets an operator overrule it', () => {
    const given = { id: 'staff', label: 'Staff', tokens: 'per-user', revocation: 'none' }
    expect(make(given)).toMatchObject(given)
  })
})

it('their issuers are as they are published', () => {
  expect(Object.values(presets).map((make) => make().issuer)).toEqual([
    'https://slack.com',
    'https://discord.com',
    'https://gitlab.com',
    'https://abc.supabase.co/auth/v1',
    'https://api.descope.com/dev-client',
    'https://acme.scalekit.com',
    'https://huggingface.co',
  ])
  expect(gitlab(made('gitlab.acme.dev')).issuer).toBe('https://gitlab.acme.dev')
})

it.each([
  ['invalid_code', 400, 'invalid_grant'],
  ['invalid_refresh_token', 400, 'invalid_grant'],
  ['bad_client_secret', 401, 'invalid_client'],
  ['ratelimited', 400, 'temporarily_unavailable'],
  ['bad_redirect_uri', 400, 'invalid_request'],
])('what Slack says with status 200 becomes what it means: %s', async (theirs, status, error) => {
  const conform = presets.slack?.().conform
  const answer = await conform?.(Response.json({ ok: false, error: theirs }), 'code')
  expect([answer?.status, await answer?.json()]).toEqual([status, { error, error_description: theirs }])
  const granted = Response.json({ ok: true, access_token: 'a', token_type: 'Bearer' })
  expect(await conform?.(granted, 'code')).toBe(granted)
  const outage = new Response('down', { status: 503 })
  expect(await conform?.(outage, 'code')).toBe(outage)
})

/** What tells members from others, where there is a rule for it. */
const rules: Record<string, { allow: object; member: object; refused: object }> = {
  slack: {
    allow: { workspaces: ['T1'] },
    member: { 'https://slack.com/team_id': 'T1' },
    refused: { 'https://slack.com/team_id': 'T2' },
  },
  gitlab: {
    allow: { groups: ['acme/platform'] },
    member: { groups: ['acme', 'acme/platform'] },
    refused: { groups: ['acme'] },
  },
  scalekit: { allow: { organizations: ['org_1'] }, member: { oid: 'org_1' }, refused: { oid: 'org_2' } },
  huggingface: {
    allow: { organizations: ['o1'] },
    member: { orgs: [{ sub: 'o1', name: 'acme' }] },
    refused: { orgs: [{ sub: 'o2', name: 'o1' }] },
  },
}
const byAddress = {
  allow: { emailDomains: ['acme.test'] },
  member: {},
  refused: { email: 'mallory@evil.test' },
}

/** The members of `answer` that a plain OAuth 2 service has about somebody. */
const discordApi: DevOidcOptions = {
  paths: {
    authorization: '/oauth2/authorize',
    token: '/api/oauth2/token',
    revocation: '/api/oauth2/token/revoke',
  },
  revocation: 'user',
  errors: { token: { error: 'invalid_token', status: 200 } },
  answer: ({ id_token, ...answer }) => answer,
  further({ path, bearer }, grantOf) {
    const user = path === '/api/v10/users/@me' ? grantOf(bearer)?.user : undefined
    if (!user) return new Response(null, { status: 401 })
    const { sub: id, name: global_name, email, email_verified: verified } = user
    return Response.json({ id, username: id, global_name, email, verified })
  },
}

const slackApi: DevOidcOptions = {
  revocation: 'none',
  pkce: false,
  errors: {
    client: { error: 'invalid_client_id', ok: false, status: 200 },
    code: { error: 'invalid_code', ok: false, status: 200 },
    refresh_token: { error: 'invalid_refresh_token', ok: false, status: 200 },
  },
}

const truths: Record<string, DevOidcOptions> = {
  slack: slackApi,
  discord: discordApi,
  supabase: { revocation: 'none' },
  huggingface: { revocation: 'none' },
}

describe.each(Object.entries(presets))('a sign-in with a stand-in of %s', (id, make) => {
  const { allow, member, refused } = rules[id] ?? byAddress
  const provider = make({ allow })
  const issuer = String(provider.issuer)
  const { origin, pathname } = new URL(issuer)
  const discovery = `${pathname.replace(/\/$/, '')}/.well-known/openid-configuration`

  const open = (options: DevOidcOptions): ProviderFlow => {
    const users = USERS.map((user) => ({
      ...user,
      email_verified: true,
      ...(user.sub === 'mallory' ? refused : member),
    }))
    const names = { issuer: () => issuer, issuerOf: () => issuer }
    const dev = devOidc({ users, paths: { discovery }, ...names, ...truths[id], ...options })
    return {
      provider,
      network: { [origin]: dev.fetch },
      people: { member: 'ada', other: 'grace', refused: 'mallory' },
      scopes: { first: 'files', second: 'calendar' },
      works: dev.works,
      endAccess: dev.revokeUser,
      leave(person) {
        const user = dev.users.find(({ sub }) => sub === person)
        if (user) Object.assign(user, refused)
      },
    }
  }
  const without = [
    'tenant',
    ...(provider.revocation === 'none' ? ['revoke'] : []),
    ...(id === 'discord' ? ['id_token'] : []),
  ] as never[]
  for (const c of providerFlowContract({ without }).filter(({ name }) =>
    /^(login|denial|re-check after a day)/.test(name),
  ))
    it(c.name, () => c.run((clock) => open({ clock })))
})

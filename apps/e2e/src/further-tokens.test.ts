import { type DrawbridgeEvent, memory, oauthServer, type UpstreamTokenOptions } from '@drawbridge/core'
import type { OAuthProvider } from '@drawbridge/core/provider'
import { getUpstreamToken, mcp } from '@drawbridge/mcp'
import { browser, type DevOidcOptions, devOidc, fakeClock, network, oauthClient } from '@drawbridge/testing'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { describe, expect, it } from 'vitest'
import { entra } from './providers/entra.ts'
import { issuer, resource, secret } from './world.ts'

const upstream = 'https://login.test'
const mail = 'https://graph.test/mail.send'
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
/** What an operator may read, and nobody whom a response reaches. */
const theirWords = 'AADSTS65001: send them to the administrator'

/** Stands between the server and the provider's token endpoint, where it is asked on behalf of somebody. */
type Between = (answer: () => Promise<Response>) => Promise<Response>

/** Two people have signed in with a provider like Entra at a server with one tool. */
async function started(
  options: {
    provider?: (base: OAuthProvider) => OAuthProvider
    onBehalfOf?: DevOidcOptions['onBehalfOf']
  } = {},
) {
  const clock = fakeClock()
  const events: DrawbridgeEvent[] = []
  const asked: Record<string, string>[] = []
  const way: { between: Between } = { between: (answer) => answer() }
  const dev = devOidc({
    clock,
    discovery: false,
    userinfo: false,
    revocation: 'none',
    refreshIdToken: false,
    users: ['ada', 'grace'].map((sub) => ({ sub, tid: 'acme', oid: `oid-${sub}`, name: sub })),
    issuerOf: ({ tid }, origin) => `${origin}/${tid}/v2.0`,
    scopesNamed: (all) => all.filter((name) => name.includes('://')),
    onBehalfOf: options.onBehalfOf ?? true,
  })
  const fetch = network({
    [upstream]: async (request) => {
      const form = Object.fromEntries(new URLSearchParams(await request.clone().text()))
      if (form.grant_type !== jwtBearer) return dev.fetch(request)
      asked.push(form)
      return way.between(() => dev.fetch(request))
    },
    [issuer]: (request) => served.fetch(request),
  })
  const auth = oauthServer({
    issuer,
    secret,
    clock,
    fetch,
    storage: memory({ clock }),
    onEvent: (event) => events.push(event),
    log: false,
    provider: (options.provider ?? ((base) => base))(entra(upstream)),
    scopes: ['files.read', 'files.write'],
  })
  const served = mcp({
    auth,
    responses: 'json',
    server: () => {
      const server = new McpServer({ name: 'mail', version: '1.0.0' })
      server.registerTool('send_mail', {}, async () => {
        const { access_token } = await getUpstreamToken({ scopes: [mail] })
        return { content: [{ type: 'text', text: dev.works(access_token) ? 'sent' : 'not sent' }] }
      })
      return server
    },
  })

  const signIn = async (user: string) => {
    const app = oauthClient({ mcpUrl: resource, fetch })
    const person = browser({ fetch, clock })
    const tokens = await app.login(person, { user, parameters: { scope: 'files.read' } })
    const headers = { authorization: `Bearer ${tokens.access_token}` }
    const gate = await auth.authenticate(new Request(resource, { headers }))
    if (!gate.ok) throw new Error(`the gate answered ${gate.response.status}`)
    const { auth: info } = gate
    const callTool = async () => {
      const response = await fetch(resource, {
        method: 'POST',
        headers: {
          ...headers,
          accept: 'application/json, text/event-stream',
          'content-type': 'application/json',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'send_mail' } }),
      })
      const { result } = (await response.json()) as { result: { content: { text: string }[] } }
      return result.content[0]?.text
    }
    return { app, tokens, callTool, token: (want?: UpstreamTokenOptions) => auth.upstreamToken(info, want) }
  }
  return {
    ...(await signIn('ada')),
    grace: await signIn('grace'),
    asked,
    clock,
    dev,
    refreshes: () => dev.requests.filter(({ parameters }) => parameters.grant_type === 'refresh_token'),
    told: () => events.filter(({ type }) => type.startsWith('upstream.')),
    between: (next: Between) => {
      way.between = next
    },
  }
}

/** Changes what the provider answers. */
const changed =
  (members: Record<string, unknown>): Between =>
  async (answer) =>
    Response.json({ ...(await (await answer()).json()), ...members })

const refused = (error: string, status = 400) =>
  Response.json({ error, error_description: theirWords }, { status })

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

describe('where the provider refuses', () => {
  const codes = [
    ...['invalid_grant', 'invalid_request', 'invalid_scope', 'invalid_target'],
    ...['interaction_required', 'consent_required', 'access_denied'],
  ]
  it.each(codes)('with %s there is none, and the sign-in stands', async (error) => {
    let isRefused = true
    const { callTool, token, dev, told } = await started({
      onBehalfOf: () => (isRefused ? error : undefined),
    })
    const message = await callTool()
    expect(message).toContain(mail)
    expect(message).not.toMatch(new RegExp(`AADSTS|${error}|access_`))
    await expect(token({ scopes: [mail] })).rejects.toMatchObject({ name: 'NoUpstreamToken' })
    expect(dev.works((await token()).access_token)).toBe(true)
    expect(told()).toEqual([])
    isRefused = false
    expect(await callTool()).toBe('sent')
  })

  it('says why to whoever looks at the error', async () => {
    const { token, between } = await started()
    between(async () => refused('interaction_required'))
    await expect(token({ scopes: [mail] })).rejects.toMatchObject({
      message: expect.not.stringContaining('interaction_required'),
      cause: { message: 'entra answered interaction_required' },
    })
  })
})

const html = (status: number) =>
  new Response(`<h1>${theirWords}</h1>`, { status, headers: { 'content-type': 'text/html' } })
const failing = (error: Error) => (): never => {
  throw error
}

describe.each<[reason: string, Record<string, () => Response>]>([
  [
    'unavailable',
    {
      '500': () => refused('server_error', 500),
      '502 with HTML': () => html(502),
      '503': () => new Response(theirWords, { status: 503 }),
      '429': () => refused('invalid_grant', 429),
      'a reset connection': failing(new TypeError('fetch failed')),
      'a time-out': failing(new DOMException('The operation timed out.', 'TimeoutError')),
      temporarily_unavailable: () => refused('temporarily_unavailable'),
    },
  ],
  [
    'misconfigured',
    {
      invalid_client: () => refused('invalid_client', 401),
      unauthorized_client: () => refused('unauthorized_client'),
      unsupported_grant_type: () => refused('unsupported_grant_type'),
      '404 with HTML': () => html(404),
      '200 with HTML': () => html(200),
      'an answer without a token': () => Response.json({ token_type: 'bearer' }),
    },
  ],
])('where the provider is %s', (reason, answers) => {
  it.each(Object.entries(answers))('by %s, nothing is decided', async (_, answer) => {
    const { callTool, token, between, told } = await started()
    between(async () => answer())
    await expect(token({ scopes: [mail] })).rejects.toMatchObject({ name: 'Unavailable' })
    expect(told()).toEqual([
      expect.objectContaining({
        type: 'upstream.unavailable',
        provider: 'entra',
        reason,
        detail: expect.any(String),
        correlation: expect.any(String),
      }),
    ])
    expect(await callTool()).toBe('upstream: entra cannot give another token now')
    expect((await token()).scopes).toContain('files.read')
    between((next) => next())
    expect(await callTool()).toBe('sent')
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

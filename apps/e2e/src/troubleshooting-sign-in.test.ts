import { type DrawbridgeEvent, memory, oauthProxy, resourceServer } from '@drawbridge/core'
import { drawbridge } from '@drawbridge/express'
import { github } from '@drawbridge/github'
import { jwtVerifier } from '@drawbridge/jwt'
import { mcp } from '@drawbridge/mcp'
import { browser, chooseButton, devGitHub, type Listener, network } from '@drawbridge/testing'
import express from 'express'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { frameworks, freePort } from './frameworks.ts'
import { officialClients } from './official-clients.ts'
import { helloServer, onPort } from './troubleshooting.fixture.ts'
import { issuer, resource, secret, upstreamHost, world } from './world.ts'

const provider = devGitHub()
let listener: Listener
beforeAll(async () => {
  listener = await provider.listen()
})
afterAll(() => listener.close())

/** A server as an operator configures it, and what they read. */
function configured(own: string) {
  const told: string[] = []
  const auth = oauthProxy({
    ...{ issuer: own, secret, storage: memory(), log: false },
    provider: github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: listener.url }),
  })
  return { told, served: mcp({ auth, server: () => helloServer(), onNotice: (line) => told.push(line) }) }
}

/** What each official client says to the person who gave it this address. */
async function saidTo(url: string): Promise<string[]> {
  const said: string[] = []
  for (const connect of Object.values(officialClients)) {
    await connect(url, { logins: 0 }, browser()).then(
      (client) => client.close().then(() => said.push('connected')),
      (error: Error) => said.push(error.message),
    )
  }
  return said
}

describe('a client was given another address than the server has', () => {
  it.each([
    ['localhost', '127.0.0.1'],
    ['127.0.0.1', 'localhost'],
  ])(
    'issuer has %s and the client %s: both official clients name both, and the log says which to use',
    async (configuredName, typedName) => {
      const port = await freePort()
      const { served, told } = configured(`http://${configuredName}:${port}`)
      const running = await frameworks.node?.(served, { port, prefix: '' })
      const [right, wrong] = [`http://${configuredName}:${port}/mcp`, `http://${typedName}:${port}`]
      expect(await saidTo(`${wrong}/mcp`)).toEqual(
        [0, 1].map(() => `Protected resource ${right} does not match expected ${wrong}/mcp (or origin)`),
      )
      expect(told).toEqual([
        expect.stringMatching(`asked for ${wrong}, and this server is ${right}: .* Give the client ${right}`),
      ])
      expect(await saidTo(right)).toEqual(['connected', 'connected'])
      await running?.close()
    },
  )

  it('http behind a proxy that takes both: the 401 and the log say to type https', async () => {
    const { served, told } = configured('https://mcp.acme.dev')
    const headers = { host: 'mcp.acme.dev', 'x-forwarded-proto': 'http' }
    const answer = await served.fetch(new Request('http://10.0.0.7/mcp', { method: 'POST', headers }))
    expect((await answer.json()).error_description).toMatch(
      'You asked http://mcp.acme.dev, and this server is https://mcp.acme.dev/mcp: give the client that address.',
    )
    expect(told).toHaveLength(1)
  })

  it('an address without its path: both official clients fail with 404 words, and the log names the whole one', async () => {
    const port = await freePort()
    const { served, told } = configured(`http://127.0.0.1:${port}`)
    const running = await frameworks.express?.(served, { port, prefix: '' })
    for (const said of await saidTo(`http://127.0.0.1:${port}/v1/mcp`))
      expect(said).toContain('Error POSTing to endpoint')
    expect(told).toEqual([expect.stringContaining(`The MCP endpoint is http://127.0.0.1:${port}/mcp.`)])
    await running?.close()
  })

  it('mounted below a prefix: clients cannot register, and the log says what to mount where', async () => {
    const port = await freePort()
    const { served, told } = configured(`http://127.0.0.1:${port}/api`)
    await onPort(express().use('/api', drawbridge(served)), port)
    const [v1, v2] = await saidTo(`http://127.0.0.1:${port}/api/mcp`)
    expect(v1).toContain('HTTP 404: Invalid OAuth error response')
    expect(v2).toContain('Dynamic Client Registration rejected (HTTP 404)')
    expect(told).toEqual([expect.stringContaining('on the outermost app')])
  })
})

/** The world with an operator who reads. */
function logged(options: Parameters<typeof world>[0] = {}) {
  const lines: string[] = []
  return { ...world({ onEvent: undefined, log: (line) => lines.push(line), ...options }), lines }
}

function never(): never {
  throw new Error('no button')
}

describe('the sign-in does not finish', () => {
  it('the provider has another callback: the browser ends where nothing is, and the log names ours', async () => {
    const callbackUrls = [`${issuer}/oauth/callback`]
    const w = logged({
      github: { apps: [{ clientId: 'dev-client', clientSecret: 'dev-secret', callbackUrls }] },
    })
    const app = w.client()
    await app.register()
    const { url } = await app.authorize()
    const person = w.browser()
    const consent = await person.open(url)
    const page = await person.submit(consent, chooseButton(consent) ?? never())
    const { pathname, search } = new URL(page.url)
    expect(pathname + search).toMatch(/^\/oauth\/callback\?.*error=redirect_uri_mismatch/)

    const here = await onPort(express().use(drawbridge(w.auth)))
    expect((await fetch(here + pathname + search)).status).toBe(404)
    await vi.waitFor(() =>
      expect(w.lines).toEqual([
        expect.stringContaining('Its app should have /callback/github of this host as callback'),
      ]),
    )
  })

  it('the provider has another secret: the log names the options', async () => {
    const app = { clientId: 'dev-client', clientSecret: 'a mistyped secret', host: upstreamHost }
    const w = logged({ provider: github(app) })
    await expect(w.client().login(w.browser(), { user: 'octocat' })).rejects.toThrow('server_error')
    expect(w.lines).toEqual([expect.stringMatching(/login\.failed: .*clientSecret.*reason misconfigured/)])
  })

  it('each instance has a memory of its own: clients are strangers at the next one, and the log says why', async () => {
    const [one, other] = [logged(), logged()]
    const app = one.client()
    const tokens = await app.login(one.browser(), { user: 'octocat' })
    expect((await other.call(tokens.access_token)).status).toBe(401)
    const elsewhere = other.client({ credentials: app.credentials })
    expect(await elsewhere.refresh(tokens.refresh_token)).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    })
    expect(other.lines).toEqual([
      expect.stringMatching(/client\.refused: .*Check that all instances share one `storage`/),
    ])
  })

  it('instances have different secrets: ready() stops the start, and names the option', async () => {
    const w = logged()
    await w.client().login(w.browser(), { user: 'octocat' })
    const other = w.instance({ secret: 'zzq3x8m0TtS2yYk7sPzR5uWb1cDf4gHj6KlN9oQeXaZA=' })
    await expect(other.ready()).rejects.toThrow(
      /^secret: does not open this storage.*`secret: \[next, previous\]`/,
    )
  })
})

describe('signed in, and still refused', () => {
  /** A resource server elsewhere, and tokens of its issuer. */
  async function elsewhere(claims: Record<string, unknown>) {
    const { privateKey, publicKey } = await generateKeyPair('RS256')
    const events: DrawbridgeEvent[] = []
    const lines: string[] = []
    const login = 'https://login.acme.dev'
    const auth = resourceServer({
      resource,
      authorizationServers: [login],
      verifier: jwtVerifier({
        issuer: login,
        jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: '1', alg: 'RS256' }] },
        fetch: network({}),
      }),
      onEvent: (event) => events.push(event),
      log: (line) => lines.push(line),
    })
    const token = await new SignJWT({ iss: login, aud: resource, sub: 'ada', client_id: 'desk', ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: '1' })
      .setExpirationTime('1h')
      .sign(privateKey)
    const headers = { authorization: `Bearer ${token}` }
    const result = await auth.authenticate(new Request(resource, { method: 'POST', headers }))
    return { status: result.ok ? 200 : result.response.status, events, lines }
  }

  it('the token is for another address: the log says for which, and what differs', async () => {
    expect((await elsewhere({})).status).toBe(200)
    const { status, lines } = await elsewhere({ aud: `${resource}/` })
    expect(status).toBe(401)
    expect(lines).toEqual([expect.stringMatching(/token\.misdirected: .*slash at the end/)])
  })

  it('the clock is behind that of the issuer: the event says that the token is not valid yet', async () => {
    const { status, events } = await elsewhere({ nbf: Math.floor(Date.now() / 1000) + 300 })
    expect(status).toBe(401)
    expect(events).toMatchObject([{ type: 'token.refused', reason: 'not_verified', detail: 'not_yet_valid' }])
  })
})

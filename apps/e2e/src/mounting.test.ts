import { memory, mounted, oauthProxy } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { mcp } from '@drawbridge/mcp'
import { browser, devGitHub, type Listener } from '@drawbridge/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { frameworks, freePort, type Running } from './frameworks.ts'
import { createServer } from './mcp-server.ts'
import { type Installation, officialClients } from './official-clients.ts'
import { secret } from './world.ts'

const provider = devGitHub()
let listener: Listener
beforeAll(async () => {
  listener = await provider.listen()
})
afterAll(() => listener.close())

const running: Running[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map(({ close }) => close()))
})

/** As operators configure it. */
function authorizationServer(issuer: string) {
  return {
    ...{ issuer, secret, storage: memory(), log: false as const },
    provider: github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: listener.url }),
  }
}

const server = () => createServer(`${listener.url}/api/v3`)
const lines = Object.values(officialClients)
const asClient = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' }

/** Signs in with an official client and calls a tool; says with which token. */
async function whoami(url: string, line = 0) {
  const installation: Installation = { logins: 0 }
  const client = await lines[line % lines.length]?.(url, installation, browser())
  const { text = '' } = (await client?.callTool('whoami')) ?? {}
  await client?.close()
  return { token: installation.tokens?.access_token, login: JSON.parse(text).login }
}

describe.each(Object.entries(frameworks))('%s', (_, start) => {
  const run = async (x: Parameters<typeof start>[0], port: number) => {
    const started = await start(x, { port, prefix: '' })
    running.push(started)
  }
  const metadata = async (origin: string, path: string) =>
    (await fetch(`${origin}/.well-known/oauth-protected-resource${path}`)).json()
  const status = async (url: string, token: string | undefined) =>
    (await fetch(url, { method: 'POST', headers: { ...asClient, authorization: `Bearer ${token}` } })).status

  it.each([true, false])(
    'several resources of one server, mounted one by one (%s) or as a list: each with its own metadata and tokens',
    async (oneByOne) => {
      const port = await freePort()
      const origin = `http://127.0.0.1:${port}`
      const told: string[] = []
      const as = oauthProxy({
        ...authorizationServer(origin),
        resources: { '/files': { scopes: ['files'] }, '/mail': { scopes: ['mail'] } },
      })
      const all = (['/files', '/mail'] as const).map((path) =>
        mcp({ auth: as.at(path), server, onNotice: (text) => told.push(text) }),
      )
      await run(oneByOne ? all : mounted(all), port)
      const users = []
      for (const [line, path] of ['/files', '/mail'].entries()) {
        expect(await metadata(origin, path)).toMatchObject({
          resource: `${origin}${path}`,
          scopes_supported: [path.slice(1)],
          authorization_servers: [origin],
        })
        users.push(await whoami(`${origin}${path}`, line))
      }
      expect(users.map(({ login }) => login)).toEqual(['octocat', 'octocat'])
      expect(await status(`${origin}/mail`, users[0]?.token)).toBe(401)
      expect(await status(`${origin}/files`, users[1]?.token)).toBe(401)

      expect(told).toEqual([])
      expect((await fetch(`${origin}/mcp`, { method: 'POST', headers: asClient, body: '{}' })).status).toBe(
        404,
      )
      await vi.waitFor(() => expect(told).not.toEqual([]))
      expect(told).toEqual([expect.stringContaining(`MCP endpoints are ${origin}/files and ${origin}/mail.`)])
    },
  )

  it('two servers on one host, which know nothing of each other', async () => {
    const port = await freePort()
    const origin = `http://127.0.0.1:${port}`
    const all = ['/a', '/b'].map((path) =>
      mcp({ auth: oauthProxy(authorizationServer(origin + path)), server, onNotice: () => {} }),
    )
    await run(all, port)
    for (const [line, path] of ['/a', '/b'].entries()) {
      expect(await metadata(origin, `${path}/mcp`)).toMatchObject({
        resource: `${origin}${path}/mcp`,
        authorization_servers: [origin + path],
      })
      const { login, token } = await whoami(`${origin}${path}/mcp`, line)
      expect(login).toBe('octocat')
      expect(await status(`${origin}${path === '/a' ? '/b' : '/a'}/mcp`, token)).toBe(401)
    }
  })

  it('a slash at the end makes no difference to either official client', async () => {
    const port = await freePort()
    const origin = `http://127.0.0.1:${port}`
    await run(mcp({ auth: oauthProxy(authorizationServer(origin)), server }), port)
    for (const line of [0, 1]) expect((await whoami(`${origin}/mcp/`, line)).login).toBe('octocat')
  })

  it('a health route is served, without a token and without words', async () => {
    const port = await freePort()
    const origin = `http://127.0.0.1:${port}`
    await run(mcp({ auth: oauthProxy(authorizationServer(origin)), server, health: '/health' }), port)
    const answer = await fetch(`${origin}/health`)
    expect([answer.status, await answer.text()]).toEqual([200, '{"status":"ok"}'])
  })
})

it('more servers than Node has listeners for pass one request on without a warning', async () => {
  const warned: string[] = []
  const hear = ({ name }: Error) => warned.push(name)
  process.on('warning', hear)
  for (const framework of ['express', 'node'] as const) {
    const port = await freePort()
    const all = Array.from({ length: 12 }, (_, n) => mcp({ server, path: `/${n}/mcp`, onNotice: () => {} }))
    const started = await frameworks[framework]?.(all, { port, prefix: '' })
    if (started) running.push(started)
    expect(await (await fetch(`http://127.0.0.1:${port}/app`)).text()).toBe('the application')
    expect((await fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST', headers: asClient })).status).toBe(
      404,
    )
  }
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', hear)
  expect(warned).toEqual([])
})

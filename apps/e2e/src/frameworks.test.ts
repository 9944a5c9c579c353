import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Auth, oauthProxy } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { type Mcp, mcp } from '@drawbridge/mcp'
import { mcp as mcpV2 } from '@drawbridge/mcp/v2'
import { sqlite } from '@drawbridge/sqlite'
import { browser, devGitHub, type Listener } from '@drawbridge/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { frameworks, freePort, type Start } from './frameworks.ts'
import { createServer, createServerV2 } from './mcp-server.ts'
import { type Connect, type Installation, officialClientOf2026, officialClients } from './official-clients.ts'
import { secret } from './world.ts'

const provider = devGitHub()
let listener: Listener
let folder: string

beforeAll(async () => {
  listener = await provider.listen()
  folder = await mkdtemp(join(tmpdir(), 'drawbridge-e2e-'))
})
afterAll(async () => {
  await listener.close()
  await rm(folder, { recursive: true })
})

/** Puts a server of one line of the MCP SDK behind an Auth. */
type Mount = (auth: Auth, sessions: boolean) => Mcp

const ofV1: Mount = (auth, sessions) =>
  mcp({ auth, sessions, server: () => createServer(`${listener.url}/api/v3`) })
const ofV2: Mount = (auth, sessions) =>
  mcpV2({ auth, sessions, server: () => createServerV2(`${listener.url}/api/v3`) })

let databases = 0

/** This process keeps connections to the server it stopped; they are noticed one by one. */
async function reachable(url: string) {
  for (let inRow = 0, tries = 0; inRow < 3 && tries < 20; tries++) {
    inRow = await fetch(url).then(
      (response) => response.text().then(() => inRow + 1),
      () => 0,
    )
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** One deployment on SQLite: can be stopped and started again. */
async function deployment(start: Start, prefix: string, sessions: boolean, mount: Mount = ofV1) {
  const port = await freePort()
  const path = join(folder, `${databases++}.db`)
  const url = `http://127.0.0.1:${port}${prefix}/mcp`
  const run = async () => {
    const storage = sqlite({ path })
    const auth = oauthProxy({
      issuer: `http://127.0.0.1:${port}${prefix}`,
      secret,
      storage,
      provider: github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: listener.url }),
    })
    const server = mount(auth, sessions)
    const running = await start(server, { port, prefix })
    await reachable(`http://127.0.0.1:${port}/app`)
    return async () => {
      await server.close()
      await running.close()
      await storage.close?.()
    }
  }
  return { url, origin: `http://127.0.0.1:${port}`, run }
}

/** Signs in, is renewed after a restart and after its token has ended, and asks nobody twice. */
async function staysSignedIn(
  connect: Connect,
  { url, origin, run }: Awaited<ReturnType<typeof deployment>>,
): Promise<void> {
  let stop = await run()
  const installation: Installation = { logins: 0 }
  const person = browser()
  try {
    const first = await connect(url, installation, person)
    expect(JSON.parse((await first.callTool('whoami')).text)).toMatchObject({ login: 'octocat' })
    expect(await first.callTool('github_login')).toEqual({ text: 'octocat', isError: false })
    expect(installation.logins).toBe(1)
    await first.close()

    await stop()
    stop = await run()
    const second = await connect(url, installation, person)
    expect((await second.callTool('github_login')).text).toBe('octocat')
    await second.close()

    // An access token that has ended is renewed without anybody noticing.
    if (installation.tokens) installation.tokens.access_token = 'ended'
    const third = await connect(url, installation, person)
    expect((await third.callTool('github_login')).text).toBe('octocat')
    await third.close()
    expect(installation.logins).toBe(1)
    expect(await (await fetch(`${origin}/app`)).text()).toBe('the application')
  } finally {
    await stop()
  }
}

for (const [framework, start] of Object.entries(frameworks)) {
  describe(`${framework}, with a server of SDK v2`, () => {
    it.each(Object.entries({ ...officialClients, 'v2 (2026-07-28)': officialClientOf2026 }))(
      'the official %s client signs in, calls tools as its user, and is still in after a restart',
      async (_, connect) => staysSignedIn(connect, await deployment(start, '', true, ofV2)),
    )
  })

  for (const prefix of ['', '/api']) {
    describe(`${framework}${prefix ? ', under a prefix in a parent app' : ''}`, () => {
      for (const [line, connect] of Object.entries(officialClients)) {
        for (const sessions of [false, true]) {
          it(`the official ${line} client signs in, calls tools as its user, and is still in after a restart${sessions ? ' (sessions)' : ''}`, async () =>
            staysSignedIn(connect, await deployment(start, prefix, sessions)))
        }
      }

      it('a request without a token never reaches the tool, whatever stands in for Response', async () => {
        const { url, run } = await deployment(start, prefix, false)
        const original = globalThis.Response
        // What servers do that replace the global: results made earlier are no instances of it any more.
        globalThis.Response = class Replaced extends original {
          static override [Symbol.hasInstance]() {
            return false
          }
        }
        const stop = await run()
        try {
          const body = JSON.stringify({
            jsonrpc: '2.0',
            id: 1,
            method: 'tools/call',
            params: { name: 'whoami' },
          })
          for (const method of ['POST', 'GET', 'PUT', 'DELETE', 'PATCH']) {
            const response = await fetch(url, {
              method,
              headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
              ...(method === 'GET' ? {} : { body }),
            })
            expect(response.status, method).toBe(401)
            expect(response.headers.get('www-authenticate'), method).toMatch(
              /^Bearer resource_metadata="http/,
            )
            expect(await response.text()).not.toContain('octocat')
          }
        } finally {
          await stop()
          globalThis.Response = original
        }
      })
    })
  }
}

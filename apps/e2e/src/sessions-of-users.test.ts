import { memory, oauthProxy } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import * as v1 from '@drawbridge/mcp/v1'
import * as v2 from '@drawbridge/mcp/v2'
import { browser, devGitHub, type Listener } from '@drawbridge/testing'
import { McpServer as ServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { McpServer as ServerV2 } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { frameworks, freePort } from './frameworks.ts'
import { type Connect, type Installation, officialClients } from './official-clients.ts'
import { secret } from './world.ts'

const logins = ['octocat', 'hubot', 'mona']
const provider = devGitHub({ users: logins.map((login) => ({ login })) })
let listener: Listener

beforeAll(async () => {
  listener = await provider.listen()
})
afterAll(async () => {
  await listener.close()
})

/** Tells who calls, with which token, and which server of a session that is. */
function whoami({ requireAuth }: Pick<typeof v1, 'requireAuth'>, server: number) {
  return async () => {
    const { login } = requireAuth<{ login: string }>().extra.user
    await new Promise((resolve) => setImmediate(resolve))
    const { token } = requireAuth()
    return { content: [{ type: 'text' as const, text: JSON.stringify({ login, token, server }) }] }
  }
}

type Auth = ReturnType<typeof oauthProxy<ReturnType<typeof github>>>

const lines: Readonly<Record<string, (auth: Auth) => v1.Mcp>> = {
  v1(auth) {
    let made = 0
    const server = () => {
      const each = new ServerV1({ name: 'fixture', version: '1.0.0' })
      each.registerTool('whoami', {}, whoami(v1, ++made))
      return each
    }
    return v1.mcp({ auth, sessions: true, server })
  },
  v2(auth) {
    let made = 0
    const server = () => {
      const each = new ServerV2({ name: 'fixture', version: '1.0.0' })
      each.registerTool('whoami', {}, whoami(v2, ++made))
      return each
    }
    return v2.mcp({ auth, sessions: true, server })
  },
}

async function listening(line: string) {
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const auth = oauthProxy({
    issuer: origin,
    secret,
    storage: memory(),
    provider: github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: listener.url }),
    log: false,
  })
  const served = lines[line]?.(auth)
  if (!served) throw new Error(`no line ${line}`)
  const running = await frameworks.node?.(served, { port, prefix: '' })
  return {
    url: `${origin}/mcp`,
    async close() {
      await served.close()
      await running?.close()
    },
  }
}

/** Somebody with an installation of their own, signed in and in a session. */
async function user(connect: Connect, url: string, login: string) {
  const installation: Installation = { logins: 0, as: { user: login } }
  const client = await connect(url, installation, browser())
  return {
    ...{ login, installation },
    sessionId: () => client.sessionId(),
    token: () => installation.tokens?.access_token ?? '',
    close: () => client.close(),
    async whoami(): Promise<{ login: string; token: string; server: number }> {
      return JSON.parse((await client.callTool('whoami')).text)
    },
  }
}

const ping = { jsonrpc: '2.0', id: 77, method: 'tools/call', params: { name: 'whoami', arguments: {} } }

async function asked(url: string, method: string, session: string | undefined, token: string) {
  const response = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      accept: method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-session-id': session ?? '',
    },
    ...(method === 'POST' && { body: JSON.stringify(ping) }),
  })
  return { status: response.status, text: method === 'GET' && response.ok ? '' : await response.text() }
}

describe.each(Object.keys(lines))('sessions of a server with SDK %s', (line) => {
  describe.each(Object.entries(officialClients))('and clients of SDK %s', (_, connect) => {
    it('are of one user each: nobody comes into another’s, and a refreshed token stays in its own', async () => {
      const { url, close } = await listening(line)
      try {
        const users = await Promise.all(logins.map((login) => user(connect, url, login)))
        expect(new Set(users.map(({ sessionId }) => sessionId())).size).toBe(logins.length)

        const rounds = await Promise.all(
          Array.from({ length: 5 }, () => Promise.all(users.map((each) => each.whoami()))),
        )
        for (const answers of rounds) {
          expect(answers.map(({ login }) => login)).toEqual(logins)
          expect(answers.map(({ token }) => token)).toEqual(users.map(({ token }) => token()))
          expect(answers.map(({ server }) => server)).toEqual(rounds[0]?.map(({ server }) => server))
        }
        expect(new Set(rounds[0]?.map(({ server }) => server)).size).toBe(logins.length)

        const [alice, bob] = users
        if (!alice || !bob) throw new Error('nobody there')
        for (const method of ['POST', 'GET', 'DELETE']) {
          const stolen = await asked(url, method, alice.sessionId(), bob.token())
          expect([method, stolen.status]).toEqual([method, 404])
          expect(stolen.text).toBe((await asked(url, method, crypto.randomUUID(), bob.token())).text)
        }

        const before = { session: alice.sessionId(), ...(await alice.whoami()) }
        // As when its hour is over: the client refreshes, and repeats the call.
        if (alice.installation.tokens) alice.installation.tokens.access_token = 'ended'
        const after = await alice.whoami()
        expect(after).toEqual({ login: 'octocat', token: alice.token(), server: before.server })
        expect(after.token).not.toBe(before.token)
        expect(alice.sessionId()).toBe(before.session)
        expect(users.map(({ installation }) => installation.logins)).toEqual([1, 1, 1])
        await Promise.all(users.map((each) => each.close()))
      } finally {
        await close()
      }
    })
  })
})

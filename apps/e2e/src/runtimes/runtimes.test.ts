import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { Readable } from 'node:stream'
import { browser, devGitHub, type Listener, listen, oauthClient } from '@drawbridge/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Runtime, skipWithoutRuntime } from '../../../../scripts/runtimes.ts'
import { type Installation, officialClients } from '../official-clients.ts'
import { tokenOf } from './application.fixture.ts'
import { type Entry, type Running, start } from './runtimes.fixture.ts'

let github: Listener
let gate: Listener
/** For each path at which a tool waits, what lets it go on. */
const gates = new Map<string, { opened: Promise<void>; open: () => void }>()

function gateAt(path: string) {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const found = gates.get(path) ?? { opened, open }
  gates.set(path, found)
  return found
}

beforeAll(async () => {
  github = await devGitHub().listen()
  gate = await listen(async ({ url }) => {
    await gateAt(new URL(url).pathname).opened
    return new Response('go on')
  })
})
afterAll(async () => {
  await github.close()
  await gate.close()
})

const started = (runtime: Runtime, entry: Entry, flags?: readonly string[]) =>
  start(runtime, entry, { github: github.url, gate: `${gate.url}/${runtime}-${entry}` }, flags)

const runtimes: Runtime[] = ['workerd', 'deno', 'bun']

describe.concurrent.each(runtimes)('on %s', { timeout: 60_000 }, (runtime) => {
  const isSkipped = skipWithoutRuntime(runtime, 'a whole flow, and a crowd')

  describe.skipIf(isSkipped).each<Exclude<Entry, 'crowd'>>(['v1', 'v2'])('a server of SDK %s', (line) => {
    let running: Running
    let url: string
    beforeAll(async () => {
      running = await started(runtime, line)
      url = `${running.origin}/mcp`
    })
    afterAll(async () => {
      await running?.stop()
    })

    it('lets an unknown client in as its user, answers, and renews its token', async () => {
      const client = oauthClient({ mcpUrl: url })
      const { challenge, server } = await client.discover()
      expect(challenge).toContain(
        `resource_metadata="${running.origin}/.well-known/oauth-protected-resource/mcp"`,
      )
      expect(server.issuer).toBe(running.origin)
      const { access_token, refresh_token } = await client.login(browser(), { user: 'octocat' })

      const answer = await called(url, 'whoami', access_token)
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toContain('text/event-stream')
      expect(await toolText(answer)).toBe('octocat')
      expect(await toolText(await called(url, 'github_login', access_token))).toBe('octocat')
      expect(await toolText(await called(url, 'by_extra', access_token))).toMatch(/^github\|\d+$/)

      const { status, body } = await client.refresh(refresh_token)
      expect(status).toBe(200)
      expect(await toolText(await called(url, 'github_login', body.access_token))).toBe('octocat')
      expect((await client.revoke(body.refresh_token)).status).toBe(200)
      expect((await called(url, 'whoami', body.access_token)).status).toBe(401)
    })

    it('refuses who has no token, or a bad one', async () => {
      const without = await called(url, 'whoami')
      expect([without.status, without.headers.get('www-authenticate')]).toEqual([
        401,
        expect.not.stringContaining('invalid_token'),
      ])
      const bad = await called(url, 'whoami', 'forged')
      expect([bad.status, bad.headers.get('www-authenticate')]).toEqual([
        401,
        expect.stringContaining('error="invalid_token"'),
      ])
    })

    it('sends an event when it happens, and not with the answer', async () => {
      const client = oauthClient({ mcpUrl: url })
      const { access_token } = await client.login(browser(), { user: 'octocat' })
      const { body } = await called(url, 'steps', access_token, { progressToken: 7 })
      let seen = ''
      for await (const chunk of body ?? []) {
        seen += new TextDecoder().decode(chunk)
        // Were it held back, nobody would ever open the gate.
        if (seen.includes('notifications/progress')) gateAt(`/${runtime}-${line}`).open()
      }
      expect(seen).toMatch(/notifications\/progress[\s\S]*"done"/)
    })

    it.each(Object.entries(officialClients))(
      'the official %s client signs in and calls',
      async (_, connect) => {
        const installation: Installation = { logins: 0 }
        const client = await connect(url, installation, browser())
        expect((await client.callTool('whoami')).text).toBe('octocat')
        expect((await client.callTool('github_login')).text).toBe('octocat')
        expect(installation.logins).toBe(1)
        await client.close()
      },
    )
  })

  describe.skipIf(isSkipped)('a hundred users', () => {
    let running: Running
    beforeAll(async () => {
      running = await started(runtime, 'crowd')
    })
    afterAll(async () => {
      await running?.stop()
    })

    // What counts is many at a time; a thousand are enough on one runtime.
    const times = runtime === 'workerd' ? 10 : 2
    it.each(['v1', 'v2'])(
      'call at once, a thousand times on Workers, and each is told of themselves (%s)',
      async (line) => {
        const calls = Array.from({ length: 100 * times }, (_, call) => call % 100)
        const answers = await Promise.all(
          calls.map(async (user) => {
            const headers = { 'x-user': `user-${user}`, 'x-line': line }
            const response = await called(`${running.origin}/mcp`, 'tell', tokenOf(user), {}, headers)
            return JSON.parse(await toolText(response))
          }),
        )
        expect(answers).toEqual(
          calls.map((user) => {
            const name = `user-${user}`
            return [name, name, tokenOf(user), `up-${name}`, name, name, name]
          }),
        )
      },
    )
  })
})

describe.skipIf(skipWithoutRuntime('workerd', 'Workers without `nodejs_compat`'))('a Worker', () => {
  it('without flags starts, knows who calls by what handlers are given, and says what else it takes', async () => {
    const { origin, stop } = await started('workerd', 'crowd', [])
    try {
      for (const line of ['v1', 'v2']) {
        const call = (name: string) => called(`${origin}/mcp`, name, tokenOf(3), {}, { 'x-line': line })
        expect(await toolText(await call('by_extra'))).toBe('user-3')
        expect(await toolText(await call('without_extra'))).toMatch(/no AsyncLocalStorage.*`nodejs_compat`/)
      }
    } finally {
      await stop()
    }
  })

  it('needs no more than `nodejs_als`', async () => {
    const { origin, stop } = await started('workerd', 'crowd', ['nodejs_als'])
    try {
      expect(await toolText(await called(`${origin}/mcp`, 'without_extra', tokenOf(4)))).toBe('user-4')
    } finally {
      await stop()
    }
  })
})

/** By `node:http`, which has no patience to lose where a thousand connections wait for one process. */
async function called(url: string, name: string, token?: string, meta: object = {}, headers: object = {}) {
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name, arguments: {}, _meta: meta },
  })
  const outgoing = request(url, {
    agent: false,
    method: 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    },
  })
  outgoing.end(body)
  const [incoming]: IncomingMessage[] = await once(outgoing, 'response')
  if (!incoming) throw new Error('no answer')
  return new Response(Readable.toWeb(incoming) as ReadableStream<Uint8Array>, {
    status: incoming.statusCode ?? 0,
    headers: Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)]),
  })
}

async function toolText(answer: Response): Promise<string> {
  const body = await answer.text()
  const [, data] = /^data: (\{.*)$/m.exec(body) ?? []
  if (data === undefined) throw new Error(`no result: ${answer.status} ${body}`)
  const { result } = JSON.parse(data)
  return result?.content?.[0]?.text ?? data
}

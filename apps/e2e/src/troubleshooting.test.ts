import type { RequestListener } from 'node:http'
import { text } from 'node:stream/consumers'
import { memory, oauthProxy } from '@drawbridge/core'
import { drawbridge as forExpress } from '@drawbridge/express'
import { github } from '@drawbridge/github'
import { getAuth, getUpstreamToken, type Mcp, type McpOptions, mcp, requireAuth } from '@drawbridge/mcp'
import { drawbridge as forNode } from '@drawbridge/node'
import express from 'express'
import { describe, expect, it, vi } from 'vitest'
import {
  call,
  headers,
  helloServer,
  initialize,
  onPort,
  posting,
  staticAuth,
} from './troubleshooting.fixture.ts'

/** An MCP server as one is in a process of its own, and what its operator reads. */
function setUp(options: Partial<McpOptions<unknown, ReturnType<typeof helloServer>>> = {}) {
  const told: string[] = []
  const errors: string[] = []
  const served: Mcp = mcp({
    auth: staticAuth(),
    server: () => helloServer(),
    onNotice: (line) => told.push(line),
    onError: (error) => errors.push(String(error)),
    ...options,
  })
  const ask = async (init: RequestInit, url = 'https://mcp.acme.dev/mcp') => {
    const response = await served.fetch(new Request(url, init))
    return { status: response.status, words: await response.text(), headers: response.headers }
  }
  return { ask, errors, served, told }
}

describe('the client does not find the server', () => {
  it('the address lacks its path: the log names the whole one', async () => {
    const { served, told } = setUp()
    const url = await onPort(express().use(forExpress(served)))
    expect((await fetch(`${url}/`, posting(initialize))).status).toBe(404)
    await vi.waitFor(() =>
      expect(told).toEqual([
        expect.stringMatching(
          /^Nobody answered POST \(404\)\. The MCP endpoint is https:\/\/mcp\.acme\.dev\/mcp\./,
        ),
      ]),
    )
  })

  it('a proxy removes part of the path: the log names stripPrefix and what to pass', async () => {
    const { served, told } = setUp({ auth: staticAuth('https://acme.dev/tools/mcp') })
    const url = await onPort(express().use(forExpress(served)))
    expect((await fetch(`${url}/mcp`, posting(initialize))).status).toBe(404)
    await vi.waitFor(() => expect(told).toEqual([expect.stringContaining('pass `stripPrefix: "/tools"`')]))
  })

  it('mounted below a prefix, the documents are not found: the first request says which', async () => {
    const { served, told } = setUp({ auth: staticAuth('https://acme.dev/api/mcp') })
    const url = await onPort(express().use('/api', forExpress(served)))
    expect((await fetch(`${url}/.well-known/oauth-protected-resource/api/mcp`)).status).toBe(404)
    expect((await fetch(`${url}/api/mcp`, posting(initialize))).status).toBe(200)
    expect(told).toEqual([
      expect.stringMatching(
        /requests for .*oauth-protected-resource\/api\/mcp.* do not reach it\. Write app\.use/,
      ),
    ])
  })

  it('issuer is a host that leads elsewhere: the 401 sends clients there', async () => {
    const { served, told } = setUp({ auth: staticAuth('https://mcp.acme.dev/mcp') })
    const url = await onPort(express().use(forExpress(served)))
    const { status, headers } = await fetch(`${url}/mcp`, posting(initialize, { authorization: undefined }))
    expect([status, headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining('resource_metadata="https://mcp.acme.dev/.well-known/'),
    ])
    expect(told).toEqual([])
  })

  it('a tunnel: the host that people use is not the one of issuer', async () => {
    const { ask } = setUp({ auth: staticAuth('http://localhost:3000/mcp') })
    const { status, words } = await ask(posting(initialize, { host: 'name.tunnel.example' }))
    expect(status).toBe(403)
    expect(words).toMatch(/host \\"name\.tunnel\.example\\" is not served here\. .*`issuer`.*`allowedHosts`/)
  })

  it('a page of an origin that is not allowed', async () => {
    const { ask } = setUp({ allowedOrigins: ['https://app.acme.dev'] })
    const { status, words } = await ask(posting(initialize, { origin: 'https://other.acme.dev' }))
    expect(status).toBe(403)
    expect(words).toMatch(/Pages of \\"https:\/\/other\.acme\.dev\\" may not call .*`allowedOrigins`/)
  })

  it('CORS: something before drawbridge() answers the preflight', async () => {
    const { served } = setUp()
    const preflight = {
      method: 'OPTIONS',
      headers: { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    }
    const closed: express.RequestHandler = (_req, res) => void res.status(401).end()
    const wrong = await fetch(`${await onPort(express().use(closed, forExpress(served)))}/mcp`, preflight)
    expect(wrong.headers.get('access-control-allow-origin')).toBeNull()
    const right = await fetch(`${await onPort(express().use(forExpress(served), closed))}/mcp`, preflight)
    expect([right.status, right.headers.get('access-control-allow-origin')]).toEqual([204, '*'])
    expect(right.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('authorization')
  })
})

describe('a request is refused', () => {
  it('a proxy removes the Authorization header: 401 without an error, as for who has no token', async () => {
    const { ask } = setUp()
    const without = await ask(posting(call('hello'), { authorization: undefined }))
    expect(without.status).toBe(401)
    expect(without.headers.get('www-authenticate')).not.toContain('error=')
    const wrong = await ask(posting(call('hello'), { authorization: 'Bearer mallory' }))
    expect(wrong.headers.get('www-authenticate')).toContain('error="invalid_token"')
  })

  it('a scope is missing: 403 names all that the call needs', async () => {
    const { ask } = setUp({ auth: staticAuth(undefined, ['read']), require: { tools: { hello: ['write'] } } })
    const { status, headers: answered } = await ask(posting(call('hello')))
    expect(status).toBe(403)
    expect(answered.get('www-authenticate')).toMatch(/scope="read write"|scope="write read"/)
  })

  it('a role is missing: 403 without a challenge, which no sign-in would change', async () => {
    const { ask } = setUp({ require: { tools: { hello: { roles: ['admin'] } } } })
    const { status, words, headers: answered } = await ask(posting(call('hello')))
    expect([status, answered.get('www-authenticate')]).toEqual([403, null])
    expect(words).toContain('You are not allowed to use')
  })

  it.each([
    [406, { accept: 'application/json' }, /must accept both application\/json and text\/event-stream/],
    [415, { 'content-type': 'text/plain' }, /Content-Type must be application\/json/],
  ])('a request by hand lacks a header: %i says which', async (status, given, words) => {
    const answer = await setUp().ask(posting(initialize, given))
    expect(answer.status).toBe(status)
    expect(answer.words).toMatch(words)
  })

  it('a GET where there are no sessions is 405, which clients take as it is meant', async () => {
    const { status, headers: answered } = await setUp().ask({ headers })
    expect([status, answered.get('allow')]).toEqual([405, 'POST'])
  })

  it('a body that something has read before: 400 says what to mount first', async () => {
    const { served } = setUp()
    const reading: express.RequestHandler = async (req, _res, next) => {
      await text(req)
      next()
    }
    const url = await onPort(express().use(reading, forExpress(served)))
    const answer = await fetch(`${url}/mcp`, posting(initialize))
    expect([answer.status, await answer.text()]).toEqual([
      400,
      expect.stringContaining('Mount drawbridge() first'),
    ])
    const parsed = await onPort(express().use(express.json(), forExpress(served)))
    expect((await fetch(`${parsed}/mcp`, posting(initialize))).status).toBe(200)
  })

  it('a body that never came: 400 says so', async () => {
    const { status, words } = await setUp().ask(posting(''))
    expect([status, words]).toEqual([
      400,
      expect.stringMatching(/the request has no body\. .*proxy or redirect/),
    ])
  })

  it('a body that is too large: 413 names the limit', async () => {
    const { status, words } = await setUp({ maxBodyBytes: 100 }).ask(
      posting(call('hello', { filler: 'x'.repeat(100) })),
    )
    expect([status, words]).toEqual([413, expect.stringContaining('must not exceed 100 bytes')])
  })

  it('a session that lives in another instance: 404 says how to keep them together', async () => {
    const [one, other] = [setUp({ sessions: true }), setUp({ sessions: true })]
    const begun = await one.ask(posting(initialize))
    const session = { 'mcp-session-id': begun.headers.get('mcp-session-id') ?? '' }
    expect((await one.ask(posting(call('hello'), session))).status).toBe(200)
    const lost = await other.ask(posting(call('hello'), session))
    expect([lost.status, lost.words]).toEqual([
      404,
      expect.stringMatching(
        /Session not found\. .*`sessions`.* learn Mcp-Session-Id from answers .* hash of that header is not enough/,
      ),
    ])
  })

  it('a call before initialize where there are sessions: 400 says what comes first', async () => {
    const { status, words } = await setUp({ sessions: true }).ask(posting(call('hello')))
    expect([status, words]).toEqual([400, expect.stringContaining('Begin with `initialize`')])
  })
})

describe('a call fails by what is written on the server', () => {
  it('one McpServer for all: 500 and the log say to build it inside the function', async () => {
    const shared = helloServer()
    const { ask, errors } = setUp({ server: () => shared })
    expect((await ask(posting(call('hello')))).status).toBe(200)
    const { status, words } = await ask(posting(call('hello')))
    expect([status, words]).toEqual([
      500,
      expect.stringContaining('returned the same McpServer twice. Build it inside the function'),
    ])
    expect(errors).toEqual([expect.stringContaining('the same McpServer twice')])
  })

  it('a factory without a return is told so', async () => {
    const { words } = await setUp({ server: () => undefined as never }).ask(posting(call('hello')))
    expect(words).toContain('is a `return` missing?')
  })

  it('getAuth() outside of a request says where it may be called', () => {
    expect(() => getAuth()).toThrow(/getAuth\(\) was called outside an MCP request\. Call it inside a tool/)
    expect(() => requireAuth()).toThrow(/requireAuth\(\) was called outside an MCP request/)
  })

  it('getUpstreamToken() where somebody else signs people in says who has such a token', async () => {
    const { ask } = setUp({ server: () => helloServer(() => getUpstreamToken()) })
    expect((await ask(posting(call('fails')))).words).toContain('Use oauthServer or oauthProxy')
  })
})

describe('a proxy that keeps an answer until it is over', () => {
  /** As nginx does by default, unless the answer asks it not to. */
  const buffering = (target: string, understands: boolean) =>
    onPort(async (req, res) => {
      try {
        const answer = await fetch(target + req.url, posting(await text(req)))
        const passesOn = understands && answer.headers.get('x-accel-buffering') === 'no'
        res.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
        if (!passesOn) return void res.end(Buffer.from(await answer.arrayBuffer()))
        for await (const chunk of answer.body ?? []) res.write(chunk)
        res.end()
      } catch {
        res.destroy()
      }
    })
  const serving = ({ served }: ReturnType<typeof setUp>): RequestListener => {
    const handler = forNode(served)
    return (req, res) => handler(req, res)
  }

  it('is asked not to, and otherwise shows nothing until a call is over, which responses can avoid', async () => {
    const server = await onPort(serving(setUp()))
    const { signal, abort } = abortable()
    const init = { ...posting(call('progress', { _meta: { progressToken: 1 } })), signal }
    const through = await fetch(`${await buffering(server, true)}/mcp`, init)
    const first = await through.body?.getReader().read()
    expect(new TextDecoder().decode(first?.value)).toContain('notifications/progress')
    const stuck = fetch(`${await buffering(server, false)}/mcp`, init)
    let arrived = false
    stuck.then(() => (arrived = true)).catch(() => {})
    const json = await onPort(serving(setUp({ responses: 'json' })))
    const whole = await fetch(`${await buffering(json, false)}/mcp`, posting(call('hello')))
    expect(whole.headers.get('content-type')).toContain('application/json')
    expect(arrived).toBe(false)
    abort()
  })
})

function abortable() {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}

describe('a server does not start', () => {
  const provider = github({ clientId: 'id', clientSecret: 'secret' })
  const secret = 'Vq3x8m0TtS2yYk7sPzR5uWb1cDf4gHj6KlN9oQeXaZA='

  it('issuer is what the process sees behind a proxy that speaks https: it says which address to pass', () => {
    expect(() => oauthProxy({ issuer: 'http://mcp.acme.dev', secret, provider, storage: memory() })).toThrow(
      /^issuer: .*https/,
    )
  })

  it('an authorization server with several resources and no default', () => {
    const as = oauthProxy({
      issuer: 'https://acme.dev',
      secret,
      provider,
      storage: memory(),
      resources: { '/a': {}, '/b': {} },
    })
    expect(() => mcp({ auth: as as never, server: () => helloServer() })).toThrow(
      /Name one of them, as `auth: auth\.at/,
    )
  })
})

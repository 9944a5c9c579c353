import { dangerouslyStaticTokens, resourceServer } from '@drawbridge/core'
import { afterEach, expect, vi } from 'vitest'
import { onEachLine } from './lines.fixture.ts'
import { bearer, call, fakeAuth, resource } from './mcp.fixture.ts'

const tokens = { good: { scopes: ['read'] } }
const NativeResponse = globalThis.Response

afterEach(() => {
  globalThis.Response = NativeResponse
})

onEachLine.with(['GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'HEAD'])(
  '%s without a token is 401 with the challenge',
  async (line, method) => {
    const servers = line.servers()
    for (const sessions of [false, true]) {
      const { fetch } = line.mcp({ auth: fakeAuth(tokens), server: servers.create, sessions })
      // No Accept, no Content-Type and no JSON: none of that may be answered before the missing token.
      const response = await fetch(new Request(resource, { method }))
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer resource_metadata="https:/)
    }
    expect(servers.made()).toBe(0)
  },
)

onEachLine('the body of a request without a token is not read', async (line) => {
  const { fetch } = line.mcp({ auth: fakeAuth(tokens), server: line.servers().create })
  const request = line.post(line.hello)
  expect((await fetch(request)).status).toBe(401)
  expect(request.bodyUsed).toBe(false)
})

onEachLine('a replaced global Response does not let a request without a token through', async (line) => {
  const servers = line.servers()
  const auth = fakeAuth(tokens)
  const { fetch } = line.mcp({ auth, server: servers.create })
  const authenticate = auth.authenticate
  auth.authenticate = async (request, need) => {
    const result = await authenticate(request, need)
    // What a server framework may do at any time: from here on `instanceof Response` is false for the 401.
    globalThis.Response = class OtherResponse extends NativeResponse {}
    return result
  }
  const response = await fetch(line.post(call('echo', { say: 'hello' })))
  expect(response.status).toBe(401)
  expect(servers.calls).toEqual([])
  expect(servers.made()).toBe(0)
})

onEachLine('an Auth that throws lets nobody in', async (line) => {
  const servers = line.servers()
  const auth = fakeAuth(tokens)
  const onError = vi.fn()
  auth.authenticate = async () => {
    throw Object.assign(new Error('redis://10.0.0.7 is down'), { name: 'Unavailable' })
  }
  const { fetch } = line.mcp({ auth, server: servers.create, onError })
  const response = await fetch(line.post(call('echo'), bearer('good')))
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toBe('2')
  expect(await response.text()).not.toContain('redis')
  expect(onError).toHaveBeenCalledOnce()
  expect(servers.made()).toBe(0)
})

onEachLine('OAuth routes are answered, other paths are 404 and name the endpoint', async (line) => {
  const served = line.mcp({ auth: fakeAuth(tokens), server: line.servers().create })
  const metadata = await served.fetch(
    new Request('https://mcp.acme.dev/.well-known/oauth-protected-resource/mcp'),
  )
  expect(await metadata.json()).toEqual({ resource })

  const wrong = new Request('https://mcp.acme.dev/v1/mcp', { method: 'POST' })
  expect(await served.handle(wrong)).toBeUndefined()
  const response = await served.fetch(wrong)
  expect(response.status).toBe(404)
  expect(response.headers.get('content-type')).toBe('application/json')
  const body = await response.json()
  expect(body.error).toBe('not_found')
  expect(body.error_description).toContain(resource)
  expect(body.error_description).toContain('expects it at /mcp and was asked for /v1/mcp')
})

onEachLine('the endpoint is at every path the Auth names, and routes name each path once', async (line) => {
  const auth = fakeAuth(tokens, { resource: 'https://acme.dev/api/mcp' })
  const served = line.mcp({
    auth: {
      ...auth,
      resourcePaths: ['/api/mcp', '/mcp'],
      routes: [...auth.routes, { path: '/mcp', methods: ['OPTIONS'] }],
    },
    server: line.servers().create,
  })
  for (const path of ['/api/mcp', '/mcp']) {
    expect((await served.fetch(new Request(`http://10.0.0.1${path}`, { method: 'POST' }))).status).toBe(401)
  }
  expect(served.routes).toEqual([
    { path: '/.well-known/oauth-protected-resource/mcp', methods: ['GET', 'OPTIONS'] },
    { path: '/mcp', methods: ['OPTIONS', 'GET', 'POST', 'DELETE'] },
    ...['/api/mcp', '/api/mcp/', '/mcp/'].map((path) => ({
      path,
      methods: ['GET', 'POST', 'DELETE', 'OPTIONS'],
    })),
  ])
})

onEachLine('`path` replaces the paths of the Auth', async (line) => {
  const served = line.mcp({ auth: fakeAuth(tokens), server: line.servers().create, path: '/elsewhere' })
  const status = async (path: string) =>
    (await served.fetch(new Request(`http://10.0.0.1${path}`, { method: 'POST' }))).status
  expect([await status('/elsewhere'), await status('/mcp')]).toEqual([401, 404])
})

onEachLine("a Worker's waitUntil reaches the Auth", async (line) => {
  const auth = fakeAuth(tokens)
  const work = Promise.resolve()
  auth.handle = async (_request, context) => {
    context?.waitUntil?.(work)
    return undefined
  }
  const execution = {
    kept: [] as unknown[],
    waitUntil(promise: unknown) {
      this.kept.push(promise)
    },
  }
  await line.mcp({ auth, server: line.servers().create }).fetch(line.post(line.hello), {}, execution)
  expect(execution.kept).toEqual([work])
})

onEachLine('browser clients can read every answer', async (line) => {
  const { fetch } = line.mcp({ auth: fakeAuth(tokens), server: line.servers().create })
  const answers = [
    await fetch(line.post(line.hello)),
    await fetch(line.post(line.hello, bearer('good'))),
    await fetch(line.post(line.hello, { ...bearer('good'), 'content-type': 'text/plain' })),
    await fetch(new Request(resource, { headers: bearer('good') })),
    await fetch(new Request('https://mcp.acme.dev/nowhere')),
  ]
  expect(answers.map(({ status }) => status)).toEqual([401, 200, 415, 405, 404])
  for (const { headers } of answers) {
    expect(headers.get('access-control-allow-origin')).toBe('*')
    expect(headers.get('access-control-expose-headers')).toBe('WWW-Authenticate, Mcp-Session-Id')
  }
})

onEachLine(
  'bad input is 4xx: too large, not JSON, not JSON-RPC, wrong content type, already read',
  async (line) => {
    const onError = vi.fn()
    const { fetch } = line.mcp({
      auth: fakeAuth(tokens),
      server: line.servers().create,
      maxBodyBytes: 1000,
      onError,
    })
    const status = async (request: Request) => (await fetch(request)).status
    const large = JSON.stringify(call('echo', { say: 'x'.repeat(2000) }))
    expect(await status(line.post(large, bearer('good')))).toBe(413)
    expect(await status(line.post(large, { ...bearer('good'), 'content-length': '10' }))).toBe(413)
    expect(await status(line.post('{"jsonrpc":', bearer('good')))).toBe(400)
    expect(await status(line.post('', bearer('good')))).toBe(400)
    expect(await status(line.post('null', bearer('good')))).toBe(400)
    expect(await status(line.post([[call('echo')]], bearer('good')))).toBe(400)
    expect(await status(line.post(line.hello, { ...bearer('good'), 'content-type': 'text/plain' }))).toBe(415)
    const read = line.post(line.hello, bearer('good'))
    await read.text()
    const locked = line.post(line.hello, bearer('good'))
    locked.body?.getReader()
    for (const request of [read, locked]) {
      const response = await fetch(request)
      expect(response.status).toBe(400)
      expect(await response.text()).toContain('before any body parser')
    }
    expect(onError).not.toHaveBeenCalled()
  },
)

onEachLine('the whole request is refused when a body breaks off', async (line) => {
  const { fetch } = line.mcp({ auth: fakeAuth(tokens), server: line.servers().create })
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"jsonrpc"'))
      controller.error(new Error('socket hang up'))
    },
  })
  const request = new Request(resource, {
    method: 'POST',
    body,
    headers: bearer('good'),
    duplex: 'half',
  } as RequestInit)
  expect((await fetch(request)).status).toBe(400)
})

onEachLine('a body that declares itself too large is not waited for', async (line) => {
  const { fetch } = line.mcp({ auth: fakeAuth(tokens), server: line.servers().create, maxBodyBytes: 1000 })
  const endless = new ReadableStream()
  const headers = { ...bearer('good'), 'content-length': '1001' }
  const init = { method: 'POST', headers, body: endless, duplex: 'half' }
  expect((await fetch(new Request(resource, init as RequestInit))).status).toBe(413)
})

onEachLine('a default limit applies to bodies', async (line) => {
  const { fetch } = line.mcp({ auth: fakeAuth(tokens), server: line.servers().create })
  const body = (size: number) => line.post(call('echo', { say: 'x'.repeat(size) }), bearer('good'))
  expect((await fetch(body(3 * 1024 * 1024))).status).toBe(200)
  expect((await fetch(body(4 * 1024 * 1024))).status).toBe(413)
})

onEachLine(
  'with the gate of core: challenge, preflight, scopes and stream, all readable for pages',
  async (line) => {
    const auth = resourceServer({
      resource,
      authorizationServers: ['https://login.acme.dev'],
      verifier: dangerouslyStaticTokens({ ada: { subject: 'ada', scopes: ['read'] } }, { log: false }),
      scopes: { required: ['read'] },
    })
    const servers = line.servers()
    const options = { auth, server: servers.create, require: { tools: { send_mail: ['mail:send'] } } }
    const { fetch } = line.mcp(options)
    const asking = () =>
      new Request(resource, {
        method: 'OPTIONS',
        headers: {
          origin: 'http://localhost:6274',
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization, content-type, mcp-protocol-version',
        },
      })
    const preflight = await fetch(asking())
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-methods')).toBe('POST, OPTIONS')
    const inSessions = await line.mcp({ ...options, sessions: true }).fetch(asking())
    expect(inSessions.headers.get('access-control-allow-methods')).toBe('GET, POST, DELETE, OPTIONS')
    expect(preflight.headers.get('access-control-allow-headers')).toMatch(/Authorization/i)

    const anonymous = await fetch(line.post(line.hello))
    expect(anonymous.status).toBe(401)
    expect(anonymous.headers.get('www-authenticate')).toContain('scope="read"')
    const forbidden = await fetch(line.post(call('send_mail'), bearer('ada')))
    expect(forbidden.status).toBe(403)
    expect(forbidden.headers.get('www-authenticate')).toContain('scope="read mail:send"')
    const answered = await fetch(line.post(call('whoami'), bearer('ada')))
    expect(await answered.text()).toContain('\\"token\\":\\"ada\\"')
    for (const { headers } of [preflight, anonymous, forbidden, answered]) {
      expect(headers.get('access-control-allow-origin')).toBe('*')
    }
    expect(servers.calls).toEqual(['whoami'])
  },
)

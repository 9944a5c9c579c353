import assert from 'node:assert/strict'
import { type AdapterCase, adapterCase, echo, echoed, probe, sendRaw } from './case.ts'

const wellKnown = '/.well-known/oauth-authorization-server'

export const routingCases: AdapterCase[] = [
  adapterCase('answers its own paths and leaves all others to the application', async ({ start }) => {
    const url = await start({ mounted: [probe(echo)] })
    assert.equal((await echoed(fetch(`${url}/token?a=1&a=%20`))).path, '/token?a=1&a=%20')
    assert.equal((await fetch(`${url}/nowhere`)).status, 404)
    const posted = await fetch(`${url}/app`, jsonPost)
    assert.deepEqual(await posted.json(), { body: { hello: 'application' } })
  }),

  adapterCase('leaves escapes in paths and queries as they are', async ({ start }) => {
    const url = await start({ mounted: [probe(echo)] })
    const path = '/token?a=%2526&b=%26c%3D&d=%2B+%C3%BC'
    assert.equal((await echoed(fetch(url + path))).path, path)
    for (const other of ['/tok%65n', '/token%3Fa', '/token%2F', '/%2Ftoken']) {
      assert.equal((await fetch(url + other)).status, 404, other)
    }
  }),

  adapterCase('serves the paths of an issuer with a prefix, mounted at the root', async ({ start }) => {
    const url = await start({ mounted: [probe(echo, '/api')] })
    for (const path of ['/api/mcp', '/api/token', `${wellKnown}/api`]) {
      assert.equal((await echoed(fetch(url + path))).path, path)
    }
    assert.equal((await fetch(`${url}/mcp`)).status, 404)
  }),

  adapterCase('serves the paths of an issuer whose prefix has escapes', async ({ start }) => {
    const url = await start({ mounted: [probe(echo, '/caf%C3%A9%20a')] })
    for (const path of ['/caf%C3%A9%20a/mcp', `${wellKnown}/caf%C3%A9%20a`]) {
      assert.equal((await echoed(fetch(url + path))).path, path)
    }
  }),

  adapterCase('shows the whole path when mounted below that prefix', async ({ start }) => {
    const url = await start({ mounted: [probe(echo, '/api')], below: '/api' })
    assert.equal((await echoed(fetch(`${url}/api/token?x`))).path, '/api/token?x')
    assert.equal((await fetch(`${url}/token`)).status, 404)
    assert.equal((await fetch(`${url}/api/api/token`)).status, 404)
  }),

  adapterCase('mounts several that share paths, and asks them in order', async ({ start }) => {
    const files = probe(() => new Response('files'))
    const mail = probe(() => new Response('mail'))
    const onlyMetadata = { ...files, handle: onlyFor(wellKnown, files.handle) }
    const url = await start({ mounted: [onlyMetadata, mail, mail] })
    assert.equal(await (await fetch(url + wellKnown)).text(), 'files')
    assert.equal(await (await fetch(`${url}/mcp`)).text(), 'mail')
  }),

  adapterCase(
    'tells of all endpoints when nobody answers who looks for one in the wrong place',
    async ({ start }) => {
      const told: string[] = []
      const mounted = ['/files', '/mail'].map((path) => ({
        ...probe(echo, path),
        endpoints: [{ url: `https://acme.test${path}/mcp`, paths: [`${path}/mcp`] }],
        notice: (text: string) => told.push(text),
      }))
      const url = await start({ mounted })
      const headers = { ...jsonPost.headers, accept: 'application/json, text/event-stream' }
      // What an MCP client asks for may well be the application's own.
      assert.equal((await fetch(`${url}/app`, { ...jsonPost, headers })).status, 200)
      assert.equal((await fetch(`${url}/nowhere`)).status, 404)
      assert.deepEqual(told, [])
      const wrong = await fetch(`${url}/mcp`, { method: 'POST' })
      assert.equal(wrong.status, 404)
      await wrong.text()
      await until(() => told.length > 0)
      assert.equal(told.length, 1)
      assert.match(told[0] ?? '', /https:\/\/acme\.test\/files\/mcp and https:\/\/acme\.test\/mail\/mcp/)
    },
  ),

  adapterCase(
    'lets every method through, since a wrong one is for the endpoint to answer',
    async ({ start }) => {
      const url = await start({
        mounted: [
          probe(({ method }) => new Response(null, { status: 405, headers: { 'x-method': method } })),
        ],
      })
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        const response = await fetch(`${url}/mcp`, { method })
        assert.deepEqual([response.status, response.headers.get('x-method')], [405, method])
      }
      const traced = await sendRaw(url, 'TRACE /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
      assert.equal(traced.status, 405)
      assert.match(traced.text, /x-method: TRACE/i)
    },
  ),

  adapterCase('never answers 5xx to a request target or host that is none', async ({ start }) => {
    const url = await start({ mounted: [probe(echo)] })
    const targets = [
      '/token?%E0%A4%A',
      '//evil.example/token',
      '/%zz',
      '/a\\b',
      '*',
      'http://user:pass@evil.example/token',
      '/\xff\xfe',
      '/..//./%2e%2e/token',
    ]
    const hosts = ['localhost', '', '][', 'a b', 'http://x', ':99999', '%00', 'évil\xff']
    for (const target of targets) await expectNoServerError(url, 'GET', target, 'localhost')
    for (const host of hosts) await expectNoServerError(url, 'POST', '/token', host)
  }),

  adapterCase('finds the path of a request in absolute form', async ({ start }) => {
    const url = await start({ mounted: [probe(echo)] })
    const request =
      'GET http://proxied.example/token?x=1 HTTP/1.1\r\nHost: proxied.example\r\nConnection: close\r\n\r\n'
    const { status, text } = await sendRaw(url, request)
    assert.equal(status, 200)
    assert.match(text, /"path":"\/token\?x=1"/)
  }),
]

const jsonPost = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ hello: 'application' }),
}

/** The application is told when its answer has gone, which is later than the client has it. */
async function until(condition: () => boolean): Promise<void> {
  for (let turns = 0; turns < 1000 && !condition(); turns++) await new Promise((done) => setImmediate(done))
}

type Handle = ReturnType<typeof probe>['handle']

function onlyFor(path: string, handle: Handle): Handle {
  return async (request, context) =>
    new URL(request.url).pathname === path ? handle(request, context) : undefined
}

async function expectNoServerError(url: string, method: string, target: string, host: string): Promise<void> {
  const head = `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`
  const { status } = await sendRaw(url, head)
  assert.ok(
    status >= 200 && status < 500,
    `${method} ${target} for the host "${host}" was answered ${status}`,
  )
}

import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import {
  type Auth,
  type AuthInfo,
  dangerouslyStaticTokens,
  resourceServer,
  type ScopeNeed,
} from '@drawbridge/core'
import { fakeAuth } from '../fake-auth.ts'
import { type AdapterCase, adapterCase, type GuardedRoute, meeting, sendRaw } from './case.ts'

const alice = { subject: 'github|1', scopes: ['files:read'], user: { login: 'alice' } }
const asAlice = { headers: { authorization: 'Bearer alice' } }

export const guardCases: AdapterCase[] = [
  adapterCase('lets a good token through, and tells the handler who it is', async ({ start }) => {
    const { guarded, reached } = guardedRoute()
    const url = await start({ guarded })
    const response = await fetch(`${url}/guarded`, { ...asAlice, method: 'POST', body: '{}' })
    assert.deepEqual([response.status, await response.json()], [200, { reached: 'github|1' }])
    assert.equal(reached[0]?.token, 'alice')
    assert.equal(reached[0]?.extra.subject, 'github|1')
    assert.deepEqual(reached[0]?.extra.user, alice.user)
  }),

  adapterCase('stops every method without a good token, and passes the challenge on', async ({ start }) => {
    const { guarded, reached } = guardedRoute()
    const url = await start({ guarded })
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      for (const headers of [{}, { authorization: 'Bearer mallory' }, { authorization: 'Basic YTpi' }]) {
        const response = await fetch(`${url}/guarded`, { method, headers })
        assert.equal(response.status, 401)
        assert.match(response.headers.get('www-authenticate') ?? '', /resource_metadata="/)
        assert.equal(response.headers.get('x-app'), 'yes')
      }
    }
    const traced = await sendRaw(url, 'TRACE /guarded HTTP/1.1\r\nHost: ][\r\nConnection: close\r\n\r\n')
    assert.ok(traced.status >= 400 && traced.status < 500, `TRACE was answered ${traced.status}`)
    assert.deepEqual(reached, [])
  }),

  adapterCase('answers a preflight without asking the handler', async ({ start }) => {
    const { guarded, reached } = guardedRoute()
    const url = await start({ guarded })
    assert.equal((await fetch(`${url}/guarded`, { method: 'OPTIONS' })).status, 204)
    assert.deepEqual(reached, [])
  }),

  adapterCase('answers a preflight as fits the route and not the MCP endpoint', async ({ start }) => {
    const { guarded, reached } = guardedRoute(realGate())
    const url = await start({ guarded })
    for (const method of ['PUT', 'PATCH', 'GET']) {
      const answer = await fetch(`${url}/guarded`, {
        method: 'OPTIONS',
        headers: {
          origin: 'https://app.example',
          'access-control-request-method': method,
          'access-control-request-headers': 'authorization, if-match, x-request-id',
        },
      })
      assert.equal(answer.status, 204)
      assert.equal(answer.headers.get('access-control-allow-methods'), `${method}, OPTIONS`)
      const headers = answer.headers.get('access-control-allow-headers')?.toLowerCase().split(', ')
      assert.deepEqual(headers?.sort(), ['authorization', 'if-match', 'x-request-id'])
      assert.equal(answer.headers.get('access-control-allow-origin'), '*')
      assert.equal(answer.headers.get('access-control-allow-credentials'), null)
    }
    assert.deepEqual(reached, [])
  }),

  adapterCase('asks for the scopes of the route', async ({ start }) => {
    const needs: unknown[] = []
    const auth = { ...guardedRoute().guarded.auth }
    const { authenticate } = auth
    auth.authenticate = (request, need?: ScopeNeed) => {
      needs.push(need?.scopes)
      return authenticate(request, need)
    }
    const { guarded, reached } = guardedRoute(auth)
    const allowed = await start({ guarded: { ...guarded, scopes: ['files:read'] } })
    assert.equal((await fetch(`${allowed}/guarded`, asAlice)).status, 200)
    const refused = await start({ guarded: { ...guarded, scopes: ['files:read', 'files:write'] } })
    const response = await fetch(`${refused}/guarded`, asAlice)
    assert.equal(response.status, 403)
    assert.match(
      response.headers.get('www-authenticate') ?? '',
      /insufficient_scope.*scope="files:read files:write"/,
    )
    assert.equal(reached.length, 1)
    assert.deepEqual(needs, [['files:read'], ['files:read', 'files:write']])
  }),

  adapterCase('does not reach the handler when the check itself fails', async ({ start }) => {
    const auth = { ...guardedRoute().guarded.auth }
    auth.authenticate = async () => {
      throw new Error('out of order')
    }
    const { guarded, reached } = guardedRoute(auth)
    const url = await start({ guarded })
    const response = await fetch(`${url}/guarded`, asAlice)
    assert.deepEqual([response.status, await response.text()], [500, 'application: out of order'])
    assert.deepEqual(reached, [])
  }),

  adapterCase('does not take what was thrown for leave to go on, whatever it is', async ({ start }) => {
    // Words and nothing, in which frameworks see "go on".
    for (const thrown of [undefined, null, false, 0, '', 'route', 'router']) {
      const auth = { ...guardedRoute().guarded.auth, authenticate: () => Promise.reject(thrown) }
      const { guarded, reached } = guardedRoute(auth)
      const url = await start({ guarded })
      assert.equal((await fetch(`${url}/guarded`, asAlice)).status, 500, `thrown: ${thrown}`)
      assert.deepEqual(reached, [])
    }
  }),

  adapterCase('tells two requests apart that are under way together', async ({ start }) => {
    const users = { alice, bob: { subject: 'github|2', user: { login: 'bob' } } }
    const both = meeting(2)
    const seen: unknown[] = []
    const handler: GuardedRoute['handler'] = async (read) => {
      await both()
      seen.push(read()?.token)
      return read()?.extra.subject
    }
    const url = await start({ guarded: { auth: fakeAuth({ users }), handler } })
    const ask = async (token: string) => {
      const response = await fetch(`${url}/guarded`, { headers: { authorization: `Bearer ${token}` } })
      return response.json()
    }
    const answers = await Promise.all([ask('alice'), ask('bob')])
    assert.deepEqual(answers, [{ reached: 'github|1' }, { reached: 'github|2' }])
    assert.deepEqual(seen.sort(), ['alice', 'bob'])
    // Nor does one that comes later, on the same connection, inherit anything.
    assert.equal((await fetch(`${url}/guarded`)).status, 401)
    assert.equal(seen.length, 2)
  }),

  adapterCase('hands over what a request is judged by', async ({ start }) => {
    const judged: string[] = []
    const auth = { ...guardedRoute().guarded.auth }
    const { authenticate } = auth
    auth.authenticate = (request, need?: ScopeNeed) => {
      const { pathname, search } = new URL(request.url)
      judged.push(`${request.method} ${pathname}${search} ${request.headers.get('authorization')}`)
      return authenticate(request, need)
    }
    const url = await start({ guarded: guardedRoute(auth).guarded })
    for (const method of ['GET', 'POST', 'DELETE']) {
      await (await fetch(`${url}/guarded?a=%2526&b`, { ...asAlice, method })).text()
    }
    assert.deepEqual(
      judged,
      ['GET', 'POST', 'DELETE'].map((method) => `${method} /guarded?a=%2526&b Bearer alice`),
    )
  }),

  adapterCase('sends a refusal as whole as any other answer', async ({ start }) => {
    const auth = { ...guardedRoute().guarded.auth }
    auth.authenticate = async () => {
      const headers = new Headers({ 'retry-after': '7', 'content-type': 'application/json' })
      headers.append('set-cookie', 'a=1')
      headers.append('set-cookie', 'b=2')
      const response = new Response('{"error":"later"}', { status: 503, headers })
      return { ok: false, response, credentials: 'unchecked' }
    }
    const url = await start({ guarded: guardedRoute(auth).guarded })
    const response = await fetch(`${url}/guarded`, asAlice)
    assert.deepEqual([response.status, await response.text()], [503, '{"error":"later"}'])
    assert.deepEqual(response.headers.getSetCookie().sort(), ['a=1', 'app=1', 'b=2'])
    for (const [name, value] of [
      ['retry-after', '7'],
      ['content-type', 'application/json'],
      ['x-app', 'yes'],
    ] as const) {
      assert.equal(response.headers.get(name), value)
    }
  }),

  adapterCase(
    'stays shut when the global Response is not the one refusals are made of',
    async ({ start }) => {
      const { guarded, reached } = guardedRoute()
      const url = await start({ guarded })
      const original = Object.getOwnPropertyDescriptor(globalThis, 'Response')
      const { Response: Original } = globalThis
      assert.ok(original)
      // Nothing is an instance of this one, not even what it makes itself.
      class Swapped extends Original {
        static override [Symbol.hasInstance]() {
          return false
        }
      }
      try {
        Object.defineProperty(globalThis, 'Response', { ...original, value: Swapped })
        assert.equal(await statusOf(`${url}/guarded`), 401)
      } finally {
        Object.defineProperty(globalThis, 'Response', original)
      }
      assert.deepEqual(reached, [])
    },
  ),
]

function guardedRoute(auth: Auth = fakeAuth({ users: { alice } })) {
  const reached: (AuthInfo | undefined)[] = []
  const handler: GuardedRoute['handler'] = async (read) => {
    reached.push(read())
    return read()?.extra.subject
  }
  return { reached, guarded: { auth, handler } }
}

/** What `fakeAuth` does not do: headers for browsers. */
function realGate(): Auth {
  return resourceServer({
    resource: 'http://localhost/mcp',
    authorizationServers: ['http://localhost'],
    verifier: dangerouslyStaticTokens({ alice: { subject: alice.subject } }, { log: false }),
  })
}

/** Not with `fetch`, which is made of the same globals. */
function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    request.on('error', reject).end()
  })
}

import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { expect, test, vi } from 'vitest'
import * as root from './index.ts'
import { mcp } from './index.ts'
import {
  bearer,
  call,
  connected,
  countingServers,
  fakeAuth,
  initialize,
  post,
  resource,
  toolText,
  until,
} from './mcp.fixture.ts'
import * as v1 from './v1.ts'

const tokens = { good: {} }

test.each(['sse', 'json'] as const)('the official client works without sessions (%s)', async (responses) => {
  const servers = countingServers()
  const served = mcp({ auth: fakeAuth(tokens), server: servers.create, responses })
  const { client, transport } = await connected(served, 'good')
  expect(transport.sessionId).toBeUndefined()
  expect((await client.listTools()).tools.map(({ name }) => name)).toContain('echo')
  expect(await toolText(client, 'echo', { say: 'hello' })).toBe('hello')
  await client.close()
  // A server for each of: initialize, initialized, tools/list, tools/call. The GET is 405.
  expect(servers.made()).toBe(4)
  await until(() => servers.closed() === 4)

  const { headers } = await served.fetch(post(initialize, bearer('good')))
  expect(headers.get('content-type')).toBe(responses === 'json' ? 'application/json' : 'text/event-stream')
})

test('without a token the client never gets to a server', async () => {
  const servers = countingServers()
  await expect(connected(mcp({ auth: fakeAuth(tokens), server: servers.create }), 'bad')).rejects.toThrow()
  expect(servers.made()).toBe(0)
})

test('refused requests close their server too', async () => {
  const servers = countingServers()
  const { fetch } = mcp({ auth: fakeAuth(tokens), server: servers.create })
  await fetch(post(initialize, { ...bearer('good'), accept: 'text/html' }))
  await fetch(post('{}', bearer('good')))
  await fetch(post({ jsonrpc: '2.0', method: 'notifications/initialized' }, bearer('good')))
  expect(servers.made()).toBe(3)
  await until(() => servers.closed() === 3)
})

test('a client that stops reading stops the tool and closes the server', async () => {
  const servers = countingServers()
  const { fetch } = mcp({ auth: fakeAuth(tokens), server: servers.create })
  const response = await fetch(post(call('wait'), bearer('good')))
  await until(() => servers.calls.includes('wait'))
  expect(servers.closed()).toBe(0)
  await response.body?.cancel()
  await until(() => servers.closed() === 1)
  expect(servers.aborted()).toBe(1)
})

test.each(['sse', 'json'] as const)('so does one whose request is aborted (%s)', async (responses) => {
  const servers = countingServers()
  const { fetch } = mcp({ auth: fakeAuth(tokens), server: servers.create, responses })
  const gone = new AbortController()
  const answer = fetch(new Request(post(call('wait'), bearer('good')), { signal: gone.signal }))
  await until(() => servers.calls.includes('wait'))
  gone.abort()
  await (await answer).text()
  expect(servers.closed()).toBe(1)
  expect(servers.aborted()).toBe(1)
})

test.each(['sse', 'json'] as const)(
  'a client that left while its server was built leaves none behind (%s)',
  async (responses) => {
    const servers = countingServers()
    const gone = new AbortController()
    const server = async () => {
      gone.abort()
      return servers.create()
    }
    const { fetch } = mcp({ auth: fakeAuth(tokens), server, responses })
    const response = await fetch(new Request(post(call('wait'), bearer('good')), { signal: gone.signal }))
    await response.text()
    await until(() => servers.closed() === 1)
  },
)

test.each(['sse', 'json'] as const)('close() ends what is still running (%s)', async (responses) => {
  const servers = countingServers()
  const served = mcp({ auth: fakeAuth(tokens), server: servers.create, responses })
  const answer = served.fetch(post(call('wait'), bearer('good')))
  await until(() => servers.calls.includes('wait'))
  await served.close()
  await (await answer).text()
  expect(servers.closed()).toBe(1)
})

test('mistakes in the factory are named, to the developer and to the caller', async () => {
  const shared = new McpServer({ name: 'shared', version: '1.0.0' })
  const mistakes: [() => unknown, RegExp][] = [
    [() => shared, /server: returned the same McpServer twice\. Build it inside the function/],
    [() => undefined, /server: returned undefined and not an McpServer.*`return`/],
    [() => ({ name: 'not a server' }), /server: returned object and not an McpServer/],
  ]
  for (const [server, message] of mistakes) {
    const onError = vi.fn()
    const { fetch } = mcp({ auth: fakeAuth(tokens), server: server as () => McpServer, onError })
    await fetch(post(initialize, bearer('good')))
    const response = await fetch(post(initialize, bearer('good')))
    expect(response.status).toBe(500)
    expect((await response.json()).error.message).toMatch(message)
    expect(onError.mock.lastCall?.[0].message).toMatch(message)
  }
  expect(() => mcp({ auth: fakeAuth(tokens), server: shared as never })).toThrow(/server: is not a function/)
  expect(() => mcp({ auth: undefined as never, server: () => shared })).toThrow(/auth: is not an Auth/)
  expect(() => mcp({ auth: fakeAuth(tokens), server: () => shared, path: 'mcp' })).toThrow(/path: "mcp"/)
  expect(() => mcp({ auth: fakeAuth(tokens), server: () => shared, maxBodyBytes: 0 })).toThrow(
    'maxBodyBytes: is 0. ',
  )
})

test('what a factory throws stays here', async () => {
  const onError = vi.fn()
  const failure = new Error('password of the database is hunter2')
  const server = () => {
    throw failure
  }
  const response = await mcp({ auth: fakeAuth(tokens), server, onError }).fetch(
    post(initialize, bearer('good')),
  )
  expect(response.status).toBe(500)
  expect(response.headers.get('access-control-allow-origin')).toBe('*')
  expect(await response.text()).not.toContain('hunter2')
  expect(onError).toHaveBeenCalledExactlyOnceWith(failure)
})

test('a listener for faults that fails itself changes nothing', async () => {
  const server = () => {
    throw new Error('factory')
  }
  const onError = () => {
    throw new Error('listener')
  }
  const { fetch } = mcp({ auth: fakeAuth(tokens), server, onError })
  expect((await fetch(post(initialize, bearer('good')))).status).toBe(500)
})

test('a server that cannot be closed is reported once, and its answer still sent', async () => {
  const onError = vi.fn()
  const server = () => {
    const made = countingServers().create()
    const { close } = made
    made.close = async () => {
      await close.call(made)
      throw new Error('stuck')
    }
    return made
  }
  const { fetch } = mcp({ auth: fakeAuth(tokens), server, onError, responses: 'json' })
  const response = await fetch(post(initialize, bearer('good')))
  expect(await response.text()).toContain('"serverInfo"')
  await until(() => onError.mock.calls.length === 1)

  const gone = new AbortController()
  const answer = fetch(new Request(post(call('wait'), bearer('good')), { signal: gone.signal }))
  await new Promise((resolve) => setImmediate(resolve))
  gone.abort()
  await answer
  await new Promise((resolve) => setImmediate(resolve))
  expect(onError).toHaveBeenCalledTimes(2)
})

test('GET is 405 without sessions, since nothing would ever be sent on it', async () => {
  const { fetch } = mcp({ auth: fakeAuth(tokens), server: countingServers().create })
  const response = await fetch(
    new Request(resource, { headers: { ...bearer('good'), accept: 'text/event-stream' } }),
  )
  expect(response.status).toBe(405)
  expect(response.headers.get('allow')).toBe('POST')
})

test('the package is the v1 line', () => {
  expect(Object.keys(root).sort()).toEqual(Object.keys(v1).sort())
  expect(root.mcp).toBe(v1.mcp)
})

import { expect, vi } from 'vitest'
import { onEachLine } from './lines.fixture.ts'
import { bearer, call, fakeAuth, manualClock, resource, toolText, until } from './mcp.fixture.ts'

const tokens = { good: {} }
const onEachWay = onEachLine.with(['sse', 'json'])

onEachWay('the official client works without sessions: %s', async (line, responses) => {
  const { mcp, connected } = line
  const servers = line.servers()
  const served = mcp({ auth: fakeAuth(tokens), server: servers.create, responses })
  let posts = 0
  const counted = {
    fetch(request: Request) {
      if (request.method === 'POST') posts++
      return served.fetch(request)
    },
  }
  const { client, sessionId } = await connected(counted, 'good')
  expect(sessionId()).toBeUndefined()
  expect((await client.listTools()).tools.map(({ name }) => name)).toContain('echo')
  expect(await toolText(client, 'echo', { say: 'hello' })).toBe('hello')
  await client.close()
  // A server for each of: initialize, initialized (or server/discover), tools/list, tools/call. The GET is 405.
  expect(posts).toBe(line.hasSessions ? 4 : 3)
  expect(servers.made()).toBe(posts)
  await until(() => servers.closed() === posts)

  const { headers } = await served.fetch(line.post(line.hello, bearer('good')))
  expect(headers.get('content-type')).toBe(responses === 'json' ? 'application/json' : 'text/event-stream')
})

onEachLine('without a token the client never gets to a server', async ({ mcp, servers, connected }) => {
  const { create, made } = servers()
  await expect(connected(mcp({ auth: fakeAuth(tokens), server: create }), 'bad')).rejects.toThrow()
  expect(made()).toBe(0)
})

onEachLine('refused requests close their server too', async (line) => {
  const servers = line.servers()
  const { fetch } = line.mcp({ auth: fakeAuth(tokens), server: servers.create })
  for (const request of [
    line.post(line.hello, { ...bearer('good'), accept: 'text/html' }),
    line.post('{}', bearer('good')),
    line.post({ jsonrpc: '2.0', method: 'notifications/initialized' }, bearer('good')),
    line.post({ ...call('echo'), method: 'tools/unheard-of' }, bearer('good')),
  ]) {
    await (await fetch(request)).text()
  }
  expect(servers.made()).toBeGreaterThan(0)
  await until(() => servers.closed() === servers.made())
})

onEachLine('a client that stops reading stops the tool and closes the server', async (line) => {
  const servers = line.servers()
  const clock = manualClock()
  const { fetch } = line.mcp({ auth: fakeAuth(tokens), server: servers.create, responses: 'sse', clock })
  const answer = fetch(line.post(call('wait'), bearer('good')))
  await until(() => servers.calls.includes('wait'))
  expect(servers.closed()).toBe(0)
  await clock.advance(1)
  await (await answer).body?.cancel()
  await until(() => servers.closed() === 1)
  expect(servers.aborted()).toBe(1)
})

onEachWay('so does one whose request is aborted: %s', async (line, responses) => {
  const servers = line.servers()
  const { fetch } = line.mcp({ auth: fakeAuth(tokens), server: servers.create, responses })
  const gone = new AbortController()
  const answer = fetch(new Request(line.post(call('wait'), bearer('good')), { signal: gone.signal }))
  await until(() => servers.calls.includes('wait'))
  gone.abort()
  await (await answer).text()
  expect(servers.closed()).toBe(1)
  expect(servers.aborted()).toBe(1)
})

onEachWay('a client that left while its server was built leaves none behind: %s', async (line, responses) => {
  const servers = line.servers()
  const gone = new AbortController()
  const server = async () => {
    gone.abort()
    return servers.create()
  }
  const { fetch } = line.mcp({ auth: fakeAuth(tokens), server, responses })
  const response = await fetch(new Request(line.post(call('wait'), bearer('good')), { signal: gone.signal }))
  await response.text()
  await until(() => servers.closed() === 1)
})

onEachWay('close() ends what is still running: %s', async (line, responses) => {
  const servers = line.servers()
  const served = line.mcp({ auth: fakeAuth(tokens), server: servers.create, responses })
  const answer = served.fetch(line.post(call('wait'), bearer('good')))
  await until(() => servers.calls.includes('wait'))
  await served.close()
  await (await answer).text()
  expect(servers.closed()).toBe(1)
})

onEachLine('mistakes in the factory are named, to the developer and to the caller', async (line) => {
  const { mcp } = line
  const shared = line.servers().create()
  const mistakes: [() => unknown, RegExp][] = [
    [() => shared, /server: returned the same McpServer twice\. Build it inside the function/],
    [() => undefined, /server: returned undefined and not an McpServer.*`return`/],
    [() => ({ name: 'not a server' }), /server: returned object and not an McpServer/],
  ]
  for (const [server, message] of mistakes) {
    const onError = vi.fn()
    const { fetch } = mcp({ auth: fakeAuth(tokens), server: server as () => typeof shared, onError })
    await fetch(line.post(line.hello, bearer('good')))
    const response = await fetch(line.post(line.hello, bearer('good')))
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

onEachLine('what a factory throws stays here', async (line) => {
  const onError = vi.fn()
  const failure = new Error('password of the database is hunter2')
  const server = () => {
    throw failure
  }
  const response = await line
    .mcp({ auth: fakeAuth(tokens), server, onError })
    .fetch(line.post(line.hello, bearer('good')))
  expect(response.status).toBe(500)
  expect(response.headers.get('access-control-allow-origin')).toBe('*')
  expect(await response.text()).not.toContain('hunter2')
  expect(onError).toHaveBeenCalledExactlyOnceWith(failure)
})

onEachLine('mistakes of clients are no faults of ours', async (line) => {
  const onError = vi.fn()
  const { fetch } = line.mcp({ auth: fakeAuth(tokens), server: line.servers().create, onError })
  const unfit = [
    line.post(line.hello, { ...bearer('good'), accept: 'text/html' }),
    line.post(line.hello, { ...bearer('good'), 'content-type': 'text/plain' }),
    line.post(line.hello, { ...bearer('good'), 'mcp-protocol-version': '1900-01-01' }),
    line.post(line.hello, { ...bearer('good'), 'mcp-method': 'tools/list' }),
    line.post({ ...call('echo'), params: { name: 7 } }, bearer('good')),
    line.post({ ...call('echo'), params: { name: 'nobody' } }, bearer('good')),
    line.post({ ...call('echo'), params: { name: 'echo', arguments: { say: 1 } } }, bearer('good')),
    line.post({ ...call('echo'), method: 'unheard/of' }, bearer('good')),
    line.post({ jsonrpc: '1.0' }, bearer('good')),
    line.post([], bearer('good')),
    line.post('{', bearer('good')),
    new Request(resource, { headers: bearer('good') }),
  ]
  for (const request of unfit) {
    const response = await fetch(request)
    expect(response.status).toBeLessThan(500)
    await response.text()
  }
  expect(onError.mock.calls).toEqual([])
})

onEachLine('a listener for faults that fails itself changes nothing', async (line) => {
  const server = () => {
    throw new Error('factory')
  }
  const onError = () => {
    throw new Error('listener')
  }
  const { fetch } = line.mcp({ auth: fakeAuth(tokens), server, onError })
  expect((await fetch(line.post(line.hello, bearer('good')))).status).toBe(500)
})

onEachLine('a server that cannot be closed is reported once, and its answer still sent', async (line) => {
  const onError = vi.fn()
  const servers = line.servers()
  const server = () => {
    const made = servers.create()
    const { close } = made
    made.close = async () => {
      await close.call(made)
      throw new Error('stuck')
    }
    return made
  }
  const { fetch } = line.mcp({ auth: fakeAuth(tokens), server, onError, responses: 'json' })
  const response = await fetch(line.post(line.hello, bearer('good')))
  expect(await response.text()).toContain('"name":"fixture"')
  await until(() => onError.mock.calls.length === 1)

  const gone = new AbortController()
  const answer = fetch(new Request(line.post(call('wait'), bearer('good')), { signal: gone.signal }))
  await until(() => servers.calls.includes('wait'))
  gone.abort()
  await answer
  await new Promise((resolve) => setImmediate(resolve))
  expect(onError).toHaveBeenCalledTimes(2)
})

onEachLine(
  'GET is 405 without sessions, since nothing would ever be sent on it',
  async ({ mcp, servers }) => {
    const { fetch } = mcp({ auth: fakeAuth(tokens), server: servers().create })
    const response = await fetch(
      new Request(resource, { headers: { ...bearer('good'), accept: 'text/event-stream' } }),
    )
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('POST')
  },
)

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { drawbridge } from '@drawbridge/node'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterEach, expect, test } from 'vitest'
import { type EndpointOptions, mcp } from './index.ts'
import { bearer, call, countingServers, fakeAuth, post, toolText, until } from './mcp.fixture.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** `mcp()` on a real port of this machine. */
async function listening(options: Partial<EndpointOptions> = {}) {
  const servers = countingServers()
  const node = createServer()
  await new Promise<void>((resolve) => node.listen(0, '127.0.0.1', resolve))
  const url = new URL(`http://127.0.0.1:${(node.address() as AddressInfo).port}/mcp`)
  const served = mcp({
    ...options,
    auth: fakeAuth({ good: {} }, { resource: url.href }),
    server: servers.create,
  })
  node.on('request', drawbridge(served))
  closing.push(() => {
    node.close()
    node.closeAllConnections()
  })
  return { url, servers, served }
}

test.each([
  { sessions: false, responses: 'sse' },
  { sessions: false, responses: 'json' },
  { sessions: true, responses: 'sse' },
  { sessions: true, responses: 'json' },
] as const)('the official client over HTTP: %o', async (options) => {
  const { url, servers } = await listening(options)
  const client = new Client({ name: 'test', version: '1.0.0' })
  const transport = new StreamableHTTPClientTransport(url, { requestInit: { headers: bearer('good') } })
  await client.connect(transport as Parameters<Client['connect']>[0])
  const answers = await Promise.all(['a', 'b', 'c'].map((say) => toolText(client, 'echo', { say })))
  expect(answers).toEqual(['a', 'b', 'c'])
  await transport.terminateSession()
  await client.close()
  expect(servers.made()).toBe(options.sessions ? 1 : 5)
  await until(() => servers.closed() === servers.made())
})

test('a progress notification arrives before the answer', async () => {
  const { url } = await listening()
  const client = new Client({ name: 'test', version: '1.0.0' })
  const transport = new StreamableHTTPClientTransport(url, { requestInit: { headers: bearer('good') } })
  await client.connect(transport as Parameters<Client['connect']>[0])
  const seen: unknown[] = []
  const result = await client.callTool({ name: 'steps' }, undefined, {
    onprogress: ({ progress }) => seen.push(progress),
  })
  expect(seen).toEqual([1, 2])
  expect(result.content).toEqual([{ type: 'text', text: 'done' }])
  await client.close()
})

test.each(['sse', 'json'] as const)('a client that hangs up closes its server (%s)', async (responses) => {
  const { url, servers } = await listening({ responses })
  const gone = new AbortController()
  const answer = fetch(post(call('wait'), bearer('good'), url.href), { signal: gone.signal })
  answer.then((response) => response.text()).catch(() => {})
  await until(() => servers.calls.includes('wait'))
  gone.abort()
  await until(() => servers.closed() === 1)
  expect(servers.aborted()).toBe(1)
})

test('a rebound name does not get through to a server on loopback', async () => {
  const { url, servers } = await listening()
  const request = post(
    call('echo', { say: 'x' }),
    { ...bearer('good'), origin: 'http://evil.example' },
    url.href,
  )
  expect((await fetch(request)).status).toBe(403)
  expect(servers.made()).toBe(0)
})

import { expect, test } from 'vitest'
import { flawOf } from './flaw.ts'
import { mcp } from './index.ts'
import { bearer, countingServers, fakeAuth, post } from './mcp.fixture.ts'

// Of the 4 MiB that are let in by default, the first comes to 71 s without an answer to anybody else, 3.7 GB of memory and
// an answer of 511 MB. Here it is a fortieth of that.
const ones = Array<number>(50_000).fill(1)
const messages: Record<string, object> = {
  icons: { capabilities: {}, clientInfo: { name: 'a', version: '1', icons: ones } },
  experimental: { capabilities: { experimental: { ...ones } }, clientInfo: { name: 'a', version: '1' } },
}

test.each(Object.keys(messages))(
  'no request is answered at a hundred times its length (%s)',
  async (name) => {
    const { fetch } = mcp({ auth: fakeAuth({ reader: { scopes: [] } }), server: countingServers().create })
    const params = { protocolVersion: '2025-06-18', ...messages[name] }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })
    const response = await fetch(new Request(post('', bearer('reader')), { body, method: 'POST' }))
    const { length } = await response.text()
    expect(length).toBeLessThan(body.length)
  },
)

test('an error of the server about a thousand values is cut', async () => {
  const { fetch } = mcp({ auth: fakeAuth({ reader: { scopes: [] } }), server: countingServers().create })
  const clientInfo = { name: 'a', version: '1', icons: ones.slice(0, 1000) }
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })
  const response = await fetch(new Request(post('', bearer('reader')), { body, method: 'POST' }))
  const text = await response.text()
  expect(text).toContain('"error"')
  expect(text.length).toBeLessThan(5000)
})

test.each([
  ['5,001 values', { clientInfo: ones.slice(0, 5001) }, true],
  ['a list of 90,000 for a tool', { name: 'echo', arguments: { list: Array(90_000).fill(1) } }, false],
  ['one of more than 100,000', { name: 'echo', arguments: { list: Array(100_001).fill(1) } }, true],
])('of %s', (_, params, isRefused) => {
  const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params }
  expect(flawOf(message) !== undefined).toBe(isRefused)
})

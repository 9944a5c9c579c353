import { expect, test } from 'vitest'
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

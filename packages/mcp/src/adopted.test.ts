import { createRequire } from 'node:module'
import { McpServer, requireScopes, Server } from '@modelcontextprotocol/server'
import { expect, test } from 'vitest'
import { lines } from './lines.fixture.ts'
import { bearer, call, fakeAuth } from './mcp.fixture.ts'

/** What CommonJS gets: the same classes, once more. */
const required = createRequire(import.meta.url)('@modelcontextprotocol/server') as {
  McpServer: typeof McpServer
}

const tokens = { reader: { scopes: ['read'] }, writer: { scopes: ['read', 'write'] } }

for (const line of lines.filter(({ name }) => name.startsWith('v2'))) {
  test.each([
    ['import', McpServer],
    ['require', required.McpServer],
  ])(`servers of %s are served (${line.name})`, async (_, McpServer) => {
    const server = () => {
      const made = new McpServer({ name: 'either', version: '1.0.0' })
      made.registerTool('hello', {}, () => ({ content: [{ type: 'text', text: 'hi' }] }))
      const scopeChallenge = requireScopes('write')
      made.registerTool('write', { scopeChallenge }, () => ({ content: [{ type: 'text', text: 'written' }] }))
      return made
    }
    const { fetch } = line.mcp({ auth: fakeAuth(tokens), server: server as never })
    const ask = async (tool: string, token: string) => {
      const response = await fetch(line.post(call(tool), bearer(token)))
      return { status: response.status, headers: response.headers, text: await response.text() }
    }
    expect(await ask('hello', 'reader')).toMatchObject({ status: 200, text: expect.stringContaining('"hi"') })
    const refused = await ask('write', 'reader')
    expect(refused.status).toBe(403)
    expect(refused.headers.get('www-authenticate')).toContain('scope="write"')
    expect((await ask('write', 'writer')).text).toContain('written')
  })

  test(`the server inside is served, too (${line.name})`, async () => {
    expect(required.McpServer).not.toBe(McpServer)
    const server = () => {
      const made = new Server({ name: 'inner', version: '1.0.0' }, { capabilities: { tools: {} } })
      made.setRequestHandler('tools/call', () => ({ content: [{ type: 'text', text: 'from inside' }] }))
      return made
    }
    const { fetch } = line.mcp({ auth: fakeAuth(tokens), server: server as never })
    expect(await (await fetch(line.post(call('any'), bearer('reader')))).text()).toContain('from inside')
  })
}

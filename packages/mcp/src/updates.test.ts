import { McpServer as ServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { McpServer } from '@modelcontextprotocol/server'
import { expect, test } from 'vitest'
import { bearer, fakeAuth, initialize, post, resource, until } from './mcp.fixture.ts'
import * as v1 from './v1.ts'
import * as v2 from './v2.ts'

const tokens = {
  ada: { subject: 'ada', roles: ['staff'] },
  bob: { subject: 'bob' },
}
const require = {
  resources: {
    'vault://{id}': { roles: ['staff'] },
    // Hidden from all lists, and bob's own may be used by him.
    'mail://{name}': ({ extra }: { extra: { subject: string } }, args?: { variables: object }) =>
      args !== undefined && 'name' in args.variables && args.variables.name === extra.subject,
  },
}
const capabilities = { resources: { subscribe: true } }
const info = { name: 'updates', version: '1.0.0' }

type Updating = { server: { sendResourceUpdated(params: { uri: string }): Promise<void> } }

function served(line: string, servers: Updating[]) {
  const auth = fakeAuth(tokens)
  const added = <Server extends Updating>(server: Server) => {
    servers.push(server)
    return server
  }
  if (line === 'v1') {
    return v1.mcp({
      auth,
      require,
      sessions: true,
      server: () => added(new ServerV1(info, { capabilities })),
    })
  }
  return v2.mcp({ auth, require, sessions: true, server: () => added(new McpServer(info, { capabilities })) })
}

// Authors tell all sessions, and the SDKs do not know who subscribed.
test.each(['v1', 'v2'])('nobody hears of a resource that is hidden from them (SDK %s)', async (line) => {
  const servers: Updating[] = []
  const { fetch, close } = served(line, servers)
  const heard = { ada: '', bob: '' }
  for (const name of ['ada', 'bob'] as const) {
    const begun = await fetch(post(initialize, bearer(name)))
    const id = begun.headers.get('mcp-session-id') ?? ''
    await begun.text()
    const headers = { ...bearer(name), accept: 'text/event-stream', 'mcp-session-id': id }
    const { body } = await fetch(new Request(resource, { headers }))
    void body?.pipeThrough(new TextDecoderStream()).pipeTo(
      new WritableStream({
        write(chunk) {
          heard[name] += chunk
        },
      }),
    )
  }
  for (const uri of ['vault://7', 'mail://ada', 'mail://bob', 'notes://open']) {
    for (const { server } of servers) await server.sendResourceUpdated({ uri })
  }
  await until(() => heard.ada.includes('notes://open') && heard.bob.includes('notes://open'))
  const uris = (text: string) => [...text.matchAll(/"uri":"([^"]+)"/g)].map(([, uri]) => uri)
  expect(uris(heard.ada)).toEqual(['vault://7', 'mail://ada', 'notes://open'])
  expect(uris(heard.bob)).toEqual(['mail://bob', 'notes://open'])
  await close()
})

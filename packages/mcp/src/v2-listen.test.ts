import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { InMemoryServerEventBus, McpServer } from '@modelcontextprotocol/server'
import { expect, test } from 'vitest'
import { bearer, fakeAuth, manualClock, resource, type Token, until } from './mcp.fixture.ts'
import { type McpV2, mcp, type V2Options } from './v2.ts'

function createServer() {
  const capabilities = { tools: { listChanged: true }, resources: { listChanged: true, subscribe: true } }
  return new McpServer({ name: 'changing', version: '1.0.0' }, { capabilities })
}

function served(tokens: Record<string, Token> = { alice: { subject: 'alice' } }, options: V2Options = {}) {
  const clock = manualClock()
  const auth = fakeAuth(tokens)
  return { clock, auth, ...mcp({ auth, server: createServer, clock, ...options }) }
}

/** An official client that listens, and what it heard. */
async function listening(
  { fetch }: Pick<McpV2, 'fetch'>,
  filter: Parameters<Client['listen']>[0],
  token = 'alice',
) {
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } })
  const transport = new StreamableHTTPClientTransport(new URL(resource), {
    fetch: (url, init) => fetch(new Request(url, init)),
    requestInit: { headers: bearer(token) },
  })
  await client.connect(transport)
  const heard: string[] = []
  client.setNotificationHandler('notifications/tools/list_changed', () => void heard.push('tools'))
  client.setNotificationHandler(
    'notifications/resources/updated',
    ({ params }) => void heard.push(params.uri),
  )
  const { closed } = await client.listen(filter)
  return { client, heard, closed }
}

test('notify tells who listens, through the gate, and only of what was asked for', async () => {
  const server = served()
  const tools = await listening(server, { toolsListChanged: true })
  const note = await listening(server, { resourceSubscriptions: ['notes://1'] })
  server.notify.resourceUpdated('notes://2')
  server.notify.resourceUpdated('notes://1')
  server.notify.toolsChanged()
  await until(() => tools.heard.length + note.heard.length >= 2)
  expect([tools.heard, note.heard]).toEqual([['tools'], ['notes://1']])
  await Promise.all([tools.client.close(), note.client.close()])
  await server.close()
})

test('a bus of the operator carries it to other instances', async () => {
  const bus = new InMemoryServerEventBus()
  const [one, other] = [served(undefined, { bus }), served(undefined, { bus })]
  const { client, heard } = await listening(one, { toolsListChanged: true })
  other.notify.toolsChanged()
  await until(() => heard.length === 1)
  await client.close()
})

test('a subscription ends with its token, and one that is refreshed listens anew', async () => {
  const tokens = { alice: { subject: 'alice', expiresAt: Math.floor(Date.now() / 1000) + 90 } }
  const server = served(tokens)
  const { client, heard, closed } = await listening(server, { toolsListChanged: true })
  await server.clock.advance(60)
  server.notify.toolsChanged()
  await until(() => heard.length === 1)
  await server.clock.advance(30)
  expect(await closed).not.toBe('local')
  tokens.alice.expiresAt += 3600
  const again = await client.listen({ toolsListChanged: true })
  server.notify.toolsChanged()
  await until(() => heard.length === 2)
  await again.close()
  await client.close()
})

test('a subscription ends within a minute after its grant', async () => {
  const server = served()
  const { heard, closed } = await listening(server, { toolsListChanged: true })
  server.auth.standing = async () => false
  await server.clock.advance(60)
  expect(await closed).not.toBe('local')
  server.notify.toolsChanged()
  expect(heard).toEqual([])
})

test('close() ends subscriptions with a word, and what is asked later is 503', async () => {
  const onError: unknown[] = []
  const server = mcp({
    auth: fakeAuth({ alice: {} }),
    server: createServer,
    onError: (error) => onError.push(error),
  })
  const { client, closed } = await listening(server, { toolsListChanged: true })
  await server.close()
  expect(await closed).toBe('graceful')
  await expect(client.listen({ toolsListChanged: true })).rejects.toThrow()
  expect(onError).toEqual([])
})

test('a bus that fails is a fault of ours, and ends nobody', async () => {
  const reported: unknown[] = []
  const bus = new InMemoryServerEventBus()
  const failing = {
    publish: bus.publish.bind(bus),
    subscribe() {
      throw new Error('the broker is out')
    },
  }
  const { fetch } = mcp({
    auth: fakeAuth({ alice: {} }),
    server: createServer,
    bus: failing,
    onError: (error) => reported.push(error),
  })
  await expect(listening({ fetch }, { toolsListChanged: true })).rejects.toThrow()
  expect(String(reported[0])).toContain('the broker is out')
})

test('one user cannot take the places of another', async () => {
  const tokens = { alice: { subject: 'alice' }, phone: { subject: 'alice', clientId: 'phone' }, bob: {} }
  const server = served(tokens, { subscriptions: { maxPerUser: 2 } })
  const filter = { toolsListChanged: true }
  const first = await listening(server, filter)
  await listening(server, filter, 'phone')
  await expect(listening(server, filter, 'phone')).rejects.toThrow('2 subscriptions open')
  const bob = await listening(server, filter, 'bob')
  server.notify.toolsChanged()
  await until(() => bob.heard.length === 1)
  await first.client.close()
  await first.closed
  const again = await listening(server, filter)
  server.notify.toolsChanged()
  await until(() => again.heard.length === 1)
  await server.close()
})

test('all together have their bound, too, and say so', async () => {
  const server = served(
    { alice: { subject: 'alice' }, bob: { subject: 'bob' } },
    { subscriptions: { max: 1 } },
  )
  await listening(server, { toolsListChanged: true })
  await expect(listening(server, { toolsListChanged: true }, 'bob')).rejects.toThrow('limit reached')
  await server.close()
  expect(() => served({}, { subscriptions: { max: 0 } })).toThrow('subscriptions.max: is 0. ')
  expect(() => served({}, { subscriptions: { maxPerUser: 1.5 } })).toThrow(
    'subscriptions.maxPerUser: is 1.5. ',
  )
})

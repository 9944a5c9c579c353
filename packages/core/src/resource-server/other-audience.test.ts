import { expect, it } from 'vitest'
import type { DrawbridgeEvent } from '../events.ts'
import { answering, protect, resource } from '../resource-server.fixture.ts'
import { audienceAdvice } from './other-audience.ts'
import type { MeantFor } from './verifier.ts'

const hour = 3_600_000

/** A gate to which tokens are brought that are for somebody else: `token` names their client. */
function gateOf(meantFor: Partial<MeantFor> & Record<string, unknown> = {}) {
  let client = ''
  const clock = { time: 1_700_000_000_000, now: () => clock.time, sleep: async () => {} }
  const events: DrawbridgeEvent[] = []
  const lines: string[] = []
  const { authenticate } = protect({
    verifier: answering<unknown>(() => ({
      status: 'invalid',
      reason: 'audience',
      meantFor: { audiences: ['https://files.test/mcp'], clientId: client, ...meantFor } as MeantFor,
    })),
    clock,
    onEvent: (event) => events.push(event),
    log: (line) => lines.push(line),
  })
  const bring = async (clientId = 'desk') => {
    client = clientId
    const result = await authenticate(
      new Request(resource, { headers: { authorization: 'Bearer secret-token' } }),
    )
    if (result.ok) throw new Error('let in')
    return result.response
  }
  const told = () => events.filter(({ type }) => type === 'token.misdirected')
  return { bring, clock, events, told, lines }
}

it('the operator learns whose token is for what, and what to do', async () => {
  const { bring, events, lines } = gateOf()
  await bring()
  expect(events).toMatchObject([
    {
      type: 'token.misdirected',
      resource,
      client_id: 'desk',
      detail: expect.stringContaining('https://files.test/mcp'),
    },
    { type: 'token.refused', resource, client_id: 'desk', reason: 'other_resource', detail: 'audience' },
  ])
  expect(lines).toEqual([
    expect.stringMatching(
      /^drawbridge warn token\.misdirected: .*client_id desk, detail The token is for https:\/\/files\.test\/mcp, this is https:\/\/mcp\.test\/mcp\. /,
    ),
  ])
})

it('the client learns that it is for another resource, in words for people, and not for which', async () => {
  const response = await gateOf().bring()
  expect(response.status).toBe(401)
  const challenge = response.headers.get('www-authenticate')
  expect(challenge).toContain('error="invalid_token"')
  expect(challenge).toContain(
    `error_description="The access token was issued for another resource. Sign in again to ${resource}"`,
  )
  const body = await response.text()
  expect(JSON.parse(body)).toMatchObject({
    error: 'invalid_token',
    error_description: `The access token was issued for another resource. Sign in again, to ${resource}`,
  })
  expect(challenge + body).not.toMatch(/files\.test|desk|secret-token/)
})

it('it is told once an hour for each client, and each refusal is an event all the same', async () => {
  const { bring, clock, events, told } = gateOf()
  for (const client of ['desk', 'desk', 'phone', 'desk', '', '']) await bring(client)
  expect(told()).toHaveLength(3)
  expect(events.filter(({ type }) => type === 'token.refused')).toHaveLength(6)
  clock.time += hour - 1
  await bring('desk')
  expect(told()).toHaveLength(3)
  clock.time += 1
  await bring('desk')
  expect(told()).toHaveLength(4)
})

it('remembers a thousand clients, and forgets who was quiet for longest', async () => {
  const { bring, told } = gateOf()
  for (let client = 0; client < 1001; client += 1) await bring(`client-${client}`)
  await bring('client-1000')
  expect(told()).toHaveLength(1001)
  await bring('client-0')
  expect(told()).toHaveLength(1002)
})

it.each([{ audiences: 'https://files.test/mcp' }, { audiences: [7] }, { accepted: 'x' }, { clientId: {} }])(
  'a verifier in plain JavaScript that says nonsense about it (%j) refuses as ever',
  async (nonsense) => {
    const { bring, told, events } = gateOf(nonsense as never)
    expect((await bring()).status).toBe(401)
    expect(told()).toEqual([])
    expect(events).toMatchObject([{ type: 'token.refused', reason: 'not_verified' }])
  },
)

it.each<[string, string | string[], RegExp, string?]>([
  ['a slash at the end', 'https://mcp.test/mcp/', /slash at the end/],
  ['http', 'http://mcp.test/mcp', /http and https.*proxy/],
  [
    'another name of loopback',
    'http://127.0.0.1:3000/mcp',
    /localhost and 127\.0\.0\.1/,
    'http://localhost:3000/mcp',
  ],
  [
    'that name, and a slash',
    'http://[::1]:3000/mcp/',
    /localhost and 127\.0\.0\.1/,
    'http://localhost:3000/mcp',
  ],
  ['capital letters', 'https://mcp.test/MCP', /capital letters/],
  ['another path', 'https://mcp.test/files', /another resource of this host/],
  ['the host alone', 'https://mcp.test', /another resource of this host/],
  ['another port', 'http://localhost:3001/mcp', /port/, 'http://localhost:3000/mcp'],
  [
    'another host',
    'https://files.test/mcp',
    /`resource` \(and `issuer`\) must be the address that clients type/,
  ],
  ['a word', 'api://default', /`audience` of the verifier/],
  ['us and another', ['https://mcp.test/mcp', 'https://files.test'], /`toleratedAudiences`/],
  ['nobody', [], /is for nobody/],
])('of a token for %s it says what differs', (_, audiences, advice, here = resource) => {
  const told = audienceAdvice({ audiences: [audiences].flat() }, here)
  expect(told).toMatch(advice)
  expect(told).toContain(here)
})

it('where the operator has named other audiences, those are what it compares with', () => {
  const told = audienceAdvice(
    { audiences: ['https://mcp.test/mcp'], accepted: ['https://api.test'] },
    resource,
  )
  expect(told).toContain('The token is for https://mcp.test/mcp, this is https://api.test.')
})

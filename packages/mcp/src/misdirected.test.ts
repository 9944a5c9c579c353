import { expect, it } from 'vitest'
import { mcp } from './index.ts'
import { bearer, call, countingServers, fakeAuth, post } from './mcp.fixture.ts'

const { create: server } = countingServers()

/** What a client without a token is answered, and what the operator hears. */
async function asked(resource: string, headers: Record<string, string>, token?: string) {
  const told: string[] = []
  const plain = fakeAuth({ good: {} }, { resource })
  const auth: typeof plain = {
    ...plain,
    async authenticate(request, need) {
      const result = await plain.authenticate(request, need)
      if (result.ok) return result
      const body = JSON.stringify({ error: 'unauthorized', error_description: 'Sign in.' })
      return { ...result, response: new Response(body, result.response) }
    },
  }
  const served = mcp({ auth, server, onNotice: (text) => told.push(text) })
  // As an adapter on Node hands it over: the host is in the header.
  const request = () =>
    post(call('echo', { say: 'hi' }), { ...headers, ...(token && bearer(token)) }, 'http://localhost/mcp')
  const response = await served.fetch(request())
  await served.fetch(request())
  const { error_description } = (await response.json().catch(() => ({}))) as Record<string, unknown>
  return {
    status: response.status,
    error_description,
    told,
    challenge: response.headers.get('www-authenticate'),
  }
}

it.each([
  ['http://localhost:3000/mcp', { host: '127.0.0.1:3000' }, 'http://127.0.0.1:3000'],
  ['http://127.0.0.1:3000/mcp', { host: 'localhost:3000' }, 'http://localhost:3000'],
  ['http://localhost:3000/mcp', { host: 'localhost:8080' }, 'http://localhost:8080'],
  ['https://mcp.acme.dev/mcp', { host: 'old.acme.dev' }, 'https://old.acme.dev'],
  [
    'https://mcp.acme.dev/mcp',
    { host: '10.0.0.7:80', 'x-forwarded-host': 'old.acme.dev, cdn' },
    'https://old.acme.dev',
  ],
  ['https://mcp.acme.dev/mcp', { host: 'mcp.acme.dev', 'x-forwarded-proto': 'http' }, 'http://mcp.acme.dev'],
])(
  '%s, asked for by another name (%o): the client and the operator are told which is which',
  async (resource, headers, origin) => {
    const { status, error_description, told, challenge } = await asked(resource, headers)
    expect([status, error_description]).toEqual([
      401,
      `Sign in. You asked ${origin}, and this server is ${resource}: give the client that address.`,
    ])
    expect(challenge).toContain('resource_metadata=')
    expect(told).toEqual([expect.stringContaining(`asked for ${origin}, and this server is ${resource}`)])
  },
)

it.each([
  ['http://localhost:3000/mcp', { host: 'localhost:3000' }],
  ['https://mcp.acme.dev/mcp', { host: 'mcp.acme.dev', 'x-forwarded-proto': 'https' }],
  ['https://mcp.acme.dev/mcp', { host: 'MCP.acme.dev:443' }],
  // What a proxy in front calls this process.
  ['https://mcp.acme.dev/mcp', { host: 'localhost:8080' }],
  ['https://mcp.acme.dev/mcp', { host: '10.0.0.7:8080' }],
  ['https://mcp.acme.dev/mcp', { host: 'backend:8080' }],
  ['https://mcp.acme.dev/mcp', { host: 'a b' }],
  ['https://mcp.acme.dev/mcp', { host: 'mcp.acme.dev', 'x-forwarded-proto': 'gopher' }],
])('%s, asked for as %o, is left alone', async (resource, headers) => {
  expect(await asked(resource, headers)).toMatchObject({
    status: 401,
    error_description: 'Sign in.',
    told: [],
  })
})

it('who has a good token has got in, so that the name does no harm', async () => {
  const { status, told } = await asked('http://localhost:3000/mcp', { host: '127.0.0.1:3000' }, 'good')
  expect([status, told]).toEqual([200, []])
})

it('no stranger fills the log with names', async () => {
  const told: string[] = []
  const served = mcp({ auth: fakeAuth({}), server, onNotice: (text) => told.push(text) })
  for (let n = 0; n < 20; n++) await served.fetch(post(call('echo'), { host: `a${n}.evil.test` }))
  expect(told).toHaveLength(5)
})

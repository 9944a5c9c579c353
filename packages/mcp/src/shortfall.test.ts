import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from '@modelcontextprotocol/client'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { answered, challenged, eras, type ServeOptions } from './components.fixture.ts'
import { bearer, call, connected, initialize, manualClock, post, resource, until } from './mcp.fixture.ts'
import { requireAuth } from './v1.ts'

const tokens = {
  reader: { scopes: ['mcp', 'read'] },
  writer: { scopes: ['mcp', 'read', 'write'] },
}
const require = {
  scopes: ['mcp'],
  tools: { large: ['write'], either: { anyScope: ['write', 'read'] }, own: ['write'] },
}
const large = () => {
  requireAuth({ scopes: ['large'] })
}

/** A promise, and what fulfils it. */
function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open() }
}

// The SDK warns of `responses: 'json'`, each time.
beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})
afterEach(() => {
  vi.restoreAllMocks()
})

describe.each(eras)('$name', (era) => {
  const forms = [
    ['as an event stream', { responses: 'sse' }],
    ['as JSON', { responses: 'json' }],
    ['as it is by default', {}],
  ] as const

  describe.each(forms)('answered %s', (_, form) => {
    const serve = (tools: ServeOptions['components']['tools'] = {}, more: Partial<ServeOptions> = {}) =>
      era.serve({ tokens, require, components: { tools }, ...form, ...more })

    test('one challenge names what everything takes: the server, the tool and its handler', async () => {
      const { fetch, ran } = serve({ large, either: large })
      const wanted = async (token: string, name: string) =>
        challenged(await fetch(era.ask('tools/call', { name }, token)))
      expect(await wanted('reader', 'large')).toBe('mcp write')
      expect(ran).toEqual([])
      expect(await wanted('writer', 'large')).toBe('mcp write large')
      // Who has the other of two scopes is not asked for the one.
      expect(await wanted('reader', 'either')).toBe('mcp large')
    })

    test('the answer says what is missing, in words for people', async () => {
      const { fetch } = serve({ large })
      for (const [token, missing] of [
        ['reader', 'write'],
        ['writer', 'large'],
      ] as const) {
        const { error } = await answered(await fetch(era.ask('tools/call', { name: 'large' }, token)))
        expect(error?.message).toContain(`more than you have agreed to: ${missing}. Sign in`)
      }
    })

    test('without a token a handler that needs somebody is 401 with all of that', async () => {
      const tools = { open: large }
      const { fetch } = serve(tools, { public: { tools: ['open'] } })
      const response = await fetch(era.ask('tools/call', { name: 'open' }))
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).not.toContain('error=')
      expect(await challenged(response)).toBe('mcp large')
    })

    test.each([
      ['without a token', undefined, { public: {} }, 401],
      ['with too little scope', 'reader', {}, 403],
    ])('a factory may ask for it, too: %s', async (__, token, more, status) => {
      const onError = vi.fn()
      const { fetch } = serve({}, { ...more, factory: large, onError })
      const response = await fetch(era.ask('tools/list', {}, token))
      expect(response.status).toBe(status)
      expect(await challenged(response)).toBe('mcp large')
      expect(onError).not.toHaveBeenCalled()
    })

    test("the SDK's own demands become the same challenge", async () => {
      if (era.name === 'SDK v1') return
      const components = { tools: { own: () => 'x' }, ownScopes: { own: ['extra', 'write'] } } as const
      const { fetch, ran } = era.serve({ tokens, require, components, ...form })
      const response = await fetch(era.ask('tools/call', { name: 'own' }, 'writer'))
      expect(await challenged(response)).toBe('mcp write extra')
      expect(ran).toEqual([])
    })
  })

  test('after it has said something, a handler can only say in words what it needs', async () => {
    const tools = {
      talks: async (_: unknown, progress: () => Promise<void>) => {
        await progress()
        await new Promise((resolve) => setImmediate(resolve))
        large()
      },
    }
    const { fetch } = era.serve({ tokens, components: { tools }, responses: 'sse' })
    const params = { name: 'talks', _meta: { progressToken: 'p' } }
    const response = await fetch(era.ask('tools/call', params, 'reader'))
    const body = await response.clone().text()
    const { status, result } = await answered(response)
    expect([status, result.isError]).toEqual([200, true])
    expect(result.content[0].text).toContain('more than you have agreed to: large.')
    expect(body).toContain('notifications/progress')
  })

  test('a second later, too; and in one document it is never too late', async () => {
    const clock = manualClock()
    const { opened, open } = gate()
    const tools = { slow: () => opened.then(large) }
    const served = (responses: 'sse' | 'json') =>
      era.serve({ tokens, components: { tools }, responses, clock })
    const ask = () => era.ask('tools/call', { name: 'slow' }, 'reader')
    const [stream, document] = [served('sse'), served('json')]
    const answers = [stream.fetch(ask()), document.fetch(ask())] as const
    await until(() => stream.ran.length + document.ran.length === 2)
    await clock.advance(1.1)
    const response = await answers[0]
    expect(response.status).toBe(200)
    open()
    expect((await answered(response)).result.content[0].text).toContain('agreed to: large.')
    expect(await challenged(await answers[1])).toBe('large')
  })

  test('in a session it is the same, and the session goes on', async () => {
    if (era.isModern) return
    const tools = { large, free: () => 'done' }
    const { fetch } = era.serve({ tokens, require, components: { tools }, sessions: true })
    const begun = await fetch(post(initialize, bearer('writer')))
    const session = { ...bearer('writer'), 'mcp-session-id': begun.headers.get('mcp-session-id') ?? '' }
    await begun.text()
    expect(await challenged(await fetch(post(call('large'), session)))).toBe('mcp write large')
    const { result } = await answered(await fetch(post(call('free'), session)))
    expect(result.content[0].text).toBe('done')
  })

  test('one call of a batch that needs more makes all of it a challenge', async () => {
    if (era.isModern) return
    const tools = { large, free: () => 'done' }
    const { fetch } = era.serve({ tokens, require, components: { tools }, responses: 'json' })
    const response = await fetch(post([call('free', {}, 1), call('large', {}, 2)], bearer('writer')))
    expect(response.status).toBe(403)
    const errors = await response.json()
    expect(
      errors.map(({ id, error }: { id: number; error: { message: string } }) => [id, error.message]),
    ).toEqual([
      [1, expect.stringContaining('agreed to: large.')],
      [2, expect.stringContaining('agreed to: large.')],
    ])
  })

  test('a client that leaves while its answer is held back leaves nothing behind', async () => {
    const aborted = new AbortController()
    const { opened, open } = gate()
    const clock = manualClock()
    let told: AbortSignal | undefined
    const tools = {
      slow: (_: unknown, __: unknown, signal: AbortSignal) => {
        told = signal
        return opened
      },
    }
    const { fetch, ran } = era.serve({ tokens, components: { tools }, responses: 'sse', clock })
    const request = new Request(era.ask('tools/call', { name: 'slow' }, 'reader'), { signal: aborted.signal })
    const answer = fetch(request)
    await until(() => ran.length === 1)
    aborted.abort()
    await clock.advance(1.1)
    const reader = (await answer).body?.getReader()
    while (reader && !(await reader.read()).done);
    expect(told?.aborted).toBe(true)
    open()
  })
})

/** What the official clients show those whom they cannot help, with a token from elsewhere, in a header. */
describe('who has no way to sign in reads what to do, in', () => {
  const [v1, v2] = eras
  if (!v1 || !v2) throw new Error('there are no eras')

  test('the official v1 client', async () => {
    const served = v1.serve({ tokens, require, components: { tools: { large } } })
    const { client } = await connected(served, 'reader')
    await expect(client.callTool({ name: 'large' })).rejects.toThrow(
      /This needs more than you have agreed to: write\. Sign in to this server again/,
    )
    await client.close()
  })

  test.each(['legacy', 'auto'] as const)('the official v2 client (%s)', async (mode) => {
    const served = v2.serve({ tokens, require, components: { tools: { large } } })
    const client = new ClientV2({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode } })
    const transport = new TransportV2(new URL(resource), {
      fetch: (url, init) => served.fetch(new Request(url, init)),
      requestInit: { headers: bearer('reader') },
    })
    await client.connect(transport)
    const shown = await client.callTool({ name: 'large' }).catch((error) => error)
    expect(String(shown)).toContain('Insufficient scope: required "mcp write"')
    await client.close()
  })
})

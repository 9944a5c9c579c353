import { describe, expect, test } from 'vitest'
import { bearer, call, initialize, post, resource } from './mcp.fixture.ts'
import { answerIn, serving } from './public.fixture.ts'

const session = (id: string) => ({ 'mcp-session-id': id })

async function sessionOf(fetch: (request: Request) => Promise<Response>, token: string): Promise<string> {
  const response = await fetch(post(initialize, bearer(token)))
  await response.text()
  return response.headers.get('mcp-session-id') ?? ''
}

async function whoami(response: Response): Promise<string | undefined> {
  const { result } = (await answerIn(response)) as { result?: { content: { text: string }[] } }
  return result?.content[0]?.text
}

describe.each(['v1', 'v2'] as const)('sessions where parts are public (%s)', (line) => {
  test('who has no token gets none, and is served all the same', async () => {
    const { fetch } = serving(line, { sessions: true })
    const first = await fetch(post(initialize))
    expect([first.status, first.headers.get('mcp-session-id')]).toEqual([200, null])
    const then = await fetch(post(call('whoami')))
    expect([then.headers.get('mcp-session-id'), await whoami(then)]).toEqual([null, 'nobody'])
  })

  test('such a client goes on without one when it has signed in, until it initializes with its token', async () => {
    const { fetch } = serving(line, { sessions: true })
    await (await fetch(post(initialize))).text()
    const signedIn = await fetch(post(call('whoami'), bearer('ada')))
    expect([signedIn.headers.get('mcp-session-id'), await whoami(signedIn)]).toEqual([null, 'ada'])
    // What it has no session for, it is told as by a server without sessions.
    for (const method of ['GET', 'DELETE']) {
      const headers = { accept: 'text/event-stream', ...bearer('ada') }
      expect((await fetch(new Request(resource, { method, headers }))).status).toBe(405)
    }
    const id = await sessionOf(fetch, 'ada')
    expect(id).toMatch(/^[\w-]{36}$/)
    expect(await whoami(await fetch(post(call('whoami'), { ...bearer('ada'), ...session(id) })))).toBe('ada')
  })

  test('a session without its token is out of reach, and goes on for its owner', async () => {
    const { fetch, runs } = serving(line, { sessions: true })
    const id = await sessionOf(fetch, 'ada')
    // Of the session nothing is used: this is nobody's call, answered without it.
    const response = await fetch(post(call('whoami'), session(id)))
    expect([response.headers.get('mcp-session-id'), await whoami(response)]).toEqual([null, 'nobody'])
    expect((await fetch(post(call('secret'), session(id)))).status).toBe(401)
    for (const method of ['GET', 'DELETE']) {
      const request = new Request(resource, {
        method,
        headers: { accept: 'text/event-stream', ...session(id) },
      })
      expect((await fetch(request)).status).toBe(405)
    }
    expect(runs).toEqual([])
    expect(await whoami(await fetch(post(call('whoami'), { ...bearer('ada'), ...session(id) })))).toBe('ada')
  })

  test('a session never changes its owner', async () => {
    const { fetch } = serving(line, { sessions: true })
    const id = await sessionOf(fetch, 'ada')
    const other = await fetch(post(call('whoami'), { ...bearer('bob'), ...session(id) }))
    expect(other.status).toBe(404)
    const taken = await fetch(post(initialize, { ...bearer('bob'), ...session(id) }))
    expect(taken.status).toBe(404)
    const nobody = await fetch(post(initialize, session(id)))
    expect(nobody.headers.get('mcp-session-id')).toBeNull()
    expect(await whoami(await fetch(post(call('whoami'), { ...bearer('ada'), ...session(id) })))).toBe('ada')
  })

  test('where nothing is public, whoever has no session is still told to begin one', async () => {
    const { fetch } = serving(line, { sessions: true, public: undefined as never })
    expect((await fetch(post(call('whoami'), bearer('ada')))).status).toBe(400)
  })
})

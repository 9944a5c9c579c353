import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { describe, expect, test, vi } from 'vitest'
import { bearer, call, fakeAuth, initialize, manualClock, post, until } from './mcp.fixture.ts'
import { answerIn, eras, message, parts, serving, tokens } from './public.fixture.ts'

/** Lets a clock of the test and everything that waits for it go on. */
async function pass(clock: ReturnType<typeof manualClock>, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) await clock.advance(1)
}

describe.each(eras)('what is served without a token, by %s', (_, { line, ask }) => {
  const wait = (id = 1) => ask(message('tools/call', { name: 'wait' }, id))
  const open = () => ask(message('tools/call', { name: 'open' }))

  test.each(['sse', 'json'] as const)(
    'takes five minutes at most, and says so then (%s)',
    async (responses) => {
      const clock = manualClock()
      const { fetch, runs } = serving(line, {
        clock,
        responses,
        public: { ...parts, limits: { concurrent: 1 } },
      })
      const pending = fetch(wait(7))
      await until(() => runs.length === 1)
      await pass(clock, 299)
      let isOver = false
      const answer = pending.then(answerIn).finally(() => {
        isOver = true
      })
      await pass(clock, 0)
      expect(isOver).toBe(false)
      await pass(clock, 3)
      expect(await answer).toMatchObject({
        id: 7,
        error: { message: expect.stringMatching(/without a sign-in/i) },
      })
      // Its place is free.
      expect((await fetch(open())).status).toBe(200)
    },
  )

  test('has the time that is named, and who signed in has more', async () => {
    const clock = manualClock()
    const { fetch, runs, release } = serving(line, {
      clock,
      public: { ...parts, limits: { streamSeconds: 20 } },
    })
    const nobody = fetch(wait()).then(answerIn)
    const somebody = fetch(ask(message('tools/call', { name: 'wait' }), bearer('ada'))).then(answerIn)
    await until(() => runs.length === 2)
    await pass(clock, 22)
    expect(await nobody).toHaveProperty('error')
    release()
    expect(await somebody).toHaveProperty('result')
  })

  test.each(['sse', 'json'] as const)(
    'is so much at one time; beyond it, 503 until something has ended (%s)',
    async (responses) => {
      const { fetch, runs, release } = serving(line, {
        responses,
        public: { ...parts, limits: { concurrent: 2 } },
      })
      const waiting = [fetch(wait(1)).then(answerIn), fetch(wait(2)).then(answerIn)]
      await until(() => runs.length === 2)
      const third = await fetch(ask(message('tools/call', { name: 'open' }, 3)))
      expect([third.status, third.headers.get('retry-after')]).toEqual([503, '5'])
      expect(third.headers.get('access-control-allow-origin')).toBe('*')
      expect(await third.json()).toMatchObject({ id: 3, error: { code: -32000 } })
      // Nothing of that is for who signed in, or is about to.
      expect((await fetch(ask(message('tools/call', { name: 'open' }), bearer('ada')))).status).toBe(200)
      expect((await fetch(ask(message('tools/call', { name: 'secret' })))).status).toBe(401)
      release()
      for (const answer of waiting) expect(await answer).toHaveProperty('result')
      for (let time = 0; time < 3; time += 1)
        expect(await answerIn(await fetch(open()))).toHaveProperty('result')
    },
  )

  test.each(['sse', 'json'] as const)('makes room when its client has left (%s)', async (responses) => {
    const { fetch, runs } = serving(line, { responses, public: { ...parts, limits: { concurrent: 1 } } })
    for (let time = 1; time <= 3; time += 1) {
      const client = new AbortController()
      const pending = fetch(new Request(wait(), { signal: client.signal }))
        .then(answerIn)
        .catch(() => {})
      await until(() => runs.length === time)
      expect((await fetch(open())).status).toBe(503)
      client.abort()
      await pending
    }
    expect((await fetch(open())).status).toBe(200)
  })

  test('makes room when nobody reads on', async () => {
    const clock = manualClock()
    const limits = { concurrent: 1 }
    const { fetch, runs } = serving(line, { clock, responses: 'sse', public: { ...parts, limits } })
    const pending = fetch(wait())
    await until(() => runs.length === 1)
    await pass(clock, 2)
    await (await pending).body?.cancel()
    expect((await fetch(open())).status).toBe(200)
  })

  test('is refused where its sender sent too much, before anything is read', async () => {
    const auth = fakeAuth(tokens)
    const headers = { 'retry-after': '34' }
    const refused = Response.json({ error: 'temporarily_unavailable' }, { status: 429, headers })
    const limitAnonymous = vi.fn(async () => refused.clone())
    const served = serving(line, { auth: { ...auth, limitAnonymous } })
    const request = open()
    const response = await served.handle(request, { clientAddress: '192.0.2.1' })
    expect([response?.status, response?.headers.get('retry-after')]).toEqual([429, '34'])
    expect(await response?.json()).toMatchObject({
      jsonrpc: '2.0',
      error: { code: -32000, message: expect.stringMatching(/^Too many requests/) },
    })
    expect(limitAnonymous).toHaveBeenCalledWith(request, { clientAddress: '192.0.2.1' })
    expect([request.bodyUsed, served.runs]).toEqual([false, []])
    // Who has a token is told apart by that; a page that may not call anyway uses nothing up.
    limitAnonymous.mockClear()
    expect((await served.fetch(ask(message('tools/call', { name: 'open' }), bearer('ada')))).status).toBe(200)
    expect((await served.fetch(ask(message('tools/list'), { origin: 'https://evil.test' }))).status).toBe(401)
    expect(limitAnonymous).not.toHaveBeenCalled()
  })
})

test('a factory that fails leaves no place taken', async () => {
  const auth = fakeAuth(tokens)
  let isBroken = true
  const { mcp } = await import('./v1.ts')
  const { fetch } = mcp({
    auth,
    public: { tools: ['open'], limits: { concurrent: 1 } },
    onError() {},
    onNotice() {},
    server: () => {
      if (isBroken) throw new Error('out of order')
      return new McpServer({ name: 'x', version: '1' })
    },
  })
  expect((await fetch(post(initialize))).status).toBe(500)
  isBroken = false
  expect((await fetch(post(initialize))).status).toBe(200)
})

test('the size of a body may be another one', async () => {
  const { fetch } = serving('v1', { public: { ...parts, limits: { bodyBytes: 100 } } })
  const large = { ...call('open'), filler: 'x'.repeat(100) }
  expect((await fetch(post(call('open')))).status).toBe(200)
  expect((await fetch(post(large))).status).toBe(401)
  // With a token there is the other limit.
  expect((await fetch(post(large, bearer('ada')))).status).not.toBe(401)
})

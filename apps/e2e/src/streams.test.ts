import { browser, devGitHub, type Listener } from '@drawbridge/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Installation, officialClients, officialSseClients } from './official-clients.ts'
import { lines, listening, until } from './streams.fixture.ts'

const provider = devGitHub()
let listener: Listener

beforeAll(async () => {
  listener = await provider.listen()
})
afterAll(() => listener.close())

const pairs = Object.keys(lines).flatMap((line) =>
  Object.keys(officialClients).map((client) => [line, client] as const),
)

describe.each(pairs)('at a server with SDK %s, clients of SDK %s', (line, name) => {
  it('finish a long call whose connection was cut twice, and hear of each step once', async () => {
    const there = await listening(line, listener.url, { sessions: true, streams: { retrySeconds: 0.05 } })
    const installation: Installation = { logins: 0 }
    const client = await officialClients[name]?.(`${there.origin}/mcp`, installation, browser())
    if (!client) throw new Error('no client')
    try {
      const heard: number[] = []
      const called = client.callTool('long', {}, ({ progress }) => heard.push(progress))
      await until(() => there.works.length === 1)
      const [work] = there.works
      await work?.progress(1)
      await until(() => heard.length === 1)
      there.cut()
      await work?.progress(2)
      await until(() => heard.length === 2)
      await work?.progress(3)
      await until(() => heard.length === 3)
      there.cut()
      await work?.progress(4)
      work?.finish()
      expect((await called).text).toBe('finished')
      expect(heard).toEqual([1, 2, 3, 4])
      expect((await client.callTool('whoami')).text).toBe('octocat')
      expect(there.works).toHaveLength(1)
      expect(installation.logins).toBe(1)
    } finally {
      await client.close()
      await there.close()
    }
  })

  it('go on with a fresh token where the old one ended', async () => {
    const there = await listening(line, listener.url, { sessions: true, streams: { retrySeconds: 0.05 } })
    const installation: Installation = { logins: 0 }
    const client = await officialClients[name]?.(`${there.origin}/mcp`, installation, browser())
    if (!client) throw new Error('no client')
    try {
      const heard: number[] = []
      const called = client.callTool('long', {}, ({ progress }) => heard.push(progress))
      await until(() => there.works.length === 1)
      const [work] = there.works
      await work?.progress(1)
      await until(() => heard.length === 1)
      const before = installation.tokens?.access_token
      there.clock.advance(3601)
      await until(() => installation.tokens?.access_token !== before)
      await work?.progress(2)
      work?.finish()
      expect((await called).text).toBe('finished')
      expect(heard).toEqual([1, 2])
      expect(installation.logins).toBe(1)
    } finally {
      await client.close()
      await there.close()
    }
  })
})

describe.each(pairs)('at a server with SDK %s, clients of SDK %s that know HTTP+SSE only', (line, name) => {
  it('sign in, hear of progress, go on with a fresh token, and leave', async () => {
    const there = await listening(line, listener.url, { legacySse: true })
    const installation: Installation = { logins: 0 }
    const client = await officialSseClients[name]?.(`${there.origin}/mcp/sse`, installation, browser())
    if (!client) throw new Error('no client')
    try {
      expect(installation.logins).toBe(1)
      expect(await client.listTools()).toEqual(['long', 'whoami'])
      expect((await client.callTool('whoami')).text).toBe('octocat')

      const heard: number[] = []
      const called = client.callTool('long', {}, ({ progress }) => heard.push(progress))
      await until(() => there.works.length === 1)
      for (const step of [1, 2]) await there.works[0]?.progress(step)
      await until(() => heard.length === 2)

      // As when its hour is over: the client refreshes, and the connection goes on.
      const { access_token: before } = installation.tokens ?? {}
      if (installation.tokens) installation.tokens.access_token = 'ended'
      expect((await client.callTool('whoami')).text).toBe('octocat')
      expect(installation.tokens?.access_token).not.toBe(before)
      there.works[0]?.finish()
      expect((await called).text).toBe('finished')
      expect(heard).toEqual([1, 2])
      expect(installation.logins).toBe(1)
    } finally {
      await client.close()
      await there.close()
    }
  })

  it('come back by themselves when their connection ends with its token', async () => {
    const there = await listening(line, listener.url, { legacySse: true, streams: { retrySeconds: 0.05 } })
    const installation: Installation = { logins: 0 }
    const client = await officialSseClients[name]?.(`${there.origin}/mcp/sse`, installation, browser())
    if (!client) throw new Error('no client')
    try {
      const called = client.callTool('long').catch((error: Error) => error)
      await until(() => there.works.length === 1)
      const before = installation.tokens?.access_token
      there.clock.advance(3601)
      expect(await called).toMatchObject({ message: expect.stringContaining('The access token expired') })
      await until(() => installation.tokens?.access_token !== before)
      const whoami = () => client.callTool('whoami').catch(() => undefined)
      let answer = await whoami()
      // Until it has heard where to post now.
      for (; !answer; answer = await whoami()) await new Promise((resolve) => setTimeout(resolve, 20))
      expect(answer.text).toBe('octocat')
      expect(installation.logins).toBe(1)
    } finally {
      await client.close()
      await there.close()
    }
  })
})

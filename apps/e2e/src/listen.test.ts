import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterEach, expect, it } from 'vitest'

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** A process that serves, with a client in session that listens, and a call under way. */
async function busy(settings: { closeSeconds?: number; listens?: boolean }) {
  const child = fork(
    fileURLToPath(new URL('listen.fixture.ts', import.meta.url)),
    [JSON.stringify(settings)],
    {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'drawbridge-e2e-compiled') },
    },
  )
  children.push(child)
  const ended = once(child, 'exit')
  const [port] = (await once(child, 'message')) as [number]
  const url = new URL(`http://127.0.0.1:${port}/mcp`)
  const client = new Client({ name: 'test', version: '1.0.0' })
  const transport = new StreamableHTTPClientTransport(url, {
    requestInit: { headers: { authorization: 'Bearer alice' } },
    reconnectionOptions: {
      ...{ maxRetries: 0, initialReconnectionDelay: 1, maxReconnectionDelay: 1 },
      reconnectionDelayGrowFactor: 1,
    },
  })
  // Cast: the SDK's own types disagree with each other under exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<Client['connect']>[0])
  const answer = client.callTool({ name: 'slow', arguments: {} })
  answer.catch(() => {})
  await once(child, 'message')
  const refusesConnections = async () => {
    for (let tries = 0; tries < 500; tries++) {
      if (
        await fetch(url, { headers: { connection: 'close' } }).then(
          () => false,
          () => true,
        )
      )
        return
      await new Promise((resolve) => setImmediate(resolve))
    }
    throw new Error('still accepts connections')
  }
  return { answer, child, client, ended, refusesConnections }
}

it.each([
  ['SIGTERM', 0],
  ['SIGINT', 130],
] as const)(
  '%s: the call under way is answered, nobody else is let in, streams end, and so does the process',
  async (signal, code) => {
    const { answer, child, client, ended, refusesConnections } = await busy({})
    child.kill(signal)
    await refusesConnections()
    child.send('go on')
    expect(await answer).toMatchObject({ content: [{ text: 'done' }] })
    expect(await ended).toEqual([code, null])
    await client.close()
  },
)

it('a second signal does not wait for the call', async () => {
  const { answer, child, client, ended, refusesConnections } = await busy({ closeSeconds: 3600 })
  child.kill('SIGTERM')
  await refusesConnections()
  child.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
  await client.close()
  await expect(answer).rejects.toThrow()
})

it('closeSeconds bounds how long a call is waited for', async () => {
  const { child, client, ended } = await busy({ closeSeconds: 0 })
  child.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
  await client.close()
})

it('where somebody else listens for the signal, ending the process is left to them', async () => {
  const { answer, child, client, refusesConnections } = await busy({ listens: true })
  const heard = once(child, 'message')
  child.kill('SIGTERM')
  expect(await heard).toEqual(['heard', undefined])
  await refusesConnections()
  child.send('go on')
  await answer
  expect(child.exitCode).toBeNull()
  await client.close()
})

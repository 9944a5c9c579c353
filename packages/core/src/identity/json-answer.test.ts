import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../clock.ts'
import { upstreamCall } from './call.ts'
import { callJson, member } from './json-answer.ts'

const answers: Record<string, (response: ServerResponse, accept: string | undefined) => void> = {
  '/good': (response, accept) => response.end(JSON.stringify({ accept })),
  '/refused': (response) => response.writeHead(403).end('{"message":"no"}'),
  '/html': (response) => response.end('<h1>access_token=tok_123</h1>'),
  '/proxy': (response) => response.writeHead(502).end('Bad gateway'),
  '/elsewhere': (response) => response.writeHead(302, { location: '/good' }).end(),
  '/empty': (response) => response.end(),
  '/large': (response) => response.end(`"${'x'.repeat(300 * 1024)}"`),
  '/endless': (response) => {
    const more = () => response.destroyed || response.write('x'.repeat(64 * 1024), more)
    more()
  },
  '/cut': (response) => {
    response.writeHead(200, { 'content-length': '10' }).write('{"a":')
    setTimeout(() => response.destroy(), 20)
  },
  '/hangs': () => {},
  '/stalls': (response) => response.write('{"a":'),
}

let server: Server
let origin: string

beforeAll(async () => {
  server = createServer(({ url, headers }, response) => answers[url ?? '']?.(response, headers.accept))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

describe('callJson', () => {
  const call = upstreamCall(undefined, systemClock)
  const ask = (path: string, init?: RequestInit) => callJson(call, origin + path, init)

  it('gives the answer, whatever its status', async () => {
    expect(await ask('/good')).toMatchObject({ status: 200, body: { accept: 'application/json' } })
    expect(await ask('/refused')).toMatchObject({ status: 403, body: { message: 'no' } })
  })

  it('asks for what it is told to', async () => {
    const headers = { accept: 'application/vnd.github+json' }
    expect(await ask('/good', { headers })).toMatchObject({ body: headers })
  })

  it.each([
    ['/html', 200, /^127\.0\.0\.1:\d+ answered 200 without JSON: \/html$/],
    ['/empty', 200, /answered 200 without JSON/],
    ['/proxy', 502, /answered 502 without JSON/],
    ['/elsewhere', 302, /answered 302 without JSON/],
    ['/large', 200, /more than 262144 bytes/],
    ['/endless', 200, /more than 262144 bytes/],
    ['/cut', 200, /did not arrive whole/],
  ])('says what is wrong with %s, and quotes nothing of it', async (path, status, message) => {
    const error: unknown = await ask(path).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'NoJson', status, message: expect.stringMatching(message) })
    expect(String((error as Error).cause)).not.toContain('tok_123')
  })

  it.each(['/hangs', '/stalls'])('waits no longer than it was told for %s', async (path) => {
    const impatient = upstreamCall(undefined, systemClock, 50)
    await expect(callJson(impatient, origin + path)).rejects.toThrow(/did not answer in time$/)
  })

  it('survives that nobody is there', async () => {
    await expect(callJson(call, 'http://127.0.0.1:1/')).rejects.toThrow(
      /^127\.0\.0\.1:1 could not be reached$/,
    )
  })
})

it('members are those of an object itself', () => {
  expect(member({ a: 1 }, 'a')).toBe(1)
  for (const body of [{}, [], null, 'text']) expect(member(body, 'constructor')).toBeUndefined()
})

import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jsonRequest } from './json-request.ts'

const answers: Record<string, (response: ServerResponse) => void> = {
  '/good': (response) => response.end('{"a":1}'),
  '/html': (response) => response.end('<h1>Hello</h1>'),
  '/missing': (response) => response.writeHead(404).end('{}'),
  '/broken': (response) => response.writeHead(500).end('{}'),
  '/elsewhere': (response) => response.writeHead(302, { location: '/good' }).end(),
  '/empty': (response) => response.end(),
  '/large': (response) => response.end(`"${'x'.repeat(300 * 1024)}"`),
  '/hangs': () => {},
  '/stalls': (response) => response.write('{"a":'),
}

let server: Server
let origin: string

beforeAll(async () => {
  server = createServer((request, response) => answers[request.url ?? '']?.(response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

describe('jsonRequest', () => {
  const request = jsonRequest({ timeout: 10 })

  it('fetches JSON', async () => {
    expect(await request(`${origin}/good`)).toEqual({ status: 'ok', text: '{"a":1}', body: { a: 1 } })
  })

  it.each([
    ['/html', /did not send JSON/],
    ['/empty', /did not send JSON/],
    ['/missing', /answered 404/],
    ['/broken', /answered 500/],
    ['/elsewhere', /answered 302/],
    ['/large', /more than 262144 bytes/],
  ])('says what is wrong with %s', async (path, reason) => {
    expect(await request(origin + path)).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(reason),
    })
  })

  it.each(['/hangs', '/stalls'])('waits no longer than it was told for %s', async (path) => {
    const impatient = jsonRequest({ timeout: 0.05 })
    expect(await impatient(origin + path)).toMatchObject({
      reason: expect.stringMatching(/did not answer within/),
    })
  })

  it('survives that nobody is there', async () => {
    expect(await request('http://127.0.0.1:1/')).toMatchObject({ reason: '127.0.0.1:1 could not be reached' })
  })
})

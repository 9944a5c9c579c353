import { describe, expect, test } from 'vitest'
import { bearer, call, fakeAuth, post, resource } from './mcp.fixture.ts'
import { serving, tokens } from './public.fixture.ts'

const origin = (origin: string) => ({ origin })

describe('a page that calls what is public', () => {
  test.each([
    'https://evil.test',
    'null',
    'https://mcp.acme.dev.evil.test',
    'http://mcp.acme.dev',
    'https://mcp.acme.dev:8443',
    '',
  ])('counts as one that must sign in, where nobody named its origin: %s', async (from) => {
    const { fetch, runs } = serving('v1')
    for (const body of [call('open'), { jsonrpc: '2.0', id: 1, method: 'tools/list' }, '{']) {
      const response = await fetch(post(body, origin(from)))
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([
        401,
        expect.stringMatching(/^Bearer /),
      ])
    }
    expect(runs).toEqual([])
    // With a token it has what no page has by itself.
    expect((await fetch(post(call('open'), { ...origin(from), ...bearer('ada') }))).status).toBe(200)
  })

  test('is served when its origin is named, or is the server’s own, or when it is no page', async () => {
    const named = serving('v1', { allowedOrigins: ['https://app.test'] })
    expect((await named.fetch(post(call('open'), origin('https://app.test')))).status).toBe(200)
    expect((await named.fetch(post(call('open'), origin('https://evil.test')))).status).toBe(403)
    const { fetch } = serving('v1')
    expect((await fetch(post(call('open'), origin(new URL(resource).origin)))).status).toBe(200)
    expect((await fetch(post(call('open')))).status).toBe(200)
  })

  test('is told by a preflight what it may send, and reads the challenge', async () => {
    const { fetch } = serving('v1')
    const preflight = await fetch(
      new Request(resource, { method: 'OPTIONS', headers: origin('https://evil.test') }),
    )
    expect(preflight.status).toBe(204)
    const response = await fetch(post(call('open'), origin('https://evil.test')))
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
  })
})

describe('the Host of a server with public parts', () => {
  test('is by default that of its resource, whatever the port, so that no other name leads there', async () => {
    const { fetch, runs } = serving('v1')
    for (const host of ['mcp.acme.dev', 'mcp.acme.dev:8443', 'MCP.acme.dev']) {
      expect([host, (await fetch(post(call('open'), { host }))).status]).toEqual([host, 200])
    }
    const served = runs.length
    for (const host of [
      'rebound.evil.test',
      '192.168.1.7',
      'localhost:3000',
      'mcp.acme.dev.evil.test',
      'x@mcp.acme.dev',
    ]) {
      const response = await fetch(post(call('open'), { host }))
      expect([host, response.status]).toEqual([host, 403])
      expect(await response.text()).toContain('allowedHosts')
    }
    expect(runs).toHaveLength(served)
  })

  test('may be others that are named, and then only these', async () => {
    const { fetch } = serving('v1', { allowedHosts: ['inside.acme.dev'] })
    expect((await fetch(post(call('open'), { host: 'inside.acme.dev' }))).status).toBe(200)
    expect((await fetch(post(call('open'), { host: 'mcp.acme.dev' }))).status).toBe(403)
  })

  test('without public parts is as ever', async () => {
    const { fetch } = serving('v1', { public: undefined as never })
    expect((await fetch(post(call('open'), { host: 'other.test', ...bearer('ada') }))).status).toBe(200)
  })
})

describe('a server with public parts on loopback', () => {
  const local = 'http://localhost:3000/mcp'
  const serve = () => serving('v1', { auth: fakeAuth(tokens, { resource: local }) })

  test('is for pages of this machine, and for no others', async () => {
    const { fetch } = serve()
    for (const from of ['http://localhost:3000', 'http://localhost:5173', 'http://127.0.0.1:6274']) {
      expect((await fetch(post(call('open'), origin(from), local))).status).toBe(200)
    }
    for (const from of ['https://evil.test', 'null', 'http://localhost.evil.test']) {
      expect((await fetch(post(call('open'), origin(from), local))).status).toBe(403)
    }
    expect((await fetch(post(call('open'), { host: 'evil.test' }, local))).status).toBe(403)
  })
})

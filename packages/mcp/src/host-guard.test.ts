import { expect, test } from 'vitest'
import { type EndpointOptions, mcp } from './index.ts'
import { bearer, call, countingServers, fakeAuth, initialize, post } from './mcp.fixture.ts'

const local = 'http://localhost:3000/mcp'

function status(resource: string, options: Partial<EndpointOptions> = {}) {
  const servers = countingServers()
  const { fetch } = mcp({ ...options, auth: fakeAuth({ good: {} }, { resource }), server: servers.create })
  return async (headers: Record<string, string>) =>
    (await fetch(post(initialize, { ...bearer('good'), ...headers }, resource))).status
}

test('on loopback, only loopback hosts are served, whatever the token', async () => {
  const answer = status(local)
  for (const host of ['localhost:3000', 'localhost', '127.0.0.1:3000', '[::1]:3000', 'LOCALHOST:3000']) {
    expect([host, await answer({ host })]).toEqual([host, 200])
  }
  for (const host of [
    'evil.example:3000',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil.example@localhost',
    '0.0.0.0:3000',
    '',
  ]) {
    expect([host, await answer({ host })]).toEqual([host, 403])
  }
})

test('on loopback, only pages of loopback origins may call', async () => {
  const answer = status(local)
  for (const origin of ['http://localhost:6274', 'http://127.0.0.1:5173', 'http://[::1]:80']) {
    expect([origin, await answer({ origin })]).toEqual([origin, 200])
  }
  for (const origin of ['https://evil.example', 'http://localhost.evil.example', 'null']) {
    expect([origin, await answer({ origin })]).toEqual([origin, 403])
  }
})

test('the guard comes before authentication, and its refusal is not readable for the page', async () => {
  const servers = countingServers()
  const auth = fakeAuth({ good: {} }, { resource: local })
  let asked = 0
  const { authenticate } = auth
  auth.authenticate = (request, need) => {
    asked += 1
    return authenticate(request, need)
  }
  const { fetch } = mcp({ auth, server: servers.create })
  const rebound = 'http://evil.example:3000/mcp'
  for (const request of [
    post(call('echo', { say: 'x' }), bearer('good'), rebound),
    new Request(rebound, { method: 'OPTIONS', headers: { origin: 'http://evil.example:3000' } }),
  ]) {
    const response = await fetch(request)
    expect(response.status).toBe(403)
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
    expect(await response.text()).toContain('allowedHosts')
  }
  expect(asked).toBe(0)
  expect(servers.calls).toEqual([])
})

test('elsewhere every host and origin passes, unless named', async () => {
  const publicUrl = 'https://mcp.acme.dev/mcp'
  expect(await status(publicUrl)({ host: '10.0.0.1:8080', origin: 'https://claude.ai' })).toBe(200)

  const named = status(publicUrl, {
    allowedHosts: ['mcp.acme.dev', 'localhost:3000'],
    allowedOrigins: ['https://app.acme.dev', 'vscode-webview://panel'],
  })
  expect(await named({ host: 'mcp.acme.dev:8443' })).toBe(200)
  expect(await named({ host: 'localhost:3000' })).toBe(200)
  expect(await named({ host: 'localhost:3001' })).toBe(403)
  expect(await named({ host: 'evil.example' })).toBe(403)
  expect(await named({ host: 'mcp.acme.dev', origin: 'https://app.acme.dev' })).toBe(200)
  expect(await named({ host: 'mcp.acme.dev', origin: 'vscode-webview://panel' })).toBe(200)
  expect(await named({ host: 'mcp.acme.dev', origin: 'https://app.acme.dev.evil.example' })).toBe(403)
})

test('entries that can never match are refused at construction', () => {
  expect(() => status(local, { allowedHosts: ['https://mcp.acme.dev'] })).toThrow(
    /allowedHosts: "https:\/\/mcp.acme.dev"/,
  )
  expect(() => status(local, { allowedOrigins: ['https://app.acme.dev/'] })).toThrow(
    /without a path or closing slash/,
  )
  expect(() => status(local, { allowedOrigins: ['app.acme.dev'] })).toThrow(/allowedOrigins/)
})

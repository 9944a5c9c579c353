import { describe, expect, it } from 'vitest'
import { corsHeaders, preflight } from './cors.ts'

function ask(headers: Record<string, string> = {}): Response {
  return preflight(new Request('https://mcp.test/token', { method: 'OPTIONS', headers }), ['POST'])
}

function allowed(response: Response): string[] {
  return (response.headers.get('access-control-allow-headers') ?? '').toLowerCase().split(', ')
}

describe('preflight', () => {
  it('is an empty 204 that any origin may use', () => {
    const response = ask()
    expect(response.status).toBe(204)
    expect(response.body).toBeNull()
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(response.headers.get('access-control-allow-methods')).toBe('POST, OPTIONS')
    expect(Number(response.headers.get('access-control-max-age'))).toBeGreaterThan(0)
  })

  it('allows what MCP clients send', () => {
    expect(allowed(ask())).toEqual(
      expect.arrayContaining([
        'mcp-protocol-version',
        'content-type',
        'authorization',
        'mcp-session-id',
        'last-event-id',
      ]),
    )
  })

  it('allows the headers newer protocol revisions make up', () => {
    const headers = allowed(
      ask({ 'access-control-request-headers': 'mcp-method,mcp-param-city, MCP-Name ,content-type' }),
    )
    expect(headers).toEqual(expect.arrayContaining(['mcp-method', 'mcp-param-city', 'mcp-name']))
    expect(headers.filter((name) => name === 'content-type')).toHaveLength(1)
  })

  it('allows nothing else that is asked for', () => {
    const headers = allowed(
      ask({ 'access-control-request-headers': 'x-requested-with, cookie, mcp-<script>' }),
    )
    expect(headers).not.toContain('x-requested-with')
    expect(headers).not.toContain('cookie')
    expect(headers.join()).not.toContain('<')
  })

  it('never allows credentials', () => {
    expect(ask().headers.has('access-control-allow-credentials')).toBe(false)
    expect(corsHeaders).not.toHaveProperty('access-control-allow-credentials')
  })
})

describe('corsHeaders', () => {
  it('lets scripts read the challenge and the session', () => {
    const headers = new Headers(corsHeaders)
    expect(headers.get('access-control-expose-headers')).toBe('WWW-Authenticate, Mcp-Session-Id')
  })
})

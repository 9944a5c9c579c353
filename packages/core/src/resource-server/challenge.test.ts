import { describe, expect, it } from 'vitest'
import { bearerChallenge, insufficientScope, temporarilyUnavailable, unauthorized } from './challenge.ts'

const resourceMetadataUrl = 'https://mcp.test/.well-known/oauth-protected-resource/mcp'

/** Reads a parameter the way MCP clients do: with one regular expression over the whole header. */
function parameter(header: string, name: string): string | undefined {
  const match = header.match(new RegExp(`${name}=(?:"([^"]+)"|([^\\s,]+))`))
  return match?.[1] ?? match?.[2]
}

describe('bearerChallenge', () => {
  it('names no error when nothing was presented', () => {
    expect(bearerChallenge({ resourceMetadataUrl, scopes: ['a', 'b'] })).toBe(
      `Bearer resource_metadata="${resourceMetadataUrl}", scope="a b"`,
    )
    expect(bearerChallenge({ resourceMetadataUrl })).toBe(`Bearer resource_metadata="${resourceMetadataUrl}"`)
  })

  it('begins with the scheme, one space and a parameter', () => {
    expect(bearerChallenge({ resourceMetadataUrl, error: 'invalid_token' })).toMatch(/^Bearer [a-z_]+="/)
  })

  it.each([
    'say "cheese"',
    'scope="admin" error="none"',
    'scope=admin, resource_metadata=https://evil.test',
    'line\r\nSet-Cookie: a=b',
    'back\\slash',
    'tab\tand \u0000 and émoji 🙂',
  ])('keeps %j from being read as anything but text', (description) => {
    const header = bearerChallenge({
      resourceMetadataUrl,
      scopes: ['files:read'],
      error: 'invalid_token',
      description,
    })
    expect(parameter(header, 'resource_metadata')).toBe(resourceMetadataUrl)
    expect(parameter(header, 'scope')).toBe('files:read')
    expect(parameter(header, 'error')).toBe('invalid_token')
    const text = parameter(header, 'error_description') ?? ''
    expect(text).toMatch(/^[ -~]+$/)
    expect(text).not.toMatch(/["\\=]/)
    expect(header.match(/scope=/g)).toHaveLength(1)
    expect(() => new Headers({ 'www-authenticate': header })).not.toThrow()
  })
})

describe('unauthorized', () => {
  it('without a token: 401, a challenge without an error, and words for people', async () => {
    const response = unauthorized({ resourceMetadataUrl, scopes: ['a'] })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).not.toContain('error')
    expect(response.headers.get('cache-control')).toContain('no-store')
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(response.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate')
    const body = await response.json()
    expect(body.error_description).toMatch(/access token/)
  })

  it('with a bad token: error="invalid_token"', async () => {
    const response = unauthorized({ resourceMetadataUrl, error: 'invalid_token' })
    expect(parameter(response.headers.get('www-authenticate') ?? '', 'error')).toBe('invalid_token')
    expect(await response.json()).toMatchObject({ error: 'invalid_token' })
  })
})

describe('insufficientScope', () => {
  it('is 403 with everything the operation needs', async () => {
    const response = insufficientScope({ resourceMetadataUrl, scopes: ['mcp', 'mail:send'] })
    expect(response.status).toBe(403)
    const header = response.headers.get('www-authenticate') ?? ''
    expect(parameter(header, 'error')).toBe('insufficient_scope')
    expect(parameter(header, 'scope')).toBe('mcp mail:send')
    expect(parameter(header, 'resource_metadata')).toBe(resourceMetadataUrl)
    expect(await response.json()).toMatchObject({ error: 'insufficient_scope', scope: 'mcp mail:send' })
  })
})

describe('temporarilyUnavailable', () => {
  it('is 503 with Retry-After in whole seconds and no challenge', async () => {
    const response = temporarilyUnavailable(2.4)
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('3')
    expect(response.headers.has('www-authenticate')).toBe(false)
    expect(response.headers.get('cache-control')).toContain('no-store')
    expect(await response.json()).toMatchObject({ error: 'temporarily_unavailable' })
  })
})

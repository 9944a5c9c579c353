import { describe, expect, it } from 'vitest'
import {
  metadataResponder,
  protectedResourceMetadata,
  protectedResourceMetadataUrl,
} from './protected-resource-metadata.ts'

describe('protectedResourceMetadata', () => {
  it('holds what RFC 9728 names, and nothing that was left out', () => {
    expect(
      protectedResourceMetadata({
        resource: 'https://mcp.test/mcp',
        authorizationServers: ['https://login.test/'],
        scopes: ['a'],
        name: 'Files',
        documentation: { service: 'https://mcp.test/docs', terms: 'https://mcp.test/terms' },
      }),
    ).toEqual({
      resource: 'https://mcp.test/mcp',
      authorization_servers: ['https://login.test/'],
      scopes_supported: ['a'],
      bearer_methods_supported: ['header'],
      resource_name: 'Files',
      resource_documentation: 'https://mcp.test/docs',
      resource_tos_uri: 'https://mcp.test/terms',
    })
    expect(protectedResourceMetadata({ resource: 'https://mcp.test' })).toEqual({
      resource: 'https://mcp.test',
      bearer_methods_supported: ['header'],
    })
  })

  it('never lists offline_access', () => {
    const document = protectedResourceMetadata({
      resource: 'https://mcp.test',
      scopes: ['offline_access', 'a'],
    })
    expect(document.scopes_supported).toEqual(['a'])
  })
})

describe('protectedResourceMetadataUrl', () => {
  it.each([
    ['https://mcp.test/mcp', 'https://mcp.test/.well-known/oauth-protected-resource/mcp'],
    ['https://mcp.test/a/b', 'https://mcp.test/.well-known/oauth-protected-resource/a/b'],
    ['https://mcp.test', 'https://mcp.test/.well-known/oauth-protected-resource'],
    ['https://mcp.test/', 'https://mcp.test/.well-known/oauth-protected-resource'],
    ['http://localhost:3000/mcp', 'http://localhost:3000/.well-known/oauth-protected-resource/mcp'],
  ])('%s -> %s', (resource, url) => {
    expect(protectedResourceMetadataUrl(resource)).toBe(url)
  })
})

describe('metadataResponder', () => {
  it('answers with a document that caches and any origin may keep', async () => {
    const response = metadataResponder({ resource: 'https://mcp.test/mcp' })()
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('cache-control')).toBe('public, max-age=3600')
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(await response.json()).toEqual({ resource: 'https://mcp.test/mcp' })
  })
})

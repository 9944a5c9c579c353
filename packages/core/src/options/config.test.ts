import { describe, expect, it } from 'vitest'
import { logEvents } from '../log/log.ts'
import { oauthProxy, oauthServer } from '../oauth-server.ts'
import type { OAuthProvider } from '../provider.ts'
import { memory } from '../storage/memory.ts'
import type { OAuthServerOptions } from './options.ts'

const provider: OAuthProvider<{ login: string }> = {
  type: 'oauth',
  id: 'acme',
  label: 'Acme',
  client: { id: 'app', auth: { method: 'none' } },
  endpoints: { authorization: 'https://id.test/authorize', token: 'https://id.test/token' },
  scopes: { default: ['profile'] },
  tokens: 'per-login',
  revocation: 'token',
  identify: async () => ({ sub: '1', claims: { login: 'ada' } }),
}

const options = {
  issuer: 'https://mcp.test',
  secret: 'Vq3x8m0TtS2yYk7sPzR5uWb1cDf4gHj6KlN9oQeXaZA=',
  provider,
  storage: memory(),
}

/** As from JavaScript: whatever is wrong reaches the server. */
function making(wrong: Readonly<Record<string, unknown>>): () => unknown {
  return () => oauthProxy({ ...options, ...wrong } as typeof options)
}

describe('a mistake in the options stops the server, names the option and says what to do', () => {
  it.each([
    [{ secret: undefined }, /^secret: is missing.*DRAWBRIDGE_SECRET.*openssl rand -base64 32/],
    [{ secret: 12 }, /^secret: .*openssl rand/],
    [{ secret: 'changeme' }, /^secret: has about 6 random bytes\. .*openssl rand/],
    [{ issuer: undefined }, /^issuer: is missing.*DRAWBRIDGE_ISSUER/],
    [{ issuer: 'http://mcp.test' }, /^issuer: "http:\/\/mcp\.test" is not https.*localhost only/],
    [{ issuer: 'mcp.test' }, /^issuer: "mcp\.test" is not an absolute URL.*https:\/\/mcp\.acme\.dev/],
    [{ issuer: 'localhost:3000' }, /^issuer: "localhost:3000" is not https.*begin with http:\/\//],
    [{ issuer: 'https://mcp.test/' }, /^issuer: .*ends in a slash.*pass "https:\/\/mcp\.test"/],
    [{ issuer: 'https://MCP.test' }, /^issuer: .*normal form.*Pass "https:\/\/mcp\.test"/],
    [{ issuer: 'https://mcp.test?a=b' }, /^issuer: .*has a query/],
    [{ issuer: 'https://mcp.test#a' }, /^issuer: .*has a fragment/],
    [{ issuer: new URL('https://mcp.test') }, /^issuer: is not a string/],
    [{ provider: undefined }, /^provider: is missing.*provider package makes as `provider`/],
    [{ provider: () => provider }, /^provider: is a function\. Call it/],
    [{ provider: { verify: async () => ({ status: 'not-mine' }) } }, /^provider: .*`accept`/],
    [{ providers: [provider] }, /^provider: is given together with `providers`/],
    [{ provider: undefined, providers: provider }, /^providers: is not a list/],
    [{ provider: undefined, providers: [provider, provider] }, /^providers: two have the id "acme"/],
    [{ storage: undefined }, /^storage: is missing.*memory\(\)/],
    [{ storage: memory }, /^storage: is a function\. Call it/],
    [{ storage: new Map() }, /^storage: .*has no put, list/],
    [
      { documentation: { policy: '/privacy' } },
      /^documentation\.policy: got "\/privacy"\. Write the whole URL/,
    ],
    [{ documentation: { terms: 'javascript:alert(1)' } }, /^documentation\.terms: got "javascript:/],
    [{ resource: 'mcp' }, /^resource: "mcp" is not a path.*"\/mcp"/],
    [{ resource: '/mcp/' }, /^resource: "\/mcp\/" is not a path.*does not end in one/],
    [{ resource: 'https://mcp.test/mcp' }, /^resource: .*the host comes from `issuer`/],
    [{ resource: '/token' }, /^resource: "\/token" .*another path/],
    [{ resources: { '/mcp': {}, '/callback/acme': {} } }, /^resources: "\/callback\/acme" /],
    [{ resource: '/mcp', resources: { '/files': {} } }, /^resources: is given together with `resource`/],
    [{ resources: {} }, /^resources: is empty/],
    [{ scopes: 'files:read' }, /^scopes: "files:read" is not a list/],
    [{ scopes: { supported: ['files:read files:write'] } }, /^scopes\.supported: .*is not a scope/],
    [{ resources: { '/mail': { scopes: ['a b'] } } }, /^resources\["\/mail"\]\.scopes: "a b"/],
    [{ scopes: { default: ['read'], required: ['mcp'] } }, /^scopes\.default: lacks "mcp"/],
    [
      { scopes: { required: ['offline_access'] } },
      /^scopes\.required: holds "offline_access"\. Leave it out/,
    ],
    [{ scopes: { challenge: 'all' } }, /^scopes\.challenge: is "all"\. Use 'default', or 'supported'/],
    [{ lifetimes: { accessToken: '1h' } }, /^lifetimes\.accessToken: is "1h"\. Pass whole seconds/],
    [{ lifetimes: { code: 0 } }, /^lifetimes\.code: is 0\./],
    [{ lifetimes: { session: 60, sessionIdle: 61 } }, /^lifetimes\.sessionIdle: is 61, and after .* 60/],
    [{ grantsPerInstallation: 0.5 }, /^grantsPerInstallation: is 0\.5\. Pass a whole number, at least 1\.$/],
    [{ registration: false }, /^registration: is false.*enabled: false/],
    [{ signingKeys: { algorithm: 'HS256' } }, /^signingKeys\.algorithm: is "HS256"\. Use one of ES256/],
    [{ refreshUpstream: 'eager' }, /^refreshUpstream: is "eager"\. Use one of lazy, proactive/],
    [{ accept: { verify() {} } }, /^accept: is not a list/],
    [{ accept: [{}] }, /^accept: .*`verify`/],
    [{ stripPrefix: '/tools' }, /^stripPrefix: "\/tools" .*`issuer` \("\/"\).*Put the prefix into `issuer`/],
    [{ onEvent: 'console' }, /^onEvent: is a text\. Pass a listener, .*, or a list of them/],
    [{ onEvent: [() => {}, undefined] }, /^onEvent: holds something that is no function/],
    [{ onEvent: null }, /^onEvent: is null/],
    [{ onEvent: logEvents }, /^onEvent: .*Call it: `logEvents\(\)`/],
    [{ onEvent: [logEvents] }, /^onEvent: .*Call it: `logEvents\(\)`/],
    [{ log: logEvents() }, /^log: is what logEvents\(\) makes.*as `onEvent`/],
    [{ secret: new Uint8Array(32) }, /^secret: is an? .*Uint8Array.*Pass a text/],
    [{ secret: Promise.resolve('a secret') }, /^secret: is a promise.*what it resolves to/],
  ])('%j', (wrong, message) => {
    expect(making(wrong)).toThrow(message)
  })

  it('keeps credentials in a URL out of the message', () => {
    expect(making({ issuer: 'https://me:hunter2@mcp.test' })).toThrow(/^issuer: /)
    expect(making({ issuer: 'https://me:hunter2@mcp.test' })).not.toThrow(/hunter2/)
  })
})

it('warns of an issuer that holds the path of the resource already', () => {
  const warnings: string[] = []
  const log = (message: string) => void warnings.push(message)
  oauthProxy({ ...options, issuer: 'https://mcp.test/mcp', log })
  expect(warnings).toEqual([
    expect.stringMatching(/^drawbridge warn: issuer: .*https:\/\/mcp\.test\/mcp\/mcp/),
  ])
  oauthProxy({ ...options, issuer: 'https://mcp.test/tools', log })
  expect(warnings).toHaveLength(1)
})

it('takes scopes as a list, for the one resource as for several', async () => {
  const advertised = async (given: Partial<OAuthServerOptions>) => {
    const path = 'https://mcp.test/.well-known/oauth-protected-resource/mcp'
    const response = await oauthServer({ ...options, ...given }).handle(new Request(path))
    return (await response?.json())?.scopes_supported
  }
  expect(await advertised({ scopes: ['a', 'b'] })).toEqual(['a', 'b'])
  expect(await advertised({ resources: { '/mcp': { scopes: ['a', 'b'] } } })).toEqual(['a', 'b'])
  expect(await advertised({ scopes: { default: ['a'], required: ['a'] } })).toEqual(['a'])
  expect(await advertised({})).toEqual(['profile'])
})

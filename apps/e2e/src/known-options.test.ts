import { describe, expect, it } from 'vitest'
import { issuer } from './world.ts'
import { createServer, functions } from './wrong-options.fixture.ts'

describe('an option that does not exist is an error', () => {
  const withMore = (name: string, more: object) => {
    const [, call, good] = functions.find(([of]) => of === name) ?? []
    return () => call?.({ ...good, ...more })
  }

  it.each<[string, object, RegExp]>([
    ['oauthProxy', { isuer: issuer }, /^isuer: .*Did you mean "issuer"\?/],
    ['oauthProxy', { client_secret: 'x' }, /^client_secret: /],
    ['oauthProxy', { introspection: { enabled: false } }, /^introspection: .*no such option.*registration/],
    ['oauthProxy', { revocation: { enable: false } }, /^revocation\.enable: .*"enabled"/],
    ['oauthProxy', { registration: { enable: false } }, /^registration\.enable: .*Did you mean "enabled"\?/],
    ['oauthProxy', { limits: { key: () => 'a', request: {} } }, /^limits\.request: .*"requests"/],
    ['oauthProxy', { redirectUris: { allowed: [] } }, /^redirectUris\.allowed: .*"allow"/],
    ['oauthProxy', { lifetimes: { access_token: 60 } }, /^lifetimes\.access_token: .*"accessToken"/],
    ['oauthProxy', { signingKeys: { algorithms: 'ES256' } }, /^signingKeys\.algorithms: .*"algorithm"/],
    ['oauthProxy', { scopes: { require: ['a'] } }, /^scopes\.require: .*"required"/],
    ['oauthProxy', { documentation: { term: 'x' } }, /^documentation\.term: .*"terms"/],
    ['oauthProxy', { theme: { colour: '#fff' } }, /^theme\.colour: /],
    ['oauthProxy', { messages: { cancle: 'x' } }, /^messages\.cancle: .*"cancel"/],
    ['oauthProxy', { pages: { signin: () => {} } }, /^pages\.signin: .*Did you mean "signIn"\?/],
    [
      'oauthProxy',
      { clients: [{ client_id: 'a', redirect_uri: 'x' }] },
      /^clients\["a"\]\.redirect_uri: .*"redirect_uris"/,
    ],
    ['oauthServer', { resources: { '/a': { scope: ['a'] } } }, /^resources\["\/a"\]\.scope: .*"scopes"/],
    [
      'oauthServer',
      { resources: { '/a': { scopes: { defaults: [] } } } },
      /^resources\["\/a"\]\.scopes\.defaults: .*"default"/,
    ],
    ['resourceServer', { verifiers: [] }, /^verifiers: .*"verifier"/],
    ['resourceServer', { metadata: { uri: 'x' } }, /^metadata\.uri: .*"url"/],
    ['resourceServer', { scopes: { supports: [] } }, /^scopes\.supports: .*"supported"/],
    ['resourceServer', { documentation: { terns: 'x' } }, /^documentation\.terns: .*"terms"/],
    ['apiKeys', { keysPerPerson: 5 }, /^apiKeys\.keysPerPerson: /],
    ['memory', { maxEntry: 5 }, /^memory\.maxEntry: .*"maxEntries"/],
    ['sqlite', { file: 'a' }, /^sqlite\.file: .*path/],
    ['redis', { url: 'redis://a' }, /^redis\.url: .*client/],
    ['postgres', { connectionString: 'a' }, /^postgres\.connectionString: .*pool/],
    ['d1', { binding: 'a' }, /^d1\.binding: .*database/],
    ['schemaSql', { tables: 'a' }, /^postgres\.tables: .*"table"/],
    [
      'dangerouslyStaticTokens',
      { x: { subject: 'a', scope: ['a'] } },
      /^dangerouslyStaticTokens: .*scope.*"scopes"/,
    ],
    ['dangerouslyStaticTokens, 2nd', { logs: false }, /^dangerouslyStaticTokens\.logs: .*"log"/],
    ['github', { clientid: 'a' }, /^clientid: .*"clientId"/],
    ['github', { allow: { organisations: ['a'] } }, /^allow\.organisations: .*"organizations"/],
    ['github', { endpoints: { tokens: 'a' } }, /^endpoints\.tokens: .*"token"/],
    ['githubTokenVerifier', { scopes: ['a'] }, /^scopes: /],
    ['jwtVerifier', { audiences: ['a'] }, /^audiences: .*"audience"/],
    ['introspectionVerifier', { client: { id: 'a', secret: 'b', auth: 'c' } }, /^client\.auth: /],
    ['introspectionVerifier', { cache: { seconds: 1, max: 5 } }, /^cache\.max: /],
    ['introspectionVerifier', { url: 'a' }, /^url: /],
    ['mcp', { servers: createServer }, /^servers: .*"server"/],
    ['mcp', { sessions: { idle: 5 } }, /^sessions\.idle: /],
    ['mcp', { require: { tool: {} } }, /^require\.tool: .*"tools"/],
    ['logEvents', { lvel: 'debug' }, /^logEvents\.lvel: .*"level"/],
    ['hono drawbridge, 2nd', { clientAdress: () => 'a' }, /^drawbridge\.clientAdress: .*"clientAddress"/],
    ['hono protect, 2nd', { scope: ['a'] }, /^protect\.scope: .*"scopes"/],
    ['express protect, 2nd', { scope: ['a'] }, /^protect\.scope: .*"scopes"/],
    ['fastify protect, 2nd', { scope: ['a'] }, /^protect\.scope: .*"scopes"/],
    ['node drawbridge, 2nd', { clientAdress: () => 'a' }, /^drawbridge\.clientAdress: .*"clientAddress"/],
    ['node protect, 2nd', { scope: ['a'] }, /^protect\.scope: .*"scopes"/],
  ])('%s %j', (name, more, message) => {
    expect(withMore(name, more)).toThrow(message)
  })

  it('also where it is undefined, and what is good passes', () => {
    expect(withMore('oauthProxy', { isuer: undefined })).toThrow(/^isuer: /)
    for (const [name] of functions) if (name !== 'sqlite') expect(withMore(name, {}), name).not.toThrow()
  })
})

import fc from 'fast-check'
import { assertionEdits, assertionType, signingKeys } from './assertions.fixture.ts'
import type { Edit } from './edits.fixture.ts'
import type { Place } from './shot.fixture.ts'
import { echoHost, jsonText, text } from './texts.fixture.ts'

/** Spellings of addresses at which somebody does publish something. */
const documentUrl: fc.Arbitrary<string> = fc.constantFrom(
  ...[
    '/client.json',
    '/a/../client.json',
    '/a/%2e%2E/client.json',
    '/./client.json',
    '/a/..;/client.json',
    '/client.json#fragment',
    '/client.json?x=1',
    '/"><fuzz-element>',
    "/it's",
    '/cli ent.json',
    '/\\client.json',
    '/%00',
    '/%zz',
    '',
    '/',
    '?x',
    ':8443/client.json',
    ':0/client.json',
    ':99999/client.json',
    '.:443/client.json',
    '@other.example/client.json',
    `/${'a'.repeat(1100)}`,
  ].map((rest) => echoHost + rest),
  'https://user:pass@echo.example/client.json',
  'https://ECHO.example/client.json',
  'HTTPS://echo.example/client.json',
  'http://echo.example/client.json',
  'https:/echo.example/client.json',
  'https:\\\\echo.example\\client.json',
  'https://echo\u3002example/client.json',
  'https://127.0.0.1/client.json',
  'https://[::1]/client.json',
  'https://client.example/other.json',
  'https://client.example/jwks.json',
  'https://unknown.example/client.json',
  'https://mcp.test/.well-known/oauth-authorization-server',
)
const keySetText = fc.constantFrom(
  ...[
    { keys: [{ ...signingKeys.unknown.jwk, d: 'AAAA' }] },
    { keys: [{ kty: 'oct', k: 'AAAA' }] },
    { keys: [] },
    { keys: [signingKeys.unknown.jwk] },
    { keys: Array(60).fill(signingKeys.unknown.jwk) },
    { keys: [{ kty: 'RSA', n: 'A'.repeat(5000), e: 'AQAB' }] },
    { keys: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }] },
    { keys: [{ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }] },
    { keys: [{ kty: 'EC', crv: { toString: 1 } }] },
    { keys: [{ kty: ['EC'] }, null, 1, 'x', [], { ...signingKeys.own.jwk, use: 'enc' }] },
    { keys: { length: 1, 0: signingKeys.own.jwk } },
    { keys: [{ ...signingKeys.own.jwk, kid: { a: 1 } }, signingKeys.own.jwk, signingKeys.own.jwk] },
    [signingKeys.own.jwk],
    'x',
  ].map((set) => JSON.stringify(set)),
)
const addresses = fc.constantFrom(
  '198.51.100.1',
  '::1',
  '2001:db8::1',
  '198.51.100.1, 10.0.0.1',
  '[::1]:1',
  ',',
)

const authorization = fc.constantFrom(
  'Bearer',
  'Bearer x',
  'Basic x',
  'bearer a, Bearer b',
  `Bearer ${'x'.repeat(3000)}`,
)

const prompt = fc.oneof(
  fc.constantFrom(
    ...['none', 'none', ' none', 'none\t', 'NONE', 'none none', 'none login', 'consent none', 'none,login'],
    ...['login', 'select_account', 'login select_account', 'consent', 'create', ' ', '%20none'],
  ),
  text,
)

/** A second Authorization header, before the request's own or after it: servers and proxies take one of them, and not the same. */
export const secondCredentials: fc.Arbitrary<Edit> = fc.record({
  do: fc.constant('second credentials'),
  what: fc.nat(20),
  isFirst: fc.boolean(),
}) as fc.Arbitrary<Edit>

const put = (where: Place, name: string, texts: fc.Arbitrary<string>) =>
  fc.record({ do: fc.constant('put'), in: fc.constant(where), name: fc.constant(name), text: texts })

/** Of a request whose client signs. */
export const signingEdit: fc.Arbitrary<Edit> = fc.oneof(
  {
    arbitrary: fc.record({
      do: fc.constant('assertion'),
      how: fc.constantFrom('used before' as const, 'used before' as const, ...assertionEdits),
    }),
    weight: 10,
  },
  { arbitrary: put('form', 'client_secret', text), weight: 1 },
  {
    arbitrary: put('form', 'client_assertion_type', fc.oneof(fc.constant(` ${assertionType}`), text)),
    weight: 1,
  },
  { arbitrary: put('form', 'client_assertion', fc.oneof(text, fc.constant('a.b.c'))), weight: 1 },
  { arbitrary: put('form', 'client_id', fc.oneof(documentUrl, text)), weight: 2 },
  { arbitrary: put('headers', 'authorization', authorization), weight: 1 },
) as fc.Arbitrary<Edit>

/** Of an authorization request: other spellings of its client, and what makes it faulty. */
export const askingEdit: fc.Arbitrary<Edit> = fc.oneof(
  { arbitrary: put('query', 'client_id', documentUrl), weight: 4 },
  {
    arbitrary: put('query', 'redirect_uri', fc.constantFrom(`${echoHost}/callback`, 'https://evil.example/')),
    weight: 1,
  },
  {
    arbitrary: put('query', 'response_type', fc.constantFrom('token', '', 'code token', 'none')),
    weight: 2,
  },
  { arbitrary: put('query', 'scope', fc.oneof(fc.constantFrom('nothing', 'files:all'), text)), weight: 2 },
  { arbitrary: put('query', 'prompt', prompt), weight: 3 },
  { arbitrary: put('headers', 'x-forwarded-for', fc.oneof(addresses, text)), weight: 1 },
) as fc.Arbitrary<Edit>

/** Of a registration. */
export const registeringEdit: fc.Arbitrary<Edit> = fc.oneof(
  { arbitrary: put('json', 'jwks', fc.oneof(keySetText, jsonText)), weight: 3 },
  {
    arbitrary: put(
      'json',
      'jwks_uri',
      fc.oneof(documentUrl, text).map((one) => JSON.stringify(one)),
    ),
    weight: 2,
  },
  {
    arbitrary: put(
      'json',
      'token_endpoint_auth_method',
      fc.constantFrom('"private_key_jwt"', '"none"', '"tls_client_auth"', '["none"]'),
    ),
    weight: 2,
  },
  {
    arbitrary: put('json', 'software_id', fc.constantFrom('"throws"', '"nonsense"', '"refused"', '"no"')),
    weight: 4,
  },
  { arbitrary: put('headers', 'authorization', authorization), weight: 2 },
) as fc.Arbitrary<Edit>

/** Of what a document says, in particular. */
export const documentEdit: fc.Arbitrary<Edit> = fc
  .constantFrom<[string, unknown]>(
    ['client_id', 'https://CLIENT.example/client.json'],
    ['client_secret', 'x'],
    ['client_secret_expires_at', 0],
    ['redirect_uris', ['https://evil.example/callback']],
    ['redirect_uris', ['javascript:alert(1)']],
    ['redirect_uris', []],
    ['redirect_uris', { length: 1 }],
    ['redirect_uris', Array(40).fill('http://127.0.0.1/callback')],
    ['client_name', '"><fuzz-element fuzz-attribute=1>'],
    ['client_name', 'a\u202eb'],
    ['client_name', 'x'.repeat(201)],
    ['client_name', { toString: 1 }],
    ['client_uri', 'https://client.example/"><fuzz-element>'],
    ['token_endpoint_auth_method', 'client_secret_basic'],
    ['token_endpoint_auth_method', 'none'],
    ['token_endpoint_auth_method', 'private_key_jwt'],
    ['token_endpoint_auth_method', ['none']],
    ['token_endpoint_auth_methods_supported', 'none'],
    ['grant_types', ['client_credentials']],
    ['response_types', ['token']],
    ['scope', 'files:read admin'],
    ['jwks_uri', 'http://client.example/jwks.json'],
    ['jwks_uri', 'https://unknown.example/jwks.json'],
    ['jwks', { keys: [{ ...signingKeys.unknown.jwk, d: 'x' }] }],
    ['jwks', { keys: [signingKeys.unknown.jwk] }],
    ['token_endpoint_auth_signing_alg', 'none'],
    ['token_endpoint_auth_signing_alg', 'RS256'],
    ['application_type', 'web'],
    ['__proto__', { redirect_uris: ['https://evil.example/callback'] }],
  )
  .map(([name, value]) => ({ do: 'put', in: 'json', name, text: JSON.stringify(value) }))

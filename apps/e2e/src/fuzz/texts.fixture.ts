import fc from 'fast-check'

/** Without halves of surrogate pairs, as whatever writes UTF-8 leaves them. */
export const wellFormed = (text: string): string => Buffer.from(text).toString()

// What strangers write. Each is something that has gone wrong somewhere.

/** A host that publishes something right under any of its addresses. */
export const echoHost = 'https://echo.example'

/** Markup that would make an element or an attribute of these names, were it not escaped. */
export const markElement = 'fuzz-element'
export const markAttribute = 'fuzz-attribute'
export const marks: readonly string[] = [
  `"><${markElement} ${markAttribute}=1>`,
  `'><${markElement} ${markAttribute}=1>`,
  `</title></style></bdi></code><${markElement}>`,
  `" ${markAttribute}="1`,
  `' ${markAttribute}='1`,
  `<script>${markElement}()</script>`,
  `<!--<${markElement}>`,
  `&lt;${markElement}&gt;&#60;${markElement}&#62;`,
  `<img src=x ${markAttribute}=1 onerror=x>`,
]

const controls = [
  '\0',
  '\n',
  '\r\n',
  '\t',
  '\u001b[2J',
  '\x7f',
  '\u0085',
  '\u2028',
  '\ufeff',
  '\u202e',
  '\u200b',
]
const halves = ['\ud800', '\udfff', 'a\ud83d', '\udc00b']
const numbers = ['0', '-1', '1e999', 'NaN', '9007199254740993', '0x10', '١']
const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'then', 'prototype', 'length']
const words = [
  '',
  ' ',
  '*',
  'null',
  'undefined',
  'true',
  '[object Object]',
  '%',
  '%00',
  '%2e%2e',
  '../..',
  '\\',
  ';',
]

/** Places a browser must not be sent to, and spellings of good ones. */
export const uris: readonly string[] = [
  'https://evil.example/',
  'http://evil.example/callback',
  '//evil.example',
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'java\tscript:alert(1)',
  'data:text/html,<script>1</script>',
  'vbscript:1',
  'file:///etc/passwd',
  'blob:https://mcp.test/1',
  'about:blank',
  'https://mcp.test/callback/github',
  'https://mcp.test/token',
  'http://127.0.0.1:33418/callback#fragment',
  'http://127.0.0.1:33418/callback/../evil',
  'http://127.0.0.1:33418/callback%2f..%2fevil',
  'http://127.0.0.1:33418/callback?code=1&iss=evil',
  'http://127.0.0.1:33418@evil.example/callback',
  'http://127.0.0.1.evil.example:33418/callback',
  'http://127.0.0.1:1/callback',
  'http://127.0.0.1:99999/callback',
  'http://127.1:33418/callback',
  'http://2130706433/callback',
  'http://localhost:33418/callback',
  'http://[::1]:33418/callback',
  'http://[::ffff:127.0.0.1]/callback',
  'HTTP://127.0.0.1:33418/callback',
  'http://127.0.0.1:33418/Callback',
  'http://127.0.0.1:33418/callback/',
  'http://127.0.0.1:33418/callback?',
  ' http://127.0.0.1:33418/callback',
  'http://127.0.0.1:33418\\@evil.example/callback',
  'https://аpp.example/callback',
  'https://app.example/callback',
  'https://app.example/callback?next=1',
  'com.example.app:/callback',
  'com.example.app://callback',
  'cursor://anysphere.cursor-mcp/oauth/callback',
  'app:x',
  'x:',
  ':',
]

const scopes = [
  'openid',
  'offline_access',
  'files:read',
  'files:write files:read',
  'read:user  read:user',
  'admin:everything',
  'a"b',
  'a\\b',
  'scope="x" error="y"',
  'x '.repeat(3000),
]

const resources = [
  'https://mcp.test/mcp',
  'https://mcp.test/mcp/',
  'HTTPS://MCP.TEST/mcp',
  'https://mcp.test:443/mcp',
  'https://mcp.test/MCP',
  'https://mcp.test/mcp#x',
  'https://other.test/mcp',
  'urn:x',
]

const grantTypes = ['authorization_code', 'refresh_token', 'client_credentials', 'implicit', 'password']
const protocolWords = [
  'code',
  'token',
  'S256',
  'plain',
  'none',
  'query',
  'fragment',
  'approve',
  'deny',
  'github',
  'acme',
  'apple',
  'ada',
  'octocat',
  'login',
  'access_denied',
  'server_error',
  'application/json',
  'text/html',
  '*/*',
  'same-origin',
  'cross-site',
  'https://mcp.test',
]
const authorizations = [
  'Basic',
  'Basic ',
  'Basic !!!',
  'Basic eHl6',
  'Basic Og==',
  'Basic OnNlY3JldA==',
  'Basic JTAwOiUwMA==',
  'Bearer',
  'Bearer a b',
  'bearer x, Bearer y',
  'Digest x',
  ', ,',
  'Bearer eyJhbGciOiJub25lIn0.e30.',
  'Bearer eyJhbGciOiJIUzI1NiJ9.bnVsbA.AA',
]

const long = [
  'A'.repeat(300),
  'A'.repeat(5000),
  'é'.repeat(2048),
  '"'.repeat(4096),
  '\u0301'.repeat(300),
  'A'.repeat(70_000),
]

const known = fc.constantFrom(
  ...marks,
  ...marks,
  ...controls,
  ...controls,
  ...controls,
  '\0',
  '\0',
  '\0',
  ...halves,
  ...numbers,
  ...names,
  ...words,
  ...uris,
  ...scopes,
  ...resources,
  ...grantTypes,
  ...protocolWords,
  ...authorizations,
  ...long,
)

/** Any character, halves of surrogate pairs among them. Those of fast-check make tables that take seconds. */
const character = fc
  .oneof(
    { arbitrary: fc.integer({ min: 0, max: 0x7f }), weight: 3 },
    { arbitrary: fc.integer({ min: 0x80, max: 0x2fff }), weight: 2 },
    { arbitrary: fc.integer({ min: 0xd800, max: 0x10ffff }), weight: 1 },
  )
  .map((code) => String.fromCodePoint(code))

/** Any text. */
export const text: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: known, weight: 8 },
  { arbitrary: fc.string({ unit: character, maxLength: 30 }), weight: 2 },
  { arbitrary: fc.tuple(known, known).map((pair) => pair.join('')), weight: 1 },
)

/** As it would stand in a query or a form: `%` is not escaped again. */
export const encodedText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '%',
    '%zz',
    '%00',
    '%0d%0aset-cookie:x=1',
    '%c0%af',
    '%e0%80%af',
    '%ed%a0%80',
    '%f4%90%80%80',
    '%ff%fe',
    '%u0041',
    '%2525',
    '+',
    '%2B',
    '%20',
    '&',
    '=',
    '&&a',
    '=b',
    ';',
    '%EF%BB%BF',
    '%E2%80%AE',
    '[]',
    '[a]=1',
  ),
  text.map((one) => encodeURIComponent(wellFormed(one))),
)

const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)

/** The text of a JSON value, or of nearly one. */
export const jsonText: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: text.map((one) => JSON.stringify(one)), weight: 4 },
  { arbitrary: text.map((one) => JSON.stringify([one])), weight: 3 },
  { arbitrary: fc.array(text, { maxLength: 4 }).map((all) => JSON.stringify(all)), weight: 1 },
  { arbitrary: fc.json({ maxDepth: 3, stringUnit: character }), weight: 2 },
  {
    arbitrary: fc.constantFrom(
      'null',
      '0',
      '-1',
      '1e400',
      '1E-400',
      '9007199254740993',
      'true',
      '""',
      '{}',
      '[]',
      '[null]',
      '[[]]',
      '[{}]',
      '{"__proto__":{"redirect_uris":["https://evil.example/"]}}',
      '{"toString":1}',
      '"\\ud800"',
      '"\\u0000"',
      '[1,"a"]',
      deep(90),
      deep(200),
      deep(20_000),
      '',
      'NaN',
      "'x'",
      '[,]',
      JSON.stringify(Array(25).fill('https://app.example/callback')),
    ),
    weight: 4,
  },
)

/** A whole body that is of some other shape. */
export const bodyText: fc.Arbitrary<string> = fc.oneof(
  jsonText,
  text,
  fc.constantFrom(
    '',
    '{',
    '{}',
    '[]',
    'null',
    '\ufeff{}',
    '{"a":1,"a":2}',
    'a=1&a=2',
    '&&&',
    '=',
    'a',
    '<xml/>',
    '--x\r\ncontent-disposition: form-data; name="code"\r\n\r\n1\r\n--x--',
    deep(30_000),
    `a=${'x'.repeat(70_000)}`,
    Array.from({ length: 1500 }, (_, index) => `p${index}=1`).join('&'),
  ),
)

export const contentType: fc.Arbitrary<string> = fc.constantFrom(
  'application/json',
  'application/x-www-form-urlencoded',
  'application/x-www-form-urlencoded; charset=utf-16',
  'application/json; charset=latin1',
  'APPLICATION/JSON',
  'application/x-www-form-urlencoded, application/json',
  'multipart/form-data; boundary=x',
  'text/plain',
  'text/html',
  'x/y; charset',
  'application/json;',
  '',
  ';',
  'application/octet-stream',
  'application/json, application/x-www-form-urlencoded;charset=UTF-8',
)

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { rules, type Tree } from './architecture.ts'
import { parseModule } from './source.ts'
import { publishedPackages, root, shippedModules } from './workspace.ts'

const packages = publishedPackages()

const tree: Tree = {
  modules: packages
    .flatMap(({ folder }) => shippedModules(folder))
    .map((path) => parseModule(path, readFileSync(join(root, path), 'utf8'))),
  manifests: Object.fromEntries(packages.map(({ folder, manifest }) => [folder, manifest])),
}

describe('the tree keeps to the layout', () => {
  it.each(rules)('$name', ({ broken }) => {
    expect(broken(tree)).toEqual([])
  })

  it('and was looked at in full', () => {
    const looked = new Set(tree.modules.map(({ path }) => path.slice(0, path.indexOf('/src/'))))
    expect([...looked].sort()).toEqual(packages.map(({ folder }) => folder))
  })
})

/** An empty entry of the GitHub package, for rules that look at more than one module. */
const entries = [parseModule('packages/providers/github/src/index.ts', '')]

/** Sources that break a rule, and the line the rule must name. Each stands for a way in which it was once tempting. */
const violations: Record<string, [path: string, source: string, finding: RegExp][]> = {
  'in core, imports point down the lines, those of types too': [
    [
      'packages/core/src/records/grant.ts',
      `import { x } from '../grants/x.ts'`,
      /records\/grant\.ts:1 imports grants\/x/,
    ],
    [
      'packages/core/src/grants/a.ts',
      `\nimport type { T } from '../endpoints/token.ts'`,
      /:2 imports endpoints\/token/,
    ],
    ['packages/core/src/grants/a.ts', `import { x } from '../clients/x.ts'`, /imports clients\/x/],
    ['packages/core/src/engine/a.ts', `import type { T } from '../options/config.ts'`, /imports options\/c/],
    ['packages/core/src/crypto/a.ts', `export { x } from '../records/grant.ts'`, /imports records\/grant/],
    ['packages/core/src/http/a.ts', `import { x } from '../crypto/hash.ts'`, /imports crypto\/hash/],
    ['packages/core/src/http/a.ts', `import { x } from '../pages/pages.ts'`, /imports pages\/pages/],
    ['packages/core/src/pages/a.ts', `let x: import('../records/grant.ts').Grant`, /imports records\/grant/],
    ['packages/core/src/pages/a.ts', `import type { T } from '../grants/a.ts'`, /imports grants\/a/],
    [
      'packages/core/src/events.ts',
      `import { x } from './records/grant.ts'`,
      /events\.ts:1 imports records\/grant/,
    ],
    [
      'packages/core/src/endpoints/a.ts',
      `import type { OAuthServer } from '../oauth-server.ts'`,
      /imports oauth-server/,
    ],
    [
      'packages/core/src/endpoints/a.ts',
      `const x = await import('../oauth-server.ts')`,
      /imports oauth-server/,
    ],
  ],
  'in core, every folder and every file beside them is one the layout knows': [
    ['packages/core/src/utils/a.ts', '', /src\/utils is no role/],
    ['packages/core/src/helpers.ts', '', /src\/helpers\.ts is no role/],
  ],
  'only records/ reads and writes Storage': [
    [
      'packages/core/src/grants/a.ts',
      `import type { Storage } from '../storage/storage.ts'`,
      /grants\/a\.ts:1/,
    ],
    [
      'packages/core/src/endpoints/a.ts',
      `import { memory } from '../storage/memory.ts'`,
      /endpoints\/a\.ts:1/,
    ],
  ],
  'only crypto/ uses keys: jose, @noble and the crypto global': [
    ['packages/core/src/grants/a.ts', `import { SignJWT } from 'jose'`, /imports jose/],
    ['packages/core/src/grants/a.ts', `import { decode } from 'jose/base64url'`, /imports jose/],
    ['packages/core/src/http/a.ts', `await crypto.subtle.importKey('raw', x)`, /uses crypto/],
    ['packages/core/src/http/a.ts', `globalThis.crypto.getRandomValues(x)`, /uses crypto/],
    ['packages/core/src/http/a.ts', `const { subtle } = crypto`, /uses crypto/],
  ],
  'only http/ reads requests: bodies and cookies': [
    ['packages/core/src/endpoints/a.ts', `await request.formData()`, /calls request\.formData/],
    ['packages/core/src/endpoints/a.ts', `await r.json()`, /calls r\.json/],
    ['packages/core/src/clients/a.ts', `await context.request.text()`, /calls context\.request\.text/],
    ['packages/core/src/clients/a.ts', `await request['text']()`, /calls request\.text/],
    ['packages/core/src/clients/a.ts', `request.headers.get('Cookie')`, /names the cookie header/],
  ],
  'core imports no framework, no SDK, no Node built-in outside egress/node/, and only the small zod': [
    ['packages/core/src/http/a.ts', `import { createHash } from 'node:crypto'`, /imports node:crypto/],
    ['packages/core/src/egress/a.ts', `import { request } from 'node:https'`, /imports node:https/],
    ['packages/core/src/syntax/a.ts', `import ipaddr from 'ipaddr.js'`, /imports ipaddr/],
    ['packages/core/src/http/a.ts', `import { Hono } from 'hono'`, /imports hono/],
    [
      'packages/core/src/http/a.ts',
      `import type { A } from '@modelcontextprotocol/sdk/x.js'`,
      /imports @modelcontext/,
    ],
    ['packages/core/src/http/a.ts', `import { z } from 'zod'`, /imports zod/],
    ['packages/core/src/http/a.ts', `import { string } from 'zod/mini'`, /imports zod\/mini/],
    [
      'packages/core/src/http/a.ts',
      `import { x } from '../../../mcp/src/index.ts'`,
      /imports \.\.\/\.\.\/\.\.\/mcp/,
    ],
  ],
  'in core, only the entry for Node knows what is in egress/node/': [
    [
      'packages/core/src/egress/guarded.ts',
      `import { x } from './node/resolve.ts'`,
      /guarded\.ts:1 imports egress\/node\/resolve/,
    ],
    ['packages/core/src/options/a.ts', `import { egress } from '../egress/node.ts'`, /imports egress\/node/],
    [
      'packages/core/src/oauth-server.ts',
      `import { x } from './egress/workerd.ts'`,
      /imports egress\/workerd/,
    ],
  ],
  'only identity/ speaks OAuth to a provider': [
    ['packages/core/src/grants/a.ts', `import * as oauth from 'oauth4webapi'`, /imports oauth4webapi/],
  ],
  'packages see only the entries of other packages that are meant for them': [
    [
      'packages/providers/github/src/a.ts',
      `import { oauthServer } from '@drawbridge/core'`,
      /imports @drawbridge\/core$/,
    ],
    [
      'packages/providers/github/src/a.ts',
      `import type { A } from '@drawbridge/testing'`,
      /imports @drawbridge\/testing/,
    ],
    [
      'packages/storage/sqlite/src/a.ts',
      `import { A } from '@drawbridge/core/provider'`,
      /imports @drawbridge\/core\/p/,
    ],
    [
      'packages/adapters/hono/src/a.ts',
      `import { A } from '@drawbridge/core/storage'`,
      /imports @drawbridge\/core\/s/,
    ],
    [
      'packages/adapters/koa/src/a.ts',
      `import { protect } from '@drawbridge/node'`,
      /imports @drawbridge\/node$/,
    ],
    ['packages/core/src/a.ts', `import { github } from '@drawbridge/github'`, /imports @drawbridge\/github/],
    [
      'packages/core/src/a.ts',
      `import { oauthServer } from '@drawbridge/core'`,
      /imports @drawbridge\/core$/,
    ],
  ],
  'a package imports what its package.json declares, and stays in its folder': [
    ['packages/providers/github/src/a.ts', `import { SignJWT } from 'jose/x'`, /imports jose\/x/],
    [
      'packages/providers/github/src/a.ts',
      `import { x } from '../../jwt/src/x.ts'`,
      /imports \.\.\/\.\.\/jwt/,
    ],
  ],
  'every module serves something its package exports, or a command of it': [
    [
      'packages/providers/github/src/forgotten.ts',
      'export const x = 1',
      /src\/forgotten\.ts is imported by nothing/,
    ],
  ],
  'an adapter holds no OAuth': [
    ['packages/adapters/hono/src/a.ts', `c.req.query('code_challenge')`, /says code_challenge/],
    ['packages/adapters/hono/src/a.ts', 'c.header(`WWW-Authenticate`, x)', /says WWW-Authenticate/],
    ['packages/adapters/hono/src/a.ts', `const { redirect_uri } = x`, /says redirect_uri/],
  ],
  'an adapter is under 150 lines of code, the bridge they stand on and the server in one call under 250': [
    ['packages/adapters/hono/src/a.ts', 'x()\n'.repeat(150), /^packages\/adapters\/hono has 150 lines/],
    ['packages/adapters/node/src/a.ts', 'x()\n'.repeat(150), /^packages\/adapters\/node has 150 lines/],
    ['packages/adapters/node/src/bridge/a.ts', 'x()\n'.repeat(250), /node\/src\/bridge has 250 lines/],
  ],
}

describe('each rule can fail', () => {
  it.each(rules)('$name', ({ name, broken }) => {
    const cases = violations[name] ?? []
    expect(cases).not.toHaveLength(0)
    for (const [path, source, finding] of cases) {
      const modules = [parseModule(path, source), ...entries.filter((entry) => entry.path !== path)]
      const findings = broken({ modules, manifests: tree.manifests })
      expect(findings, source).toContainEqual(expect.stringMatching(finding))
    }
  })
})

describe('what the layout allows is allowed', () => {
  const allowed: [path: string, source: string][] = [
    ['packages/core/src/endpoints/token.ts', `import { x } from '../grants/refresh-token.ts'`],
    [
      'packages/core/src/endpoints/a.ts',
      `import { x } from '../pages/consent.ts'\nimport { y } from '../http/forms.ts'`,
    ],
    ['packages/core/src/grants/a.ts', `import type { Engine } from '../engine/engine.ts'`],
    ['packages/core/src/options/a.ts', `import type { Storage } from '../storage/storage.ts'`],
    ['packages/core/src/http/a.ts', `import { OAuthError } from '../errors.ts'\nawait request.formData()`],
    [
      'packages/core/src/identity/a.ts',
      `await response.json()\nResponse.json({ a: 1 })\nawait tokenResponse.text()`,
    ],
    ['packages/core/src/storage/memory.ts', `crypto.randomUUID()\nawait crypto.subtle.digest('SHA-256', x)`],
    ['packages/core/src/oauth-server.ts', `import { egress } from '@drawbridge/core/egress'`],
    ['packages/core/src/clients/a.ts', `import type { Egress } from '../egress/egress.ts'`],
    ['packages/core/src/egress/node/a.ts', `import { request } from 'node:https'`],
    ['packages/core/src/egress/address.ts', `import ipaddr from 'ipaddr.js'`],
    ['packages/core/src/oauth-server.ts', `import { memory } from './storage/memory.ts'`],
    [
      'packages/core/src/crypto/a.ts',
      `import { SignJWT } from 'jose'\nawait crypto.subtle.digest('SHA-256', x)`,
    ],
    ['packages/adapters/hono/src/a.ts', `${'// why\n\n/**\n * what\n */\n'.repeat(200)}x()`],
    ['packages/adapters/node/src/bridge/a.ts', 'x()\n'.repeat(249)],
    ['packages/adapters/express/src/a.ts', `import { send } from '@drawbridge/node/bridge'`],
    ['packages/storage/sqlite/src/a.ts', `import { DatabaseSync } from 'node:sqlite'`],
  ]

  it.each(allowed)('%s', (path, source) => {
    const one: Tree = { modules: [parseModule(path, source)], manifests: tree.manifests }
    expect(rules.flatMap(({ broken }) => broken(one))).toEqual([])
  })
})

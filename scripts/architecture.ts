import { builtinModules } from 'node:module'
import { posix } from 'node:path'
import type { Module } from './source.ts'
import type { Manifest } from './workspace.ts'

/** What the layout promises and a compiler does not check. Every rule answers with the places that break it. */
export interface Rule {
  name: string
  /** Sentences such as `packages/core/src/http/forms.ts:3 imports records/grant.ts`. */
  broken(tree: Tree): string[]
}

export interface Tree {
  /** Shipped modules. */
  modules: readonly Module[]
  /** By the package's folder. */
  manifests: Readonly<Record<string, Manifest>>
}

const core = 'packages/core/src/'

/**
 * Lines of core, top to bottom: folders, and files that stand alone. A line imports any below it, types included, and
 * neither itself nor anything above. The first seven are roles; the rest are leaves, which know of no role.
 */
const lines = [
  ['options'],
  ['endpoints'],
  ['grants', 'clients', 'resource-server'],
  ['engine'],
  ['identity'],
  ['records'],
  ['storage', 'crypto'],
  ['http', 'pages', 'log'],
  ['oauth-error.ts'],
  ['events.ts'],
  ['auth.ts', 'syntax'],
  ['known-options.ts', 'listener.ts', 'environment.ts', 'bounded-cache.ts', 'egress'],
  ['errors.ts', 'clock.ts'],
] as const

/** Entry points, and where a server is put together. They may import everything, and nothing in the lines imports them. */
const roots = [
  'index.ts',
  'api-keys.ts',
  'languages.ts',
  'pages.ts',
  'products.ts',
  'provider.ts',
  'storage.ts',
  'syntax.ts',
  'egress.ts',
  'oauth-server.ts',
  'authorization-server.ts',
  'resource-server.ts',
]

const coreLibraries = [
  '@noble/ciphers/chacha.js',
  '@noble/ciphers/utils.js',
  '@noble/hashes/hkdf.js',
  '@noble/hashes/hmac.js',
  '@noble/hashes/sha2.js',
  'jose',
  'oauth4webapi',
  'zod/mini',
]

/** The few files in core that read IP addresses, each for its own reason. */
const readingAddresses = ['egress/ipv6.ts', 'egress/address.ts', 'syntax/sender-address.ts'].map(
  (file) => `${core}${file}`,
)

/** What is there by runtime; core asks for it by its own name, and nothing names one of the files. */
const byRuntime = '@drawbridge/core/egress'

/** The one place in core with Node's own modules. It is loaded on Node only. */
const onNode = `${core}egress/node/`

const builtins = new Set(builtinModules)

export const rules: readonly Rule[] = [
  {
    name: 'in core, imports point down the lines, those of types too',
    broken: (tree) =>
      coreImports(tree).flatMap(({ module, to, line }) => {
        const from = role(module.path)
        const target = role(core + to)
        const allowed = roots.includes(from) || from === target || depth(target) > depth(from)
        return allowed ? [] : [`${module.path}:${line} imports ${to}`]
      }),
  },
  {
    name: 'in core, every folder and every file beside them is one the layout knows',
    broken: (tree) =>
      unique(coreModules(tree).map(({ path }) => role(path)))
        .filter((name) => !roots.includes(name) && depth(name) === -1)
        .map((name) => `${core}${name} is no role`),
  },
  {
    name: 'only records/ reads and writes Storage',
    broken: (tree) =>
      coreImports(tree)
        .filter(({ module, to, typeOnly }) => {
          const from = role(module.path)
          const isOption = typeOnly && from === 'options'
          return (
            role(core + to) === 'storage' && !isOption && !['records', 'storage', ...roots].includes(from)
          )
        })
        .map(({ module, to, line }) => `${module.path}:${line} imports ${to}`),
  },
  {
    name: 'only crypto/ uses keys: jose, @noble and the crypto global',
    broken: (tree) =>
      coreModules(tree)
        .filter(({ path }) => role(path) !== 'crypto')
        .flatMap((module) => [
          ...module.imports
            .filter(({ specifier, typeOnly }) => /^(jose|@noble)($|\/)/.test(specifier) && !typeOnly)
            .map(({ specifier, line }) => `${module.path}:${line} imports ${specifier}`),
          ...module.names
            .filter(({ text, line }) => text === 'crypto' && !isKeyless(module, line))
            .map(({ line }) => `${module.path}:${line} uses crypto`),
        ]),
  },
  {
    name: 'only http/ reads requests: bodies and cookies',
    broken: (tree) =>
      coreModules(tree)
        .filter(({ path }) => role(path) !== 'http')
        .flatMap((module) =>
          module.calls
            .filter(
              ({ receiver, method, argumentCount }) =>
                method === 'formData' ||
                (['text', 'json', 'arrayBuffer', 'blob', 'bytes'].includes(method) &&
                  argumentCount === 0 &&
                  !/^(\w+\.)*\w*response(\.clone\(\))?$/i.test(receiver)),
            )
            .map(({ receiver, method, line }) => `${module.path}:${line} calls ${receiver}.${method}()`)
            .concat(
              module.texts
                .filter(({ text }) => text.toLowerCase() === 'cookie')
                .map(({ line }) => `${module.path}:${line} names the cookie header`),
            ),
        ),
  },
  {
    name: 'core imports no framework, no SDK, no Node built-in outside egress/node/, and only the small zod',
    broken: (tree) =>
      coreModules(tree).flatMap((module) =>
        module.imports
          .filter(({ specifier, namespace, target }) => {
            if (target !== undefined) return !target.startsWith(core)
            if (specifier === byRuntime) return false
            if (specifier.startsWith('node:')) return !module.path.startsWith(onNode)
            if (specifier === 'ipaddr.js') return !readingAddresses.includes(module.path)
            if (!coreLibraries.includes(specifier)) return true
            return specifier.startsWith('zod') && !namespace
          })
          .map(({ specifier, line }) => `${module.path}:${line} imports ${specifier}`),
      ),
  },
  {
    name: 'in core, only the entry for Node knows what is in egress/node/',
    broken: (tree) =>
      coreImports(tree)
        .filter(({ module, to }) => {
          const entry = `${core}egress/node.ts`
          if (to === 'egress/node.ts' || to === 'egress/workerd.ts') return true
          return to.startsWith('egress/node/') && module.path !== entry && !module.path.startsWith(onNode)
        })
        .map(({ module, to, line }) => `${module.path}:${line} imports ${to}`),
  },
  {
    name: 'only identity/ speaks OAuth to a provider',
    broken: (tree) =>
      coreModules(tree)
        .filter(({ path }) => role(path) !== 'identity')
        .flatMap((module) =>
          module.imports
            .filter(({ specifier }) => specifier === 'oauth4webapi')
            .map(({ line }) => `${module.path}:${line} imports oauth4webapi`),
        ),
  },
  {
    name: 'packages see only the entries of other packages that are meant for them',
    broken: (tree) =>
      tree.modules.flatMap((module) =>
        module.imports
          .filter(({ specifier }) => specifier.startsWith('@drawbridge/'))
          .filter(({ specifier }) => !(entriesFor(module.path) ?? [specifier]).includes(specifier))
          .map(({ specifier, line }) => `${module.path}:${line} imports ${specifier}`),
      ),
  },
  {
    name: 'a package imports what its package.json declares, and stays in its folder',
    broken: (tree) =>
      tree.modules.flatMap((module) => {
        const folder = module.path.slice(0, module.path.indexOf('/src/'))
        const manifest = tree.manifests[folder]
        const declared = {
          [manifest?.name ?? '']: '',
          ...manifest?.dependencies,
          ...manifest?.peerDependencies,
        }
        return module.imports
          .filter(({ specifier, target }) => {
            if (target !== undefined) return !target.startsWith(`${folder}/src/`)
            return !isBuiltin(specifier) && !(packageName(specifier) in declared)
          })
          .map(({ specifier, line }) => `${module.path}:${line} imports ${specifier}`)
      }),
  },
  {
    name: 'every module serves something its package exports, or a command of it',
    broken: (tree) =>
      Object.entries(tree.manifests).flatMap(([folder, manifest]) => {
        const modules = new Map(
          tree.modules
            .filter(({ path }) => path.startsWith(`${folder}/src/`))
            .map((module) => [module.path, module]),
        )
        const entries = Object.values({ ...manifest.exports, ...manifest.bin })
          .flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.values(entry)))
          .map((entry) => posix.join(folder, entry))
        const reached = new Set(entries.filter((entry) => modules.has(entry)))
        if (reached.size === 0) return []
        // A set may grow while it is walked.
        for (const path of reached) {
          for (const { target } of modules.get(path)?.imports ?? []) if (target) reached.add(target)
        }
        return [...modules.keys()]
          .filter((path) => !reached.has(path))
          .map((path) => `${path} is imported by nothing`)
      }),
  },
  {
    name: 'an adapter holds no OAuth',
    broken: (tree) =>
      adapterModules(tree).flatMap((module) =>
        [...module.texts, ...module.names]
          .filter(({ text }) => oauthWords.test(text))
          .map(({ text, line }) => `${module.path}:${line} says ${text}`),
      ),
  },
  {
    name: 'an adapter is under 150 lines of code, the bridge they stand on and the server in one call under 250',
    broken: (tree) => {
      const lines = new Map<string, number>()
      for (const module of adapterModules(tree)) {
        const part =
          /^packages\/adapters\/(node\/src\/(bridge|server)|[^/]+)/.exec(module.path)?.[0] ?? module.path
        lines.set(part, (lines.get(part) ?? 0) + module.lines)
      }
      return [...lines]
        .filter(([part, count]) => count >= (/\/(bridge|server)$/.test(part) ? 250 : 150))
        .map(([part, count]) => `${part} has ${count} lines of code`)
    },
  },
]

const oauthWords =
  /code_challenge|code_verifier|redirect_uri|response_type|grant_type|client_id|client_secret|access_token|refresh_token|id_token|insufficient_scope|www-authenticate|\bbearer\b|\.well-known/i

/** A UUID is a name, and a digest hides nothing: neither takes a key. */
function isKeyless(module: Module, at: number): boolean {
  return module.members.some(
    ({ text, line }) => line === at && /^crypto\.(randomUUID|subtle\.digest)$/.test(text),
  )
}

function entriesFor(path: string): readonly string[] | undefined {
  if (path.startsWith(core)) return [byRuntime]
  const syntax = '@drawbridge/core/syntax'
  if (path.startsWith('packages/providers/')) return ['@drawbridge/core/provider', '@drawbridge/jwt', syntax]
  if (path.startsWith('packages/storage/')) return ['@drawbridge/core/storage', syntax]
  if (path.startsWith('packages/adapters/')) return ['@drawbridge/core', '@drawbridge/node/bridge', syntax]
  if (path.startsWith('packages/mcp/')) return ['@drawbridge/core', '@drawbridge/mcp/async-context', syntax]
  if (path.startsWith('packages/opentelemetry/')) return ['@drawbridge/core', syntax]
  return undefined
}

/** `endpoints`, or the file's name for a module that stands beside the folders. */
function role(path: string): string {
  return path.slice(core.length).split('/')[0] ?? ''
}

/** Roots are above all lines; what is in none of them is nowhere. */
function depth(name: string): number {
  return lines.findIndex((line) => (line as readonly string[]).includes(name))
}

function coreModules(tree: Tree): readonly Module[] {
  return tree.modules.filter(({ path }) => path.startsWith(core))
}

function adapterModules(tree: Tree): readonly Module[] {
  return tree.modules.filter(({ path }) => path.startsWith('packages/adapters/'))
}

function coreImports(tree: Tree) {
  return coreModules(tree).flatMap((module) =>
    module.imports.flatMap(({ target, typeOnly, line }) =>
      target?.startsWith(core) ? [{ module, to: target.slice(core.length), typeOnly, line }] : [],
    ),
  )
}

function isBuiltin(specifier: string): boolean {
  return specifier.startsWith('node:') || builtins.has(specifier)
}

function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)]
}

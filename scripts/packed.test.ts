import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  databaseUrl,
  openTestSchema,
  skipWithoutPostgres,
} from '../packages/storage/postgres/src/database.fixture.ts'
import { skipWithoutRedisServer } from '../packages/storage/redis/src/redis-server.fixture.ts'
import { startRedis } from '../packages/testing/src/redis-server.ts'
import { eachLineAlone } from './packed/mcp-lines.ts'
import {
  type Consumer,
  compile,
  exportedModules,
  frameworkPeers,
  makeConsumer,
  nodeBinary,
  nodeVersions,
  packWorkspace,
  type Tarball,
} from './packed.ts'
import { parseModule } from './source.ts'
import { follow, linkPackages, type Project, steps } from './walkthrough.ts'
import { publishedPackages, root } from './workspace.ts'

/** Whose instrumentations are another hundred packages; and a Worker, which apps/e2e/src/runtimes runs as the page has it. */
const unfollowed = new Set(['packages/opentelemetry/README.md', 'packages/storage/d1/README.md'])
const withoutRedis = skipWithoutRedisServer('the way the README of @drawbridge/redis shows')
const withoutPostgres = await skipWithoutPostgres('the way the README of @drawbridge/postgres shows')
if (withoutRedis) unfollowed.add('packages/storage/redis/README.md')
if (withoutPostgres) unfollowed.add('packages/storage/postgres/README.md')
const names = publishedPackages().map(({ manifest }) => manifest.name)
const archives = mkdtempSync(join(tmpdir(), 'packed-'))
let tarballs: Tarball[]
let consumer: Consumer

beforeAll(() => {
  tarballs = packWorkspace(archives)
  consumer = makeConsumer({
    tarballs,
    dependencies: {
      ...frameworkPeers(),
      '@hono/node-server': '2.1.8',
      '@types/express': '5.0.6',
      '@types/node': '22.20.5',
      '@types/pg': '8.23.1',
      typescript: '7.0.2',
      typescript5: 'npm:typescript@5.9.3',
    },
  })
})

afterAll(() => {
  rmSync(archives, { recursive: true, force: true })
  if (consumer) rmSync(consumer.folder, { recursive: true, force: true })
})

it('every package that is not private is packed', () => {
  expect(tarballs.map(({ name }) => name).sort()).toEqual([...names].sort())
})

describe.each(names)('%s', (name) => {
  it('holds what it should and nothing else', () => {
    const files = consumer.files(name)
    expect(files).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'dist/index.js', 'dist/index.d.ts']),
    )
    expect(
      files.filter((file) => !/^(dist\/|LICENSE$|README\.md$|CHANGELOG\.md$|package\.json$)/.test(file)),
    ).toEqual([])
    expect(files.filter((file) => /\.(test|fixture)\./.test(file))).toEqual([])
  })

  it('asks for versions a registry knows', () => {
    const manifest = consumer.manifest(name)
    expect(JSON.stringify(manifest)).not.toMatch(/"(workspace|catalog|link|file):/)
    expect(manifest).toMatchObject({ license: 'MIT', type: 'module', sideEffects: false })
    expect(manifest.engines?.node).toBe(`>=${nodeVersions[0].replace(/\.0$/, '')}`)
  })

  it('exports modules of dist, each with its types', () => {
    const files = consumer.files(name)
    for (const target of Object.values(consumer.manifest(name).exports ?? {})) {
      expect(Object.keys(target)).toEqual(expect.arrayContaining(['types', 'default']))
      for (const file of Object.values(target)) {
        expect(file).toMatch(/^\.\/dist\//)
        expect(files).toContain(file.replace('./', ''))
      }
    }
  })

  it('exports when published what it exports in development', () => {
    const source = publishedPackages().find(({ manifest }) => manifest.name === name)
    expect(Object.keys(consumer.manifest(name).exports ?? {})).toEqual(
      Object.keys(source?.manifest.exports ?? {}),
    )
  })

  it('imports what it declares, and Node by its node: names', () => {
    const manifest = consumer.manifest(name)
    const declared = { [name]: '', ...manifest.dependencies, ...manifest.peerDependencies }
    const foreign = specifiers(name).filter(
      (specifier) => !specifier.startsWith('node:') && !(packageOf(specifier) in declared),
    )
    expect(foreign).toEqual([])
  })

  it('declares no dependency that it does not import', () => {
    const used = new Set(specifiers(name).map(packageOf))
    expect(
      Object.keys(consumer.manifest(name).dependencies ?? {}).filter((dependency) => !used.has(dependency)),
    ).toEqual([])
  })

  it('satisfies publint', async () => {
    const tarball = readFileSync(tarballs.find((one) => one.name === name)?.path ?? '')
    const { messages, pkg } = await publint({
      pack: { tarball: tarball.buffer.slice(tarball.byteOffset, tarball.byteOffset + tarball.length) },
      strict: true,
    })
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([])
  })
})

it('core runs anywhere: it imports no Node built-in but where Node alone loads it', () => {
  const onNode = 'dist/egress/node.js'
  const elsewhere = (file: string) => file !== onNode
  expect(specifiers('@drawbridge/core', elsewhere).filter((specifier) => isBuiltin(specifier))).toEqual([])
  expect(consumer.manifest('@drawbridge/core').exports?.['./egress']).toMatchObject({ node: `./${onNode}` })
})

it.each([
  [[], 'node'],
  [['--conditions', 'workerd'], 'workerd'],
])('core has the guarded fetch of the runtime: with %j that of %s', (conditions, runtime) => {
  writeFileSync(
    join(consumer.folder, 'egress.mjs'),
    `console.log(import.meta.resolve('@drawbridge/core/egress'))`,
  )
  const resolved = consumer.node(nodeVersions[0], ...conditions, 'egress.mjs')
  expect(resolved.trim()).toMatch(new RegExp(`/dist/egress/${runtime}\\.js$`))
})

it('Node built-ins keep their node: names', () => {
  expect(specifiers('@drawbridge/sqlite')).toContain('node:sqlite')
})

describe.each(nodeVersions)('on Node %s', (version) => {
  it('every export of every package can be imported', () => {
    const modules = everyModule()
    writeFileSync(
      join(consumer.folder, 'import.mjs'),
      `const modules = ${JSON.stringify(modules)}
       const names = await Promise.all(modules.map(async (name) => [name, Object.keys(await import(name))]))
       console.log(JSON.stringify({ node: process.version, names: Object.fromEntries(names) }))`,
    )
    const { node, names } = JSON.parse(consumer.node(version, 'import.mjs'))
    expect(node).toBe(`v${version}`)
    expect(Object.keys(names)).toEqual(modules)
    for (const module of modules) expect(names[module], module).not.toEqual([])
  })
})

describe('a project that has core, GitHub and Express, and nothing of the workspace', () => {
  let project: Consumer

  beforeAll(() => {
    const needed = ['core', 'github', 'node', 'express', 'testing'].map((name) => `@drawbridge/${name}`)
    const { express = '' } = frameworkPeers()
    project = makeConsumer({
      tarballs: tarballs.filter(({ name }) => needed.includes(name)),
      dependencies: { express },
    })
    cpSync(join(import.meta.dirname, 'packed/login.mjs'), join(project.folder, 'login.mjs'))
  })

  afterAll(() => project && rmSync(project.folder, { recursive: true, force: true }))

  it.each(nodeVersions)('signs a user in on Node %s', (version) => {
    const { node, answer, refused } = JSON.parse(project.node(version, 'login.mjs'))
    expect(node).toBe(`v${version}`)
    expect(answer).toEqual({
      status: 200,
      body: { subject: expect.stringMatching(/^github\|\d+$/), login: 'octocat' },
    })
    expect(refused).toEqual({ status: 401, challenge: expect.stringContaining('resource_metadata=') })
  })

  it.each(nodeVersions)('starts a development provider with one command on Node %s', async (version) => {
    const given = ['node_modules/.bin/drawbridge-dev', 'google', '--port', '0']
    const command = spawn(nodeBinary(version), given, { cwd: project.folder })
    const [printed] = await once(command.stdout, 'data')
    const [, issuer] = /^DRAWBRIDGE_GOOGLE_ISSUER=(.*)$/m.exec(String(printed)) ?? []
    const metadata = await fetch(`${issuer}/.well-known/openid-configuration`)
    expect(await metadata.json()).toMatchObject({ issuer })
    command.kill('SIGINT')
    expect(await once(command, 'exit')).toEqual([0, null])
  })

  it('finds that command on its path', () => {
    const { status } = spawnSync('node_modules/.bin/drawbridge-dev', ['--help'], { cwd: project.folder })
    expect(status).toBe(0)
  })
})

describe('a newcomer who follows', () => {
  const top = 'A protected server in ten lines'
  const pages: [page: string, ...headings: string[]][] = [
    ['README.md', top, 'Hono', 'Start it'],
    ['README.md', top, 'Express', 'Start it'],
    ['README.md', top, 'Fastify', 'Start it'],
    ['README.md', top, 'Express', 'In a CommonJS project'],
    ['docs/guides/quick-start.md', 'Install', 'Write it', 'Start it'],
    ...publishedPackages()
      .map(({ folder }) => `${folder}/README.md`)
      .filter((page) => !unfollowed.has(page))
      .map((page): [string, string] => [page, 'From nothing to a working server']),
  ]
  const projects = new Map<string, Project>()
  let stores: { env: Record<string, string>; stop(): Promise<void> }

  beforeAll(async () => {
    stores = await startStores()
  })

  afterAll(async () => {
    for (const project of projects.values()) project.remove()
    await stores?.stop()
  })

  it.each(pages.map((way) => [way.join(': '), ...way]))('%s', async (_, page, ...headings) => {
    const text = readFileSync(join(root, page), 'utf8')
    const project = await follow(steps(page, text, headings), consumer)
    projects.set([page, ...headings].join(), project)
    for (const version of nodeVersions) await project.run({ node: nodeBinary(version), env: stores.env })
  })

  it.each(['typescript', 'typescript5'])('in TypeScript compiles the same file with %s', (compiler) => {
    const files = [...projects].flatMap(([key, { folder }]) => {
      const source = join(folder, 'server.js')
      if (key.includes('CommonJS')) return []
      const [page = ''] = key.split(',')
      const text = readFileSync(join(root, page), 'utf8')
      linkPackages(['typescript', ...new Set(text.match(/@types\/\w+/g))], folder, consumer)
      cpSync(source, join(folder, 'server.ts'))
      return [join(folder, 'server.ts')]
    })
    expect(files).toHaveLength(pages.length - 1)
    const options = { module: 'nodenext', moduleResolution: 'nodenext', skipLibCheck: true, files }
    expect(compile(consumer, compiler, options)).toEqual([])
  })

  it('in TypeScript starts the same file on Node 24', async () => {
    const project = projects.get(['README.md', top, 'Hono', 'Start it'].join())
    const start = project?.start.replace(/\.js$/, '.ts') ?? ''
    expect(start).toBe('node --env-file=.env server.ts')
    await project?.run({ node: nodeBinary(nodeVersions[1]), start })
  })

  it('is told of nothing that is not there', async () => {
    const page = (code: string, seen: string) =>
      `## A\n\nWrite \`a.js\`:\n\n~~~js\n${code}\n~~~\n\n~~~sh\nnode a.js\n~~~\n\n~~~text\n${seen}\n~~~\n`
    const run = async (code: string, seen: string) => {
      const project = await follow(steps('a.md', page(code, seen), ['A']), consumer)
      return project.run({ node: process.execPath }).finally(project.remove)
    }
    await run('console.log(1)', '1')
    await expect(run('console.log(1)', '2')).rejects.toThrow('ended without "2", but with:\n1')
    await expect(run(`await import('@drawbridge/core')`, '1')).rejects.toThrow('ERR_MODULE_NOT_FOUND')
  })
})

describe.each(['typescript', 'typescript5'])('with %s', (compiler) => {
  it.each([
    { module: 'nodenext', moduleResolution: 'nodenext' },
    { module: 'esnext', moduleResolution: 'bundler' },
  ])('types resolve under $moduleResolution', (options) => {
    writeFileSync(join(consumer.folder, 'every-export.ts'), everyExport())
    expect(ours(compile(consumer, compiler, { ...options, files: ['every-export.ts'] }))).toEqual([])
  })
})

eachLineAlone(() => tarballs)
describe('a project in TypeScript that is CommonJS', () => {
  const outDir = 'commonjs/out'

  beforeAll(() => {
    mkdirSync(join(consumer.folder, 'commonjs'))
    // Without a "type".
    writeFileSync(join(consumer.folder, 'commonjs/package.json'), '{}')
    cpSync(join(import.meta.dirname, 'packed/commonjs.cts'), join(consumer.folder, 'commonjs/server.ts'))
  })

  it.each([
    ['typescript', { module: 'nodenext', moduleResolution: 'nodenext' }],
    ['typescript', { module: 'commonjs', moduleResolution: 'bundler' }],
    // Version 5 joins `commonjs` only with a resolution that knows no `exports`.
    ['typescript5', { module: 'nodenext', moduleResolution: 'nodenext' }],
  ])('compiles with %s, %o', (compiler, options) => {
    const all = { ...options, rootDir: 'commonjs', outDir, skipLibCheck: true, files: ['commonjs/server.ts'] }
    expect(compile(consumer, compiler, all)).toEqual([])
  })

  it.each(nodeVersions)('signs a user in and runs a tool on Node %s', (version) => {
    expect(JSON.parse(consumer.node(version, `${outDir}/server.js`))).toEqual({
      node: `v${version}`,
      format: 'commonjs',
      answer: {
        status: 200,
        body: { jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: 'octocat' }] } },
      },
      refused: { status: 401, challenge: expect.stringContaining('resource_metadata=') },
    })
  })
})

it('types do not need those of a browser', () => {
  writeFileSync(join(consumer.folder, 'every-export.ts'), everyExport())
  const options = {
    module: 'nodenext',
    moduleResolution: 'nodenext',
    lib: ['es2023'],
    files: ['every-export.ts'],
  }
  expect(ours(compile(consumer, 'typescript', options))).toEqual([])
})

it('the check of types finds a name that is missing, and one that is any', () => {
  writeFileSync(
    join(consumer.folder, 'broken.ts'),
    `import { noSuchExport } from '@drawbridge/core'\n${isAny}\nexport const anything: IsAny<ReturnType<typeof JSON.parse>> = false\nnoSuchExport`,
  )
  const options = { module: 'nodenext', moduleResolution: 'nodenext', files: ['broken.ts'] }
  expect(ours(compile(consumer, 'typescript', options))).toEqual([
    expect.stringMatching(/^broken\.ts\(1,.*TS2305/),
    expect.stringMatching(/^broken\.ts\(3,.*TS2322/),
  ])
})

const isAny = 'type IsAny<T> = 0 extends 1 & T ? true : false'

/** A module that uses every name every package exports, and refuses those whose type got lost. */
function everyExport(): string {
  const modules = everyModule()
  const imports = modules.map((module, index) => `import * as m${index} from '${module}'`)
  const checks = modules.map(
    (_, index) =>
      `export const c${index}: { [Name in keyof typeof m${index}]: IsAny<(typeof m${index})[Name]> } extends Record<string, false> ? keyof typeof m${index} : never = null as unknown as keyof typeof m${index}`,
  )
  return [...imports, isAny, ...checks].join('\n')
}

function everyModule(): string[] {
  return names.flatMap((name) => exportedModules(consumer.manifest(name)))
}

/** Complaints about our own packages; other libraries' declarations are their authors' matter. */
function ours(errors: readonly string[]): string[] {
  return errors.filter(
    (line) => !line.startsWith('node_modules/') || line.startsWith('node_modules/@drawbridge/'),
  )
}

/** Everything the built modules import from outside themselves. */
function specifiers(name: string, which: (file: string) => boolean = () => true): string[] {
  return consumer
    .files(name)
    .filter((file) => file.endsWith('.js') && which(file))
    .flatMap((file) => {
      const path = join(consumer.folder, 'node_modules', name, file)
      return parseModule(path, readFileSync(path, 'utf8')).imports.map(({ specifier }) => specifier)
    })
    .filter((specifier) => !specifier.startsWith('.'))
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

/** A Redis and a schema in PostgreSQL for the servers of our pages, as the environment they are started in says it. */
async function startStores() {
  const redis = withoutRedis ? undefined : await startRedis()
  const schema = withoutPostgres ? undefined : await openTestSchema()
  const url = new URL(databaseUrl)
  if (schema) url.searchParams.set('options', `-c search_path="${schema.name}"`)
  return {
    env: { REDIS_URL: redis?.url ?? '', DATABASE_URL: url.href },
    async stop() {
      await redis?.stop()
      await schema?.drop()
    },
  }
}

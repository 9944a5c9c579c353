import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Consumer,
  compile,
  frameworkPeers,
  makeConsumer,
  nodeVersions,
  type Tarball,
} from '../packed.ts'
import { parseModule } from '../source.ts'

/** The lines of the MCP SDK: what each is installed as, and where its servers come from. */
const lines = [
  {
    sdk: '@modelcontextprotocol/sdk',
    other: '@modelcontextprotocol/server',
    from: '@modelcontextprotocol/sdk/server/mcp.js',
    modules: ['@drawbridge/mcp', '@drawbridge/mcp/v1'],
  },
  {
    sdk: '@modelcontextprotocol/server',
    other: '@modelcontextprotocol/sdk',
    from: '@modelcontextprotocol/server',
    modules: ['@drawbridge/mcp/v2'],
  },
]

/** Who has one line of the SDK needs nothing of the other: not to run, not to compile, and not to bundle. */
export function eachLineAlone(tarballs: () => readonly Tarball[]): void {
  describe.each(lines)('a project that has $sdk alone', ({ sdk, other, from, modules }) => {
    let project: Consumer

    beforeAll(() => {
      const peers = frameworkPeers()
      project = makeConsumer({
        tarballs: tarballs().filter(({ name }) => ['@drawbridge/core', '@drawbridge/mcp'].includes(name)),
        dependencies: {
          [sdk]: peers[sdk] ?? '',
          '@types/node': '22.20.5',
          typescript: '7.0.2',
          esbuild: '0.28.1',
        },
      })
      for (const module of modules) writeFileSync(join(project.folder, fileOf(module)), program(module, from))
    })

    afterAll(() => project && rmSync(project.folder, { recursive: true, force: true }))

    it('was given nothing of the other', () => {
      expect(existsSync(join(project.folder, 'node_modules', sdk))).toBe(true)
      expect(existsSync(join(project.folder, 'node_modules', other))).toBe(false)
    })

    it('compiles', () => {
      const files = modules.map(fileOf)
      const nodenext = { module: 'nodenext', moduleResolution: 'nodenext', skipLibCheck: true }
      expect(compile(project, 'typescript', { ...nodenext, files, outDir: 'out' })).toEqual([])
    })

    it.each(nodeVersions)('answers calls on Node %s', (version) => {
      for (const module of modules)
        expect(project.node(version, join('out', fileOf(module).replace('.mts', '.mjs')))).toContain(
          '"hello"',
        )
    })

    // Where a declaration imports what is not there, it says `any` and no compiler complains.
    it.each(modules)('finds no type of the other in %s', (module) => {
      const { exports = {} } = project.manifest('@drawbridge/mcp')
      const target = exports[module.replace('@drawbridge/mcp', '.')] as { types: string }
      const imports = reachable(join(project.folder, 'node_modules/@drawbridge/mcp', target.types))
      expect([...imports].some((specifier) => specifier.startsWith(sdk))).toBe(true)
      expect([...imports].filter((specifier) => `${specifier}/`.startsWith(`${other}/`))).toEqual([])
    })

    it.each(modules)('bundles %s', (module) => {
      writeFileSync(join(project.folder, 'bundle.mjs'), bundling(fileOf(module)))
      const inputs: string[] = JSON.parse(project.node(nodeVersions[1], 'bundle.mjs'))
      expect(inputs.some((input) => input.includes(`node_modules/${sdk}/`))).toBe(true)
      expect(inputs.filter((input) => input.includes(`node_modules/${other}/`))).toEqual([])
    })
  })
}

/** What declarations import from other packages, from this one on. */
function reachable(file: string, seen = new Set<string>()): Set<string> {
  const imports = new Set<string>()
  if (seen.has(file)) return imports
  seen.add(file)
  for (const { specifier } of parseModule(file, readFileSync(file, 'utf8')).imports) {
    if (!specifier.startsWith('.')) imports.add(specifier)
    else {
      const next = join(dirname(file), specifier.replace(/\.[jt]s$/, '.d.ts'))
      for (const further of reachable(next, seen)) imports.add(further)
    }
  }
  return imports
}

function fileOf(module: string): string {
  return `${module.replace(/\W+/g, '-').slice(1)}.mts`
}

/** An open server, and one call of its tool. */
function program(module: string, from: string): string {
  return `
    import { mcp } from '${module}'
    import { McpServer } from '${from}'
    const served = mcp({
      server: () => {
        const server = new McpServer({ name: 'alone', version: '1.0.0' })
        server.registerTool('greet', {}, () => ({ content: [{ type: 'text', text: 'hello' }] }))
        return server
      },
      onNotice() {},
    })
    const response = await served.fetch(new Request('http://localhost/mcp', {
      method: 'POST',
      headers: { accept: 'application/json, text/event-stream', 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'greet' } }),
    }))
    console.log(await response.text())
    export {}
  `
}

/** Prints the files that a bundle is made of. What cannot be resolved fails it. */
function bundling(entry: string): string {
  return `
    import { build } from 'esbuild'
    const { metafile } = await build({
      entryPoints: ['${entry}'], bundle: true, write: false, metafile: true, platform: 'node', format: 'esm',
      target: 'esnext', logLevel: 'error',
    })
    console.log(JSON.stringify(Object.keys(metafile.inputs)))
  `
}

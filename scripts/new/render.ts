import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Manifest, readJson } from '../workspace.ts'
import { kinds, type Order } from './order.ts'

/** A package.json, with what the checks of the repository do not look at. */
type FullManifest = Manifest & Record<string, unknown>

const templates = join(import.meta.dirname, 'templates')

/** What other packages of the workspace a new one of this kind stands on; what else a model needs is its own matter. */
const foundations: Readonly<Record<Order['kind'], readonly string[]>> = {
  provider: ['@drawbridge/core', '@drawbridge/testing'],
  store: ['@drawbridge/core', '@drawbridge/testing'],
  adapter: ['@drawbridge/core', '@drawbridge/testing', '@drawbridge/node'],
}

/**
 * The files of a new package, by their paths in its folder. What every package has in common is the model's own, so that
 * it is never out of date; the rest is in `templates/`, where `name` in a path and `{{...}}` in a text stand for what differs.
 *
 * @param root the workspace that the model is in
 */
export function filesOf(order: Order, root: string): Map<string, string> {
  const { model } = kinds[order.kind]
  const ofModel = (path: string) => readFileSync(join(root, model, path), 'utf8')
  const files = new Map([
    ['package.json', `${JSON.stringify(manifestOf(order, join(root, model)), null, 2)}\n`],
    ['tsup.config.ts', ofModel('tsup.config.ts')],
    ['tsconfig.build.json', ofModel('tsconfig.build.json')],
  ])
  for (const folder of [order.kind, ...(order.flavour ? [order.flavour] : [])]) {
    for (const path of globSync('**/*.template', { cwd: join(templates, folder) })) {
      const target = path.replace('.template', '').replace(/\bname\b/g, order.name)
      files.set(target, filled(readFileSync(join(templates, folder, path), 'utf8'), order, path))
    }
  }
  return files
}

/** The row of the table of packages on the front page. */
export function rowOf(order: Order): string {
  const mounts = `Mount it in ${order.label}, and guard routes of your own`
  const what = order.kind === 'adapter' ? mounts : descriptionOf(order).replace(/ for Drawbridge\.$/, '')
  return `| [\`@drawbridge/${order.name}\`](${folderOf(order)}) | ${what} |`
}

/** Where the package goes: `packages/providers/acme`. */
export function folderOf({ kind, name }: Order): string {
  return `${kinds[kind].folder}/${name}`
}

/** The model's, of another name, with one module and the workspace's own packages. */
function manifestOf(order: Order, model: string): FullManifest {
  const manifest = readJson<FullManifest>(join(model, 'package.json'))
  const ours = (all: Record<string, string> = {}) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => foundations[order.kind].includes(name)))
  const kept: FullManifest = {
    ...manifest,
    name: `@drawbridge/${order.name}`,
    version: '1.0.0',
    description: descriptionOf(order),
    keywords: ['mcp', 'oauth', order.name],
    exports: onlyMain(manifest.exports),
    publishConfig: { ...manifest.publishConfig, exports: onlyMain(manifest.publishConfig?.exports) },
    dependencies: ours(manifest.dependencies),
    peerDependencies: ours(manifest.peerDependencies),
    peerDependenciesMeta: {},
    devDependencies: ours(manifest.devDependencies),
  }
  return Object.fromEntries(
    Object.entries(kept).filter(
      ([, value]) => Object.keys(Object(value)).length > 0 || typeof value === 'boolean',
    ),
  ) as FullManifest
}

function onlyMain<Entry>(exports: Record<string, Entry> = {}): Record<string, Entry> {
  return Object.fromEntries(Object.entries(exports).filter(([path]) => path === '.'))
}

function descriptionOf({ kind, label }: Order): string {
  if (kind === 'adapter') return `Drawbridge for ${label}.`
  return `${kind === 'provider' ? 'Sign in with' : 'Storage in'} ${label} for Drawbridge.`
}

/** Lines that begin with a flavour are for that one alone. */
function filled(template: string, order: Order, path: string): string {
  const words = wordsOf(order)
  return template
    .replace(/^\{\{(openid|oauth2)\}\} ?(.*\n)/gm, (_, flavour, line) =>
      flavour === order.flavour ? line : '',
    )
    .replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
      const word = words[name]
      if (word === undefined) throw new Error(`${path}: there is no {{${name}}}`)
      return word
    })
}

function wordsOf(order: Order): Readonly<Record<string, string>> {
  const { name, label } = order
  const call = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
  return {
    name,
    label,
    call,
    Type: call.charAt(0).toUpperCase() + call.slice(1),
    VARIABLE: name.toUpperCase().replaceAll('-', '_'),
    folder: folderOf(order),
  }
}

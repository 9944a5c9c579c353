import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Package, root, shippedModules } from './workspace.ts'

/** A row of the table below `## Environment variables` in a package's README. */
export interface Row {
  /** `DRAWBRIDGE_OIDC_ISSUER`; with `<ID>` in it, that of each provider there is. */
  variable: string
  /** What says the same in code: `issuer`, or `client.id` for a member of one. */
  option: string
}

/** The rows of a README, none where it has no such section. */
export function variableRows(markdown: string): Row[] {
  const section = /^## Environment variables\n([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(markdown)?.[1] ?? ''
  return [...section.matchAll(/^\| `(DRAWBRIDGE_[A-Z0-9_<>]+)` \| `([\w.]+)`[^|]* \| \S.* \|$/gm)].map(
    ([, variable = '', option = '']) => ({ variable, option }),
  )
}

/** Whether a row is about a variable. */
export function isAbout({ variable }: Row, name: string): boolean {
  return new RegExp(`^${variable.replace('<ID>', '[A-Z0-9_]+')}$`).test(name)
}

/** A function that a package exports. */
export interface Exported {
  name: string
  run: (options: object) => unknown
}

/** Every function that a package exports, at any of its entries. Those that are written with a capital are classes. */
export async function exportedFunctions({ folder, manifest }: Package): Promise<Exported[]> {
  const modules = Object.values(manifest.exports ?? {}).map((entry) =>
    typeof entry === 'string' ? entry : (entry.node ?? entry.default ?? ''),
  )
  const loaded = await Promise.all(modules.map((module) => import(join(root, folder, module))))
  return loaded.flatMap((module) =>
    Object.entries(module as Record<string, unknown>).flatMap(([name, run]) =>
      typeof run === 'function' && /^[a-z]/.test(name) ? [{ name, run: run as Exported['run'] }] : [],
    ),
  )
}

/** The names that a package's code writes out: `DRAWBRIDGE_ISSUER`, and `ISSUER` for that of a provider's id. */
export function writtenNames(folder: string): string[] {
  const code = shippedModules(folder).map((path) => readFileSync(join(root, path), 'utf8'))
  const names = code.flatMap((text) => [
    ...text.matchAll(/\benvironment\(\s*'(\w+)'|\bvariableOf\(\s*\w+,\s*'(\w+)'/g),
  ])
  return names.map(([, whole, part]) => whole ?? part ?? '')
}

/** What came of a call. */
export interface Outcome {
  /** The variables of ours that it looked for. */
  variables: string[]
  /** What it threw, if it did. */
  error: string | undefined
}

/** Calls, with an environment that answers for our variables and notes which were asked for. */
export function watched(call: () => unknown, answer: (name: string) => string | undefined): Outcome {
  const { env } = process
  const variables = new Set<string>()
  process.env = new Proxy(env, {
    get(target, name) {
      if (typeof name !== 'string' || !name.startsWith('DRAWBRIDGE_')) return Reflect.get(target, name)
      variables.add(name)
      return answer(name)
    },
  })
  let error: string | undefined
  try {
    const result = call()
    if (result instanceof Promise) result.catch(() => {})
  } catch (thrown) {
    error = String(thrown)
  } finally {
    process.env = env
  }
  return { variables: [...variables], error }
}

/** Options with one more, which may be a member of another: `client.id`. */
export function withOption(options: object, path: string, value: string): object {
  const [first = '', ...rest] = path.split('.')
  if (rest.length === 0) return { ...options, [first]: value }
  const inner = (options as Record<string, object | undefined>)[first]
  return { ...options, [first]: withOption(inner ?? {}, rest.join('.'), value) }
}

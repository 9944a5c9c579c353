import { parseArgs } from 'node:util'
import { workspacePackages } from '../workspace.ts'

/** What can be made, and the package each takes after: its package.json and its build are what a new one gets. */
export const kinds = {
  provider: { folder: 'packages/providers', model: 'packages/providers/google' },
  store: { folder: 'packages/storage', model: 'packages/storage/sqlite' },
  adapter: { folder: 'packages/adapters', model: 'packages/adapters/express' },
} as const

export type Kind = keyof typeof kinds

/** A provider that speaks OpenID Connect, or plain OAuth 2. */
export type Flavour = 'openid' | 'oauth2'

/** What somebody wants made. */
export interface Order {
  kind: Kind
  flavour?: Flavour | undefined
  /** In the package's name, its folder and a provider's `id`: `acme-login`. */
  name: string
  /** What people call it: `Acme Login`. */
  label: string
}

export const usage = `Makes a package, up to the first line that only you can write:

  pnpm new provider acme             signs people in with Acme, which speaks OpenID Connect
  pnpm new provider acme --oauth2    the same, for a service that speaks plain OAuth 2
  pnpm new store acme                keeps records in Acme
  pnpm new adapter acme              mounts a server in Acme, a framework on Node

  --label 'Acme Cloud'               what people call it, where that is not "Acme"

With npm alone: npm run new -- provider acme
The guides: docs/guides/write-a-provider.md, write-a-store.md, write-an-adapter.md`

/** Thrown for a command that makes nothing. The message is for whoever typed it. */
export class WrongOrder extends Error {
  override readonly name = 'WrongOrder'
}

/**
 * Reads the command line.
 *
 * @param folder the root of the workspace, whose names are taken
 * @throws {WrongOrder} saying what is wrong and what to type
 */
export function readOrder(args: readonly string[], folder: string): Order {
  const { values, positionals } = parsed(args)
  const [kind, name, ...more] = positionals
  if (kind === undefined) throw new WrongOrder(usage)
  if (!isKind(kind)) throw new WrongOrder(`"${kind}" is no kind of package.\n\n${usage}`)
  if (name === undefined) throw new WrongOrder(`What is the ${kind} called? pnpm new ${kind} acme`)
  if (more.length > 0)
    throw new WrongOrder(`One name, please, and not ${positionals.length - 1}.\n\n${usage}`)
  if (kind !== 'provider' && (values.openid || values.oauth2)) {
    throw new WrongOrder(`--openid and --oauth2 are for providers, and this is to be a ${kind}.`)
  }
  if (values.openid && values.oauth2) {
    throw new WrongOrder('--openid or --oauth2: OpenID Connect has an id_token, plain OAuth 2 has none.')
  }
  checkName(name, folder)
  const label = values.label ?? inTitle(name)
  checkLabel(label)
  return { kind, name, label, ...(kind === 'provider' && { flavour: values.oauth2 ? 'oauth2' : 'openid' }) }
}

function parsed(args: readonly string[]) {
  try {
    const flags = {
      openid: { type: 'boolean' },
      oauth2: { type: 'boolean' },
      label: { type: 'string' },
    } as const
    return parseArgs({ args: [...args], options: flags, allowPositionals: true })
  } catch (error) {
    const [why = ''] = (error as Error).message.split('. ')
    throw new WrongOrder(`${why}.\n\n${usage}`)
  }
}

function isKind(text: string): text is Kind {
  return Object.hasOwn(kinds, text)
}

/** As a provider's id is, and a function in TypeScript can be. */
function checkName(name: string, folder: string): void {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 32) {
    throw new WrongOrder(
      `"${name}" cannot be a name. Use up to 32 small letters and digits, with single dashes between words: ` +
        '"acme", "acme-login". What people read is --label.',
    )
  }
  if (reserved.has(name)) {
    throw new WrongOrder(
      `"${name}" means something already, in TypeScript or to Drawbridge. Add a word: "${name}-login".`,
    )
  }
  const taken = workspacePackages(folder).find(
    ({ folder: path, manifest }) =>
      path.split('/').at(-1) === name || manifest.name === `@drawbridge/${name}`,
  )
  if (taken) throw new WrongOrder(`"${name}" is taken: ${taken.folder}. Choose another name.`)
}

/** It comes to stand in texts of TypeScript, and in tables of Markdown. */
function checkLabel(label: string): void {
  if (/^[\p{L}\p{N}][\p{L}\p{N} .&+()-]{0,59}$/u.test(label)) return
  throw new WrongOrder('--label: use up to 60 letters, digits, spaces and . & + ( ) -')
}

/** `acme-login` becomes `Acme Login`. */
function inTitle(name: string): string {
  return name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ')
}

const reserved = new Set(
  [
    'await break case catch class client const continue debugger default delete do else enum eval export extends false',
    'finally for function if implements import in instanceof interface let new null package private protected public',
    'return static super switch this throw true try typeof undefined var void while with yield',
  ].flatMap((line) => line.split(' ')),
)

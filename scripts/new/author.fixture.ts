import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folderOf } from './render.ts'

/** What somebody writes who makes packages of these, by file: what stands there, and what comes in its place. */
type Edits = Readonly<Record<string, readonly (readonly [made: string | RegExp, written: string])[]>>

/** One of each, as the command line asks for it. */
export const orders = [
  { kind: 'provider', flavour: 'openid', name: 'acme', label: 'Acme', flags: [] },
  {
    kind: 'provider',
    flavour: 'oauth2',
    name: 'acme-login',
    label: 'Acme & Co',
    flags: ['--oauth2', '--label', 'Acme & Co'],
  },
  { kind: 'store', name: 'shelf', label: 'Shelf', flags: [] },
  { kind: 'adapter', name: 'lantern', label: 'Lantern', flags: [] },
] as const

export type Made = (typeof orders)[number]

const written: Readonly<Record<Made['name'], Edits>> = {
  acme: { 'src/acme.ts': [['https://acme.invalid', 'https://login.acme.dev']] },

  'acme-login': {
    'src/acme-login.ts': [[/acme-login\.invalid/g, 'acme.dev']],
    'src/identity.ts': [
      [
        /throw new Error\([^`]*`write userOf[^`]*`,?\s*\)/,
        `const { sub, ...user } = said
        if (typeof sub !== 'string') throw new Error('Acme said nobody')
        return { sub, ...user }
        `,
      ],
    ],
  },

  shelf: {
    'src/shelf.ts': [
      [
        'export type ShelfClient = object',
        'export type ShelfClient = Map<string, { value: string; version: string; expiresAt?: number | undefined }>',
      ],
      [
        /return unwritten\('get'.*/,
        `const entry = live(key)
        return entry && { value: entry.value, version: entry.version }`,
      ],
      [
        /return unwritten\('put'.*/,
        `if ((live(key)?.version ?? null) !== ifVersion) return undefined
        const version = crypto.randomUUID()
        client.set(key, { value, version, expiresAt })
        return version`,
      ],
      [/return unwritten\('delete'.*/, 'return live(key)?.version === ifVersion && client.delete(key)'],
      [
        /return unwritten\('list'.*/,
        `const all = [...client.keys()].filter((key) => key.startsWith(prefix) && live(key)).sort()
        const rest = all.filter((key) => cursor === undefined || key > cursor)
        const keys = rest.slice(0, Math.max(1, limit))
        const last = keys.at(-1)
        return last === undefined || keys.length === rest.length ? { keys } : { keys, cursor: last }`,
      ],
      [/function unwritten.*\n\}\n$/s, ''],
      [
        /return \{\n\s*async get/,
        `const live = (key: string) => {
          const entry = client.get(key)
          return entry && (entry.expiresAt === undefined || entry.expiresAt > now()) ? entry : undefined
        }

        $&`,
      ],
    ],
    'src/shelf.test.ts': [[/\{ client: \{\}/g, '{ client: new Map()']],
  },

  lantern: {
    'src/index.ts': [
      [
        /throw new Error\([^`]*`write middleware[^`]*`,?\s*\)/,
        `return async (context, next) => {
          const { req, res } = context
          const keep = (auth: AuthInfo) => {
            context.auth = auth
          }
          const clientAddress = req.socket.remoteAddress
          if (await work({ req, res, target: req.url, parsed: undefined, clientAddress, keep })) await next()
        }`,
      ],
    ],
  },
}

/** Writes what is left to the author, so that each of its lines is needed, and takes the marks out. */
export function finish(order: Made, root: string): void {
  const folder = join(root, folderOf(order))
  for (const [path, edits] of Object.entries(written[order.name])) {
    rewrite(join(folder, path), (text) =>
      edits.reduce((before, [made, instead]) => {
        const after = before.replace(made, instead)
        if (after === before) throw new Error(`${path} has no ${made}`)
        return after
      }, text),
    )
  }
  for (const path of globSync('{README.md,src/*.ts}', { cwd: folder })) {
    rewrite(join(folder, path), (text) => text.replace(/^\s*(\/\/|<!--) (WRITE|DECIDE): .*\n/gm, ''))
  }
}

function rewrite(path: string, change: (text: string) => string): void {
  writeFileSync(path, change(readFileSync(path, 'utf8')))
}

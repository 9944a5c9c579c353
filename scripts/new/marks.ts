import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A line of a new package that waits for its author. */
export interface Mark {
  /** `packages/providers/acme/src/acme.ts:12` */
  place: string
  /** `WRITE`: nobody else can, and a test fails until then. `DECIDE`: it works as it is, and may be wrong. */
  what: 'WRITE' | 'DECIDE'
  text: string
}

/** Only where a line begins with it, so that a page may speak of it. */
const mark = /^\s*(?:\/\/|<!--) (WRITE|DECIDE): (.*?)(?: -->)?$/

/** What is still to be written in this folder; what tests wait for comes first. */
export function marksIn(folder: string, root: string): Mark[] {
  const all = globSync(`${folder}/**/*.{ts,md}`, {
    cwd: root,
    exclude: (path) => /(^|\/)(node_modules|dist)$/.test(path),
  })
    .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
    .flatMap((path) => marksOf(path, readFileSync(join(root, path), 'utf8')))
  return [...all.filter(({ what }) => what === 'WRITE'), ...all.filter(({ what }) => what === 'DECIDE')]
}

function marksOf(path: string, text: string): Mark[] {
  return text.split('\n').flatMap((line, index) => {
    const [, what, words = ''] = mark.exec(line) ?? []
    return what === 'WRITE' || what === 'DECIDE' ? [{ place: `${path}:${index + 1}`, what, text: words }] : []
  })
}

/** The code before its tests, and the page last. */
function rank(path: string): number {
  if (path.endsWith('.md')) return 2
  return /\.(test|fixture)\.ts$/.test(path) ? 1 : 0
}

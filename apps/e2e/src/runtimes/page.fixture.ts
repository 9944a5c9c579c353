import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { codeBlocks, fileName } from '../../../../scripts/readme.ts'
import { root } from '../../../../scripts/workspace.ts'

/** A file that a page has its reader write, in a folder where it finds what this package has installed. */
export interface Written {
  folder: string
  path: string
  remove(): void
}

/** Writes it, word for word. Throws when the page names no such file. */
export function written(page: string, name: string): Written {
  const blocks = codeBlocks(page, readFileSync(join(root, page), 'utf8'))
  const block = blocks.find((each) => fileName(each) === name)
  if (!block) throw new Error(`${page} has no ${name}`)
  const folder = mkdtempSync(join(tmpdir(), 'drawbridge-page-'))
  const path = join(folder, name)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
  writeFileSync(path, block.code)
  symlinkSync(join(root, 'apps/e2e/node_modules'), join(folder, 'node_modules'))
  return { folder, path, remove: () => rmSync(folder, { recursive: true }) }
}

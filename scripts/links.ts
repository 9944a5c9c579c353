import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fencedBlocks } from './readme.ts'
import { root } from './workspace.ts'

/**
 * Links of a page to places in the repository that are not there, as whoever clicks them on GitHub would find out:
 * `docs/guides/a.md: b.md#c`. Links to other sites are nobody's business here.
 */
export function deadLinks(page: string, markdown: string): string[] {
  return [...prose(page, markdown).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/i.test(target) && !isThere(page, markdown, target))
    .map((target) => `${page}: ${target}`)
}

function isThere(page: string, markdown: string, target: string): boolean {
  const [path = '', anchor] = target.split('#')
  if (path === '') return anchors(page, markdown).has(anchor ?? '')
  const file = join(dirname(page), path)
  if (file.startsWith('..') || !existsSync(join(root, file))) return false
  if (anchor === undefined) return true
  const shown = statSync(join(root, file)).isDirectory() ? join(file, 'README.md') : file
  if (!shown.endsWith('.md') || !existsSync(join(root, shown))) return false
  return anchors(shown, readFileSync(join(root, shown), 'utf8')).has(anchor)
}

/** The names that GitHub gives to a page's headings. */
function anchors(page: string, markdown: string): Set<string> {
  const found = new Set<string>()
  for (const [, heading = ''] of prose(page, markdown).matchAll(/^#+ (.+)$/gm)) {
    const name = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-')
    let free = name
    for (let count = 1; found.has(free); count++) free = `${name}-${count}`
    found.add(free)
  }
  return found
}

/** The page without its code. */
function prose(page: string, markdown: string): string {
  const lines = markdown.split('\n')
  for (const { line, code } of fencedBlocks(page, markdown)) {
    lines.fill('', line - 1, line + code.split('\n').length)
  }
  return lines.join('\n')
}

import { execFileSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { publishedPackages, root } from './workspace.ts'

/**
 * Asks a branch for changesets: one when it changes a package that was released, and none for a package that was not.
 * `changeset status` asks in both cases; but a package's first release is what its package.json says, and a changeset
 * would bump that before anybody has seen it. Released is what has a tag, as `changeset publish` sets them.
 *
 * @param since the branch, tag or commit that the branch will be merged into: `origin/main`.
 * @returns what is wrong, as sentences; empty when nothing is.
 */
export function reviewChangesets(folder: string, since: string): string[] {
  const packages = publishedPackages(folder)
  const released = new Set(
    packages
      .map(({ manifest }) => manifest.name)
      .filter((name) => git(folder, 'tag', '--list', `${name}@*`).length > 0),
  )
  // Three dots: what this branch did, and not what happened on the other since.
  const changed = git(folder, 'diff', '--name-only', `${since}...HEAD`)
  const added = git(
    folder,
    'diff',
    '--name-only',
    '--diff-filter=A',
    `${since}...HEAD`,
    '--',
    '.changeset/*.md',
  )
  const due = packages
    .filter(({ manifest }) => released.has(manifest.name))
    .filter(({ folder: path }) => changed.some((file) => file.startsWith(`${path}/`)))
    .map(({ manifest }) => manifest.name)

  const early = globSync('.changeset/*.md', { cwd: folder })
    .sort()
    .flatMap((path) =>
      bumpedPackages(readFileSync(join(folder, path), 'utf8'))
        .filter((name) => !released.has(name))
        .map(
          (name) =>
            `${path} bumps ${name}, which was never released: its first release is what its package.json says. ` +
            'Take it out of the changeset.',
        ),
    )
  if (due.length === 0 || added.length > 0) return early
  return [
    ...early,
    `${due.join(' and ')} change without a changeset. Run \`pnpm changeset\`, or \`pnpm changeset --empty\` when ` +
      'nobody who upgrades will notice.',
  ]
}

/** The packages a changeset's front matter names. */
function bumpedPackages(changeset: string): string[] {
  const [, frontMatter = ''] = /^---\n(.*?)^---$/ms.exec(changeset) ?? []
  return [...frontMatter.matchAll(/^\s*['"]?([^'":\s]+)['"]?\s*:/gm)].map(([, name = '']) => name)
}

/** The lines git prints. */
function git(folder: string, ...args: string[]): string[] {
  return execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).split('\n').filter(Boolean)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , since = 'origin/main'] = process.argv
  const findings = reviewChangesets(root, since)
  for (const finding of findings) console.error(finding)
  process.exitCode = findings.length > 0 ? 1 : 0
}

import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, globSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import semver from 'semver'
import { type Manifest, publishedPackages, root } from './workspace.ts'

/**
 * Refuses a release plan in which a package stops accepting a major of a peer without being a major release itself.
 * Changesets alone would make it a patch, and an install that works today would break tomorrow.
 *
 * Applies the plan to a copy, so that what is judged is what `changeset version` really writes.
 *
 * @returns what is wrong with the plan, as sentences; empty when nothing is.
 */
export function reviewReleasePlan(folder: string): string[] {
  const copy = mkdtempSync(join(tmpdir(), 'release-plan-'))
  try {
    const packages = publishedPackages(folder)
    for (const path of ['package.json', 'pnpm-workspace.yaml', '.changeset']) {
      cpSync(join(folder, path), join(copy, path), { recursive: true })
    }
    for (const { folder: path } of packages) {
      cpSync(join(folder, path, 'package.json'), join(copy, path, 'package.json'))
    }
    git(copy, ['init', '--quiet'])
    applyPlan(copy)

    const planned = new Map(publishedPackages(copy).map(({ folder: path, manifest }) => [path, manifest]))
    return packages.flatMap(({ folder: path, manifest }) => {
      const next = planned.get(path)
      if (!next) throw new Error(`${path} is lost in the copy`)
      return reviewRelease(publishedManifest(folder, path, manifest) ?? manifest, next)
    })
  } finally {
    rmSync(copy, { recursive: true })
  }
}

function applyPlan(folder: string): void {
  // `changeset version` fails where there is nothing to do.
  if (globSync('.changeset/*.md', { cwd: folder }).length === 0) return
  const { status, stdout } = spawnSync(process.execPath, [changesets, 'version'], {
    cwd: folder,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`changeset version: ${stdout}`)
}

/** What is wrong with releasing `next` after `last`. */
function reviewRelease(last: Manifest, next: Manifest): string[] {
  const pinned = Object.entries(next.peerDependencies ?? {})
    .filter(([, range]) => /^workspace:(?!\^\d)/.test(range))
    .map(
      ([peer, range]) => `${next.name}: the peer ${peer} is "${range}". Write a floor: "workspace:^1.0.0".`,
    )
  if (semver.major(next.version) > semver.major(last.version)) return pinned
  const left = Object.entries(last.peerDependencies ?? {}).flatMap(([peer, before]) => {
    const after = next.peerDependencies?.[peer]
    // A peer that is dropped asks nothing of anyone.
    const majors = after === undefined ? [] : majorsLeft(withoutProtocol(before), withoutProtocol(after))
    if (majors.length === 0) return []
    return [
      `${next.name} ${last.version} -> ${next.version} no longer accepts ${peer} ${majors.join(', ')}. ` +
        'Add a changeset that makes it a major.',
    ]
  })
  return [...pinned, ...left]
}

/** Majors that some version within `before` has, and none within `after`. */
function majorsLeft(before: string, after: string): number[] {
  const named = [before, after].flatMap((range) =>
    new semver.Range(range).set.flat().map(({ semver: v }) => v.major),
  )
  // One beyond the highest stands for all further ones: ">=4" accepts it, "^4" does not.
  const candidates = Array.from(
    { length: Math.max(0, ...named.filter(Number.isFinite)) + 2 },
    (_, major) => major,
  )
  const accepts = (range: string, major: number) => semver.intersects(range, `${major}.x`)
  return candidates.filter((major) => accepts(before, major) && !accepts(after, major))
}

function withoutProtocol(range: string): string {
  return range.replace(/^workspace:/, '')
}

/** The package.json of the last release, by the tag that `changeset publish` sets; `undefined` before the first. */
function publishedManifest(folder: string, path: string, { name, version }: Manifest): Manifest | undefined {
  const tag = `refs/tags/${name}@${version}`
  try {
    return JSON.parse(git(folder, ['show', `${tag}:${path}/package.json`]))
  } catch {
    return undefined
  }
}

function git(folder: string, args: readonly string[]): string {
  return execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
}

const changesets = join(
  dirname(createRequire(import.meta.url).resolve('@changesets/cli/package.json')),
  'bin.js',
)

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const findings = reviewReleasePlan(root)
  for (const finding of findings) console.error(finding)
  process.exitCode = findings.length > 0 ? 1 : 0
}

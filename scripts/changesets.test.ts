import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { reviewChangesets } from './changesets.ts'
import { root } from './workspace.ts'

let folder: string

/** A repository with core and github, and a branch that has changed both. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'changesets-'))
  write('pnpm-workspace.yaml', 'packages:\n  - packages/*\n')
  for (const name of ['core', 'github']) {
    write(`packages/${name}/package.json`, JSON.stringify({ name: `@d/${name}`, version: '1.0.0' }))
  }
  write(
    'packages/internal/package.json',
    JSON.stringify({ name: 'internal', version: '0.0.0', private: true }),
  )
  write('.changeset/earlier.md', '---\n---\n\nFrom before the branch.\n')
  git('init', '--quiet', '--initial-branch', 'main')
  commit()
  git('switch', '--quiet', '--create', 'branch')
  write('packages/core/src/index.ts', 'export {}')
  write('packages/github/README.md', 'New words')
  commit()
})

afterEach(() => rmSync(folder, { recursive: true }))

it('before the first release no changeset is asked for: what is there is published as 1.0.0', () => {
  expect(reviewChangesets(folder, 'main')).toEqual([])
})

it('before the first release a changeset is refused, since it would skip 1.0.0', () => {
  changeset('"@d/core": minor')
  expect(reviewChangesets(folder, 'main')).toEqual([
    '.changeset/change.md bumps @d/core, which was never released: its first release is what its package.json says. ' +
      'Take it out of the changeset.',
  ])
})

it('a package that was released does not change without a changeset', () => {
  git('tag', '@d/core@1.0.0', 'main')
  git('tag', '@d/github@1.0.0', 'main')
  expect(reviewChangesets(folder, 'main')).toEqual([
    '@d/core and @d/github change without a changeset. Run `pnpm changeset`, or `pnpm changeset --empty` when nobody ' +
      'who upgrades will notice.',
  ])
})

it('a package added after the first release starts at its own 1.0.0', () => {
  git('tag', '@d/core@1.0.0', 'main')
  expect(reviewChangesets(folder, 'main')).toEqual([expect.stringMatching(/^@d\/core change/)])
  changeset("'@d/core': patch")
  expect(reviewChangesets(folder, 'main')).toEqual([])
})

it.each([
  ['one that names the package', "'@d/core': minor"],
  ['an empty one', ''],
])('with %s a change passes', (_, releases) => {
  git('tag', '@d/core@1.0.0', 'main')
  changeset(releases)
  expect(reviewChangesets(folder, 'main')).toEqual([])
})

it('nothing is asked for a change of what is not published', () => {
  git('tag', '@d/core@1.0.0', 'main')
  git('switch', '--quiet', '--create', 'other', 'main')
  write('packages/internal/index.ts', 'export {}')
  write('README.md', 'New words')
  commit()
  expect(reviewChangesets(folder, 'main')).toEqual([])
})

it('what others changed on the base branch since is not asked of this one', () => {
  git('tag', '@d/core@1.0.0', 'main')
  git('switch', '--quiet', 'main')
  git('switch', '--quiet', '--create', 'other')
  git('switch', '--quiet', 'main')
  write('packages/core/src/theirs.ts', 'export {}')
  commit()
  git('switch', '--quiet', 'other')
  write('README.md', 'New words')
  commit()
  expect(reviewChangesets(folder, 'main')).toEqual([])
})

it('CI asks exactly this', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  expect(scripts.changesets).toBe('node scripts/changesets.ts')
  const workflow = readFileSync(join(root, '.github/workflows/ci.yml'), 'utf8')
  expect(workflow).toContain('run: pnpm changesets "origin/$BASE"')
  expect(workflow).not.toContain('changeset status')
})

function changeset(releases: string) {
  write('.changeset/change.md', `---\n${releases}\n---\n\nA change.\n`)
  commit()
}

function commit() {
  git('add', '--all')
  git('-c', 'user.name=t', '-c', 'user.email=t@example.org', 'commit', '--quiet', '--message', 'state')
}

function write(path: string, content: string) {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), content)
}

function git(...args: string[]) {
  execFileSync('git', args, { cwd: folder, stdio: 'pipe' })
}

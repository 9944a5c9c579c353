import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { reviewReleasePlan } from './release-plan.ts'
import { type Manifest, publishedPackages, root } from './workspace.ts'

it('the plan of this repository is sound', () => {
  expect(reviewReleasePlan(root)).toEqual([])
})

it('packages declare core as a peer with a floor, and develop against the one beside them', () => {
  for (const { manifest } of publishedPackages()) {
    expect(manifest.dependencies ?? {}, manifest.name).not.toHaveProperty('@drawbridge/core')
    if (manifest.name === '@drawbridge/core') continue
    expect(manifest.peerDependencies?.['@drawbridge/core'], manifest.name).toMatch(
      /^workspace:\^\d+\.\d+\.\d+$/,
    )
    expect(manifest.devDependencies?.['@drawbridge/core'], manifest.name).toBe('workspace:*')
  }
})

describe('a release plan', () => {
  let folder: string

  /** A repository with core, github on top of it, hono on a framework; and our own changesets configuration. */
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'release-'))
    write('package.json', { name: 'root', private: true, devEngines: { packageManager: { name: 'pnpm' } } })
    write('pnpm-workspace.yaml', 'packages:\n  - packages/*\n')
    mkdirSync(join(folder, '.changeset'))
    cpSync(join(root, '.changeset/config.json'), join(folder, '.changeset/config.json'))
    write('packages/core/package.json', { name: '@d/core', version: '1.0.0' })
    github({})
    hono('^4.6.0 || ^5.0.0')
    run('git', 'init', '--quiet')
  })

  afterEach(() => rmSync(folder, { recursive: true }))

  it('with a major of core is refused while the packages on top are patches', () => {
    changeset({ '@d/core': 'major' })
    expect(reviewReleasePlan(folder)).toEqual([
      '@d/github 1.0.0 -> 1.0.1 no longer accepts @d/core 1. Add a changeset that makes it a major.',
    ])
  })

  it('with a major of core is refused while the packages on top are minors', () => {
    changeset({ '@d/core': 'major', '@d/github': 'minor' })
    expect(reviewReleasePlan(folder)).toEqual([expect.stringContaining('@d/github 1.0.0 -> 1.1.0')])
  })

  it('with a major of core and of the packages on top is sound', () => {
    changeset({ '@d/core': 'major', '@d/github': 'major' })
    expect(reviewReleasePlan(folder)).toEqual([])
  })

  it('with a minor of core releases core alone', () => {
    changeset({ '@d/core': 'minor' })
    expect(reviewReleasePlan(folder)).toEqual([])
    version()
    expect(manifest('core')?.version).toBe('1.1.0')
    expect(manifest('github')).toMatchObject({
      version: '1.0.0',
      peerDependencies: { '@d/core': 'workspace:^1.0.0' },
    })
  })

  it('is refused when somebody drops a major by hand after a release', () => {
    commit()
    run('git', 'tag', '@d/hono@1.0.0')
    hono('^5.0.0')
    expect(reviewReleasePlan(folder)).toEqual([
      '@d/hono 1.0.0 -> 1.0.0 no longer accepts hono 4. Add a changeset that makes it a major.',
    ])
    changeset({ '@d/hono': 'major' })
    expect(reviewReleasePlan(folder)).toEqual([])
  })

  it('is sound when somebody accepts one more major, or raises a floor within one', () => {
    commit()
    run('git', 'tag', '@d/hono@1.0.0')
    hono('^4.9.0 || ^5.0.0 || ^6.0.0')
    expect(reviewReleasePlan(folder)).toEqual([])
  })

  it('is refused when an open range is closed', () => {
    hono('>=4')
    commit()
    run('git', 'tag', '@d/hono@1.0.0')
    hono('^4.0.0 || ^5.0.0')
    expect(reviewReleasePlan(folder)).toEqual([expect.stringContaining('no longer accepts hono 6, 7')])
  })

  it('is refused when a peer would be published as an exact version', () => {
    github({ '@d/core': 'workspace:*' })
    expect(reviewReleasePlan(folder)).toEqual([
      '@d/github: the peer @d/core is "workspace:*". Write a floor: "workspace:^1.0.0".',
    ])
  })

  function github(peers: Record<string, string>) {
    write('packages/github/package.json', {
      name: '@d/github',
      version: '1.0.0',
      peerDependencies: { '@d/core': 'workspace:^1.0.0', ...peers },
      devDependencies: { '@d/core': 'workspace:*' },
    })
  }

  function hono(range: string) {
    write('packages/hono/package.json', {
      name: '@d/hono',
      version: '1.0.0',
      peerDependencies: { hono: range },
    })
  }

  function changeset(releases: Record<string, 'patch' | 'minor' | 'major'>) {
    const lines = Object.entries(releases).map(([name, bump]) => `'${name}': ${bump}`)
    write('.changeset/change.md', `---\n${lines.join('\n')}\n---\n\nA change.\n`)
  }

  function version() {
    run(process.execPath, join(root, 'node_modules/@changesets/cli/bin.js'), 'version')
  }

  function manifest(name: string): Manifest | undefined {
    return publishedPackages(folder).find((one) => one.manifest.name === `@d/${name}`)?.manifest
  }

  function commit() {
    run('git', 'add', '--all')
    run(
      'git',
      '-c',
      'user.name=t',
      '-c',
      'user.email=t@example.org',
      'commit',
      '--quiet',
      '--message',
      'state',
    )
  }

  function write(path: string, content: string | object) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content))
  }

  function run(command: string, ...args: string[]) {
    execFileSync(command, args, { cwd: folder, stdio: 'pipe' })
  }
})

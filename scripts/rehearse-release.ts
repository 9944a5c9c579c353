import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import semver from 'semver'
import { people, startApp, startDevelopmentProvider, variablesAt } from '../apps/e2e/src/apps.fixture.ts'
import { providers } from './apps/providers.ts'
import { apps } from './apps.ts'
import { type App, installApp } from './rehearsal/app.ts'
import { maintainer as hire, type Maintainer } from './rehearsal/maintainer.ts'
import { type Registry, startRegistry } from './rehearsal/registry.ts'
import { type Session, signedIn } from './rehearsal/session.ts'
import { freePort } from './walkthrough.ts'
import { publishedPackages } from './workspace.ts'

interface Rehearsal {
  folder: string
  registry: Registry
  maintainer: Maintainer
  say(step: string): void
}

/**
 * A release that nobody else sees: publishes every package to a registry on this machine, installs examples from it outside
 * the workspace and signs in at them; then releases a patch of one provider and a minor of core, and upgrades a project
 * that had the old ones, whose user must stay signed in.
 *
 * @param names the examples to install: `google-hono`
 * @param say is told each step
 * @throws Error at the first step that does not go as docs/guides/release.md says
 */
export async function rehearseRelease(
  names: readonly string[],
  say: (step: string) => void = () => {},
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rehearsal-'))
  const registry = await startRegistry(join(folder, 'registry'))
  try {
    const maintainer = hire(registry)
    try {
      const rehearsal = { folder, registry, maintainer, say }
      await firstRelease(rehearsal)
      for (const name of names) {
        const app = installApp(name, join(folder, name), registry)
        say(`${name} from the registry: ${await atExample(name, app, (session) => session.whoami())}`)
      }
      await nextReleases(rehearsal)
    } finally {
      rmSync(maintainer.folder, { recursive: true, force: true })
    }
  } finally {
    await registry.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function firstRelease({ maintainer, registry, say }: Rehearsal): Promise<void> {
  const packages = publishedPackages().map(({ manifest }) => manifest)
  const all = packages.map(({ name, version }) => `${name}@${version}`)
  same(maintainer.release(), all)
  for (const { name, version } of packages) same(await registry.versions(name), [version])
  say(`published ${all.length} packages: ${all.join(', ')}`)
  same(maintainer.release(), [])
  say('and nothing when it was done once more')
}

/** One provider's patch alone, then core's minor; then a project that has the old ones takes both. */
async function nextReleases({ maintainer, folder, registry, say }: Rehearsal): Promise<void> {
  const name = 'github-hono'
  const app = installApp(name, join(folder, 'upgraded'), registry)
  const versions = () => [app.installed('@drawbridge/github'), app.installed('@drawbridge/core')]
  const [github = '', core = ''] = versions()
  const [fixed, extended] = [String(semver.inc(github, 'patch')), String(semver.inc(core, 'minor'))]
  await atExample(name, app, async (session, server) => {
    const user = await session.whoami()
    await server.stop()

    change(maintainer, 'packages/providers/github/src/github.ts')
    expectRefusal(maintainer, '@drawbridge/github change without a changeset')
    same(release(maintainer, 'github', 'patch'), [`@drawbridge/github@${fixed}`])
    say(`released @drawbridge/github ${fixed} alone`)
    change(maintainer, 'packages/core/src/index.ts')
    same(release(maintainer, 'core', 'minor'), [`@drawbridge/core@${extended}`])
    say(`released @drawbridge/core ${extended} alone`)

    app.upgrade()
    same(versions(), [fixed, extended])
    await server.start()
    same([await session.whoami()], [user])
    say(`upgraded ${name} to both, and ${user} is still signed in`)
  })
}

/** What a contributor does, and then what a maintainer does. */
function release({ folder, ...maintainer }: Maintainer, name: string, bump: 'patch' | 'minor'): string[] {
  const changeset = `---\n'@drawbridge/${name}': ${bump}\n---\n\nSomething.\n`
  writeFileSync(join(folder, '.changeset', `${name}-${bump}.md`), changeset)
  maintainer.commit('Its changeset')
  maintainer.pnpm('changesets', 'HEAD~2')
  maintainer.pnpm('release-plan')
  maintainer.pnpm('version-packages')
  maintainer.commit('Version Packages')
  return maintainer.release()
}

function change(maintainer: Maintainer, path: string): void {
  maintainer.change(path, '\n// Changed.\n')
  maintainer.commit(`Change ${path}`)
}

function expectRefusal(maintainer: Maintainer, reason: string): void {
  const told = maintainer.refused('changesets', 'HEAD~1')
  if (!told.includes(reason)) throw new Error(`not refused for "${reason}", but for:\n${told}`)
}

/** Starts an example with somewhere to sign in, and signs somebody in. */
async function atExample<T>(
  name: string,
  app: App,
  then: (session: Session, server: { stop(): Promise<void>; start(): Promise<void> }) => Promise<T>,
): Promise<T> {
  const provider = providers.find(({ id }) => name.startsWith(`${id}-`))
  if (!provider) throw new Error(`there is no example ${name}`)
  const { development } = provider.readme
  const there = await startDevelopmentProvider(development.provider)
  const variables = {
    ...variablesAt(there.ready, provider),
    DRAWBRIDGE_SECRET: randomBytes(32).toString('base64'),
    PORT: String(await freePort()),
    DATABASE: join(app.folder, 'auth.db'),
  }
  let server = await startApp(name, variables, app.folder)
  try {
    const [user] = people[development.provider]
    return await then(await signedIn(server.ready, { user }), {
      stop: () => server.close(),
      async start() {
        server = await startApp(name, variables, app.folder)
      },
    })
  } catch (error) {
    throw new Error(`${name}, which printed:\n${server.printed()}`, { cause: error })
  } finally {
    await server.close()
    await there.close()
  }
}

function same(got: readonly string[], expected: readonly string[]): void {
  const [one, other] = [[...got].sort().join(', '), [...expected].sort().join(', ')]
  if (one !== other) throw new Error(`${one || 'nothing'} instead of ${other || 'nothing'}`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const all = apps().map(({ folder }) => basename(folder))
  const named = process.argv.slice(2)
  await rehearseRelease(named.length > 0 ? named : all, (step) => console.log(step))
}

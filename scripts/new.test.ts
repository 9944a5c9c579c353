import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshCheckout, plainEnvironment } from './checkout.ts'
import { finish, orders } from './new/author.fixture.ts'
import { marksIn } from './new/marks.ts'
import { folderOf } from './new/render.ts'
import { publishedPackages, root } from './workspace.ts'

const folders = orders.map(folderOf)
let checkout: string
const said = new Map<string, string>()

/** All that is in a folder's Markdown as a heading of its second kind. */
const sections = (path: string) => readFileSync(path, 'utf8').match(/^## .*/gm) ?? []

beforeAll(() => {
  checkout = freshCheckout()
  for (const [index, { kind, name, flags }] of orders.entries()) {
    // The first as a newcomer does, who has npm alone and nothing installed.
    const [command, ...args] = index === 0 ? ['npm', 'run', '-s', 'new', '--'] : ['node', 'scripts/new.ts']
    said.set(name, good(run(command ?? '', ...args, kind, name, ...flags)).stdout)
  }
})

afterAll(() => rmSync(checkout, { recursive: true, force: true }))

describe('one command', () => {
  it('makes a package of each kind, and lists it on the front page', () => {
    const front = readFileSync(join(checkout, 'README.md'), 'utf8')
    for (const folder of folders) {
      expect(front).toMatch(new RegExp(`^\\| .*\\]\\(${folder}\\) \\| .+ \\|$`, 'm'))
      const { version } = JSON.parse(readFileSync(join(checkout, folder, 'package.json'), 'utf8'))
      expect(version).toBe('1.0.0')
    }
    expect(publishedPackages(checkout)).toHaveLength(publishedPackages().length + orders.length)
  })

  it('says what is left, by file and line, and where to read on', () => {
    for (const order of orders) {
      const marks = marksIn(folderOf(order), checkout)
      expect(marks.map(({ what }) => what)).toEqual(expect.arrayContaining(['WRITE', 'DECIDE']))
      for (const { place } of marks) expect(said.get(order.name)).toContain(`  ${place}\n`)
      const [guide] = /docs\/guides\/[\w-]+\.md/.exec(said.get(order.name) ?? '') ?? []
      expect(readFileSync(join(root, guide ?? ''), 'utf8')).toContain(`pnpm new ${order.kind}`)
    }
  })

  it('makes pages with the sections that those of the same kind have', () => {
    const models = ['packages/providers/google', 'packages/storage/sqlite', 'packages/adapters/express']
    const known = models.flatMap((model) => sections(join(root, model, 'README.md')))
    const inGeneral = (heading: string) =>
      heading.replace(/Calling .* from a tool/, 'Calling Google from a tool')
    for (const folder of folders) {
      expect(known).toEqual(
        expect.arrayContaining(sections(join(checkout, folder, 'README.md')).map(inGeneral)),
      )
    }
  })
})

describe('what it makes', () => {
  it('passes lint and types as it is, those too that the build wants written', () => {
    good(run('node_modules/.bin/biome', 'check', ...folders, 'README.md'))
    const sources = (suffix: string) => folders.map((folder) => `${folder}/src/**/*${suffix}.ts`)
    const projects = {
      'tsconfig.all.json': { extends: './tsconfig.json', include: sources('') },
      'tsconfig.shipped.json': {
        extends: './tsconfig.base.json',
        include: sources(''),
        exclude: [...sources('.test'), ...sources('.fixture')],
      },
    }
    for (const [project, content] of Object.entries(projects)) {
      writeFileSync(join(checkout, project), JSON.stringify(content))
      good(run('node_modules/.bin/tsc', '--noEmit', '--pretty', 'false', '-p', project))
    }
  })

  it('passes its suite up to the lines that only its author can write', () => {
    const failures = suite()
    const waits = (name: string) => [...new Set(failures.get(name))].sort()
    expect(waits('acme')).toEqual(['write ISSUER, in packages/providers/acme/src/acme.ts'])
    // Where nobody can be identified, no login comes to anything either; the first failure says why.
    const [first] = failures.get('acme-login') ?? []
    expect(first).toBe('write userOf(), in packages/providers/acme-login/src/identity.ts')
    expect(waits('acme-login')).toContain(
      'write ENDPOINTS, in packages/providers/acme-login/src/acme-login.ts',
    )
    expect(waits('shelf')).toEqual(
      ['get', 'put'].map((name) => `write ${name}(), in packages/storage/shelf/src/shelf.ts`),
    )
    expect(waits('lantern')).toEqual(['write middleware(), in packages/adapters/lantern/src/index.ts'])
  })

  it('passes all of it once they are written: its suite, lint, types, pages, the rules of the repository', () => {
    for (const order of orders) finish(order, checkout)
    good(run('node_modules/.bin/biome', 'check', '--write', ...folders))
    // What pages import is checked with them.
    writeFileSync(join(checkout, 'pages.ts'), pages)
    expect(good(run('node', 'pages.ts', ...folders)).stdout).toBe('[]\n')
    expect([...suite('scripts/architecture.test.ts', 'scripts/environment.test.ts')]).toEqual([])
    expect(folders.flatMap((folder) => marksIn(folder, checkout))).toEqual([])
  })
})

it('needs no changeset once the others are released, and one would be refused', () => {
  const git = (...args: string[]) =>
    good(run('git', '-c', 'user.name=Ada', '-c', 'user.email=ada@acme.test', ...args))
  const commit = () => {
    git('add', '--all')
    git('commit', '--quiet', '--message', 'All')
  }
  rmSync(join(checkout, '.git'), { recursive: true, force: true })
  git('init', '--quiet', '--initial-branch', 'main')
  git('add', '--all', '--', ...['', ...folders].map((path) => (path ? `:!${path}` : '.')))
  git('commit', '--quiet', '--message', 'Released')
  for (const { manifest } of publishedPackages()) git('tag', `${manifest.name}@${manifest.version}`)
  git('switch', '--quiet', '--create', 'new')
  commit()
  good(run('node', 'scripts/changesets.ts', 'main'))
  writeFileSync(join(checkout, '.changeset/acme.md'), '---\n"@drawbridge/acme": minor\n---\n\nAcme.\n')
  commit()
  expect(run('node', 'scripts/changesets.ts', 'main').stderr).toMatch(
    /bumps @drawbridge\/acme, which was never/,
  )
})

describe('what cannot be made', () => {
  it.each([
    [[], /pnpm new provider acme/],
    [['provider'], /What is the provider called/],
    [['provider', 'Acme!'], /"Acme!" cannot be a name/],
    [['provider', 'google'], /"google" is taken: packages\/providers\/google/],
  ])('is told, and nothing is written: %j', (args, message) => {
    const before = everything()
    const { status, stderr } = run('node', 'scripts/new.ts', ...args)
    expect(status).toBe(1)
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(everything()).toEqual(before)
  })
})

it('nothing that it made is left unfinished in this repository', () => {
  expect(marksIn('packages', root)).toEqual([])
})

/** What fails, by the package's name: messages without what was expected. */
function suite(...further: string[]): Map<string, string[]> {
  const report = join(checkout, 'report.json')
  run('node_modules/.bin/vitest', 'run', ...folders, ...further, '--reporter=json', `--outputFile=${report}`)
  const { testResults, numPassedTests }: Report = JSON.parse(readFileSync(report, 'utf8'))
  expect(numPassedTests).toBeGreaterThan(100)
  const failures = new Map<string, string[]>()
  for (const { name: path, message, assertionResults } of testResults) {
    const name = path.split('/src/')[0]?.split('/').at(-1) ?? path
    const all = assertionResults.filter(({ status }) => status !== 'passed')
    if (message) failures.set(name, [message])
    for (const { failureMessages } of all) {
      const [line = ''] = (failureMessages[0] ?? '').split('\n')
      const text = line.replace(/^\w*Error( \[\w+\])?: /, '').replace(/[:;] .*/, '')
      failures.set(name, [...(failures.get(name) ?? []), text])
    }
  }
  return failures
}

interface Report {
  numPassedTests: number
  testResults: {
    name: string
    message: string
    assertionResults: { status: string; failureMessages: string[] }[]
  }[]
}

function everything(): string[] {
  return ['', 'packages/providers', 'packages/storage', 'packages/adapters']
    .flatMap((folder) => readdirSync(join(checkout, folder)))
    .concat(readFileSync(join(checkout, 'README.md'), 'utf8'))
}

function run(command: string, ...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(command, args, { cwd: checkout, encoding: 'utf8', env: plainEnvironment() })
}

function good(done: SpawnSyncReturns<string>): SpawnSyncReturns<string> {
  if (done.status !== 0) throw new Error(`${done.error ?? ''}${done.stdout}${done.stderr}`)
  return done
}

/** Prints what is wrong with the code in these packages' pages. */
const pages = `
import { readFileSync } from 'node:fs'
import { codeBlocks, typeErrors } from './scripts/readme.ts'

const paths = process.argv.slice(2).map((folder) => folder + '/README.md')
console.log(JSON.stringify(typeErrors(paths.flatMap((path) => codeBlocks(path, readFileSync(path, 'utf8'))))))
`

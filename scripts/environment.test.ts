import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { memory } from '../packages/core/src/index.ts'
import { openIdConnect } from '../packages/core/src/provider.ts'
import {
  type Exported,
  exportedFunctions,
  isAbout,
  type Outcome,
  variableRows,
  watched,
  withOption,
  writtenNames,
} from './environment.ts'
import { publishedPackages, root } from './workspace.ts'

/** What variables may well hold, by how their names end. */
const examples: Record<string, string> = {
  SECRET: 'kM3vQ8zR1tY6wB9nL4pS7dF2gH5jX0cAqE8uT1iO3aZ=',
  ISSUER: 'https://login.acme.test',
  AUTHORITY: 'https://login.acme.test',
  RESOURCE: 'https://mcp.acme.test/mcp',
  HOST: 'github.acme.test',
  DOMAIN: 'acme.authkit.app',
  URL: 'https://login.acme.test',
  TENANT: '72f988bf-86f1-41af-91ab-2d7cd011db47',
}
const example = (name: string) => examples[name.split('_').at(-1) ?? ''] ?? 'acme'

const credentials = { clientId: 'acme', clientSecret: 'acme' }
const provider = openIdConnect({
  id: 'acme',
  label: 'Acme',
  issuer: 'https://login.acme.test',
  ...credentials,
})

/** What functions need besides, which no variable says. Each is called with each. */
const needed: readonly object[] = [
  {},
  { provider, storage: memory() },
  { verifier: { verify() {} } },
  { endpoint: 'https://login.acme.test/introspect' },
  // For openIdConnect() alone: no other takes `identity`.
  { id: 'staff', label: 'Staff', issuer: 'https://login.acme.test', identity() {} },
]

interface Call extends Exported {
  options: object
}
const inEnvironment = ({ run, options }: Call, answer: (name: string) => string | undefined): Outcome =>
  watched(() => run(options), answer)

/** The providers, which have variables by what they stand on, and whoever names one. */
const readers = publishedPackages().filter(
  ({ folder }) => folder.startsWith('packages/providers/') || writtenNames(folder).length > 0,
)

const packages = await Promise.all(
  readers.map(async (each) => {
    const functions = await exportedFunctions(each)
    const calls = functions.flatMap((f) => needed.map((options): Call => ({ ...f, options })))
    const read = calls
      .map((call) => ({ call, ...inEnvironment(call, example) }))
      .filter(({ variables }) => variables.length > 0)
    const rows = variableRows(readFileSync(join(root, each.folder, 'README.md'), 'utf8'))
    return { ...each, read, rows, names: [...new Set(read.flatMap(({ variables }) => variables))] }
  }),
)

describe.each(packages.filter(({ names, rows }) => names.length + rows.length > 0))('$folder', (each) => {
  const { folder, read, rows, names } = each

  it('has a row for every variable it reads, and for no other', () => {
    expect(names.filter((name) => !rows.some((row) => isAbout(row, name)))).toEqual([])
    const idle = rows.filter((row) => !names.some((name) => isAbout(row, name)))
    expect(idle).toEqual([])
  })

  it('is called here by all that its code names', () => {
    const isRead = (written: string) => names.some((name) => name === written || name.endsWith(`_${written}`))
    expect(writtenNames(folder).filter((name) => !isRead(name))).toEqual([])
  })

  it('does not look for what code says', () => {
    const overruled = read.flatMap(({ call, variables, error }) =>
      variables.flatMap((name) => {
        const row = rows.find((row) => isAbout(row, name))
        if (!row) return []
        const options = withOption(call.options, row.option, example(name))
        const now = inEnvironment({ ...call, options }, example)
        const same = now.error === error && !now.variables.includes(name)
        return same ? [] : [`${call.name}: ${name}, ${row.option}: ${now.error ?? 'asked for'}`]
      }),
    )
    expect(overruled).toEqual([])
  })

  it('takes an empty variable for none', () => {
    const different = read.filter(
      ({ call }) => inEnvironment(call, () => '').error !== inEnvironment(call, () => undefined).error,
    )
    expect(different.map(({ call }) => call.name)).toEqual([])
  })
})

it('finds the packages by itself', () => {
  const found = packages.filter(({ names }) => names.length > 0).map(({ folder }) => folder)
  expect(found).toEqual(expect.arrayContaining(['packages/core', 'packages/providers/oidc']))
})

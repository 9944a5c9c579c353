import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { apps, drift, writeApps } from './apps.ts'
import { root } from './workspace.ts'

it('the examples are what the template makes: `node scripts/apps.ts` writes them', () => {
  expect(drift()).toEqual([])
})

it('the front page leads to each', () => {
  const page = readFileSync(join(root, 'README.md'), 'utf8')
  const folders = apps().map(({ folder }) => folder)
  expect(folders.filter((folder) => !page.includes(`](${folder})`))).toEqual([])
})

it('whatever differs is said', () => {
  const folder = mkdtempSync(join(tmpdir(), 'drawbridge-apps-'))
  try {
    writeApps(folder)
    expect(drift(folder)).toEqual([])
    appendFileSync(join(folder, 'apps/github-hono/README.md'), 'By the way')
    writeFileSync(join(folder, 'apps/google-express/src/more.ts'), '')
    rmSync(join(folder, 'apps/jwt-fastify'), { recursive: true })
    expect(drift(folder)).toEqual([
      'apps/github-hono/README.md differs',
      'apps/google-express/src/more.ts is not of the template',
      'apps/jwt-fastify/package.json is missing',
      'apps/jwt-fastify/README.md is missing',
      'apps/jwt-fastify/src/main.ts is missing',
    ])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

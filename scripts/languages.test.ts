import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'tsup'
import { afterAll, expect, it } from 'vitest'
import { arabic, english, german } from '../packages/core/src/languages.ts'
import { root } from './workspace.ts'

const folder = mkdtempSync(join(tmpdir(), 'languages-'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What a bundler makes of a module that exports this of core. */
async function bundled(name: string, exported: string, entry: string): Promise<string> {
  const source = join(folder, `${name}.ts`)
  writeFileSync(
    source,
    `export { ${exported} } from ${JSON.stringify(join(root, 'packages/core/src', entry))}\n`,
  )
  const outDir = join(folder, name)
  // Everything of ours, and nothing of others'.
  await build({
    ...{
      entry: [source],
      outDir,
      config: false,
      dts: false,
      silent: true,
      tsconfig: join(root, 'tsconfig.json'),
    },
    ...{ format: 'esm', platform: 'neutral', target: 'es2023', external: [/^[@a-z]/], esbuildOptions: utf8 },
  })
  return readdirSync(outDir)
    .map((file) => readFileSync(join(outDir, file), 'utf8'))
    .join('\n')
}

function utf8(options: { charset?: 'ascii' | 'utf8' }): void {
  options.charset = 'utf8'
}

const said = [arabic, english, german].map(({ lang, signedOutMessage }) => [lang, signedOutMessage] as const)
const spoken = (text: string) => said.filter(([, message]) => text.includes(message)).map(([lang]) => lang)

it('a language that nobody imports is in no bundle', async () => {
  expect(spoken(await bundled('server', 'oauthServer, oauthProxy', 'index.ts'))).toEqual(['en'])
  expect(spoken(await bundled('german', 'german', 'languages.ts'))).toEqual(['de'])
  expect(spoken(await bundled('all', 'arabic, english, german', 'languages.ts'))).toEqual(['ar', 'en', 'de'])
})

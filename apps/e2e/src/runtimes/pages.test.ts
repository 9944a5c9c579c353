import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { D1Binding } from '@drawbridge/d1'
import { browser, devGitHub, type Listener } from '@drawbridge/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Block, fencedBlocks } from '../../../../scripts/readme.ts'
import { bundledWorker, skipWithoutRuntime, startWorkerd } from '../../../../scripts/runtimes.ts'
import { root } from '../../../../scripts/workspace.ts'
import { freePort } from '../frameworks.ts'
import { officialClients } from '../official-clients.ts'
import { secret } from '../world.ts'
import { written } from './page.fixture.ts'
import { runningCommand } from './runtimes.fixture.ts'

const guide = 'docs/guides/runtimes.md'
const readme = 'packages/storage/d1/README.md'

let provider: Listener
beforeAll(async () => {
  provider = await devGitHub().listen()
})
afterAll(async () => {
  await provider.close()
})

const variables = (issuer: string) => ({
  ISSUER: issuer,
  DRAWBRIDGE_SECRET: secret,
  DRAWBRIDGE_GITHUB_CLIENT_ID: 'dev-client',
  DRAWBRIDGE_GITHUB_CLIENT_SECRET: 'dev-secret',
  DRAWBRIDGE_GITHUB_HOST: provider.url,
})

/** Somebody adds it to their client, is signed in, and asks the tool of the page. */
async function whoami(issuer: string): Promise<string> {
  const { v2 } = officialClients
  const client = await v2?.(`${issuer}/mcp`, { logins: 0 }, browser())
  const answer = await client?.callTool('whoami')
  await client?.close()
  return answer?.text ?? ''
}

it.skipIf(skipWithoutRuntime('workerd', `the Worker of ${readme}`))(
  'the Worker of the README of @drawbridge/d1 signs in, with its configuration and its migration',
  async () => {
    const file = written(readme, 'worker.js')
    const port = await freePort()
    const issuer = `http://localhost:${port}`
    const { compatibility_date, compatibility_flags, d1_databases } = JSON.parse(block(readme, 'jsonc').code)
    const workerd = startWorkerd({
      modules: await bundledWorker(file.path),
      compatibilityDate: compatibility_date,
      compatibilityFlags: compatibility_flags,
      d1Databases: d1_databases.map(({ binding }: { binding: string }) => binding),
      bindings: variables(issuer),
      port,
    })
    try {
      await workerd.ready
      const database = await workerd.getD1Database<D1Binding>('DB')
      const statements = block(readme, 'sql')
        .code.split(/;\s*$/m)
        .filter((each) => each.trim())
      for (const statement of statements) await database.prepare(statement).bind().all()
      const { status, headers } = await fetch(`${issuer}/mcp`, { method: 'POST' })
      expect([status, headers.get('www-authenticate')]).toEqual([
        401,
        `Bearer resource_metadata="${issuer}/.well-known/oauth-protected-resource/mcp", scope="read:user"`,
      ])
      expect(await whoami(issuer)).toMatch(/^github\|\d+$/)
    } finally {
      await workerd.dispose()
      file.remove()
    }
  },
)

it.each(['deno', 'bun'] as const)(
  'the server of the guide signs in on %s, by the command there',
  async (runtime) => {
    if (skipWithoutRuntime(runtime, `the server of ${guide}`)) return
    const file = written(guide, 'server.js')
    const port = await freePort()
    const issuer = `http://localhost:${port}`
    const lines = Object.entries(variables(issuer)).map(([name, value]) => `${name}=${value}\n`)
    writeFileSync(join(file.folder, '.env'), lines.join(''))
    const command = block(guide, 'sh', ({ code }) => code.includes(`${runtime} `)).code.replace(
      '3000',
      `${port}`,
    )
    const stop = await runningCommand(command, { port, cwd: file.folder })
    try {
      expect(await whoami(issuer)).toMatch(/^github\|\d+$/)
    } finally {
      await stop()
      file.remove()
    }
  },
)

function block(page: string, language: string, fits: (block: Block) => boolean = () => true): Block {
  const blocks = fencedBlocks(page, readFileSync(join(root, page), 'utf8'))
  const found = blocks.find((each) => each.language === language && fits(each))
  if (!found) throw new Error(`${page} has no such block of ${language}`)
  return found
}

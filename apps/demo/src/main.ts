import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { devGitHub } from '@drawbridge/testing'
import { type DemoServer, startServer } from './server.ts'
import { walk } from './walk.ts'

const once = process.argv.includes('--once')
const folder = await mkdtemp(join(tmpdir(), 'drawbridge-demo-'))
const provider = await devGitHub().listen()
const settings = {
  githubUrl: provider.url,
  secret: randomBytes(32).toString('base64'),
  database: join(folder, 'auth.db'),
}
const server = await (process.env.PORT
  ? startServer({ ...settings, port: Number(process.env.PORT) })
  : onFreePort(3000))

console.log(`
  MCP server         ${server.url}
  identity provider  ${provider.url}  (GitHub-shaped, for development)
`)

const failed = await walk(server.url, console.log).then(
  () => false,
  () => true,
)

if (once || failed) {
  await stop()
  console.log(failed ? '\nThe walk failed.' : '\nAll steps passed.')
  process.exit(failed ? 1 : 0)
}

console.log(`
  Still serving. Connect a client of your own, and sign in as octocat:

    Claude Code   claude mcp add --transport http drawbridge-demo ${server.url}
    VS Code       code --add-mcp '{"name":"drawbridge-demo","type":"http","url":"${server.url}"}'
    Inspector     npx @modelcontextprotocol/inspector  (Streamable HTTP, ${server.url})

  Ctrl+C to stop.
`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await stop()
    process.exit(0)
  })
}

/** The usual port, or one of the next: a demo should not fail because something else runs. */
async function onFreePort(port: number): Promise<DemoServer> {
  try {
    return await startServer({ ...settings, port })
  } catch (error) {
    const inUse = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    if (!inUse || port > 3020) throw error
    return onFreePort(port + 1)
  }
}

async function stop(): Promise<void> {
  await server.close()
  await provider.close()
  await rm(folder, { recursive: true, force: true })
}

import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { memory, oauthProxy } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { browser, devGitHub, signIn } from '@drawbridge/testing'
import { expect, it } from 'vitest'
import { frameworks, freePort } from './frameworks.ts'
import { secret } from './world.ts'

/** The protocol's own referee for authorization servers, as its command; the person at the browser is played here. */
async function referee(args: readonly string[], onAuthorizationUrl: (url: string) => Promise<void>) {
  const manifest = createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json')
  const child = spawn(process.execPath, [join(dirname(manifest), 'dist/index.js'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let visited = 0
  const failures: unknown[] = []
  const read = (chunk: Buffer) => {
    output += chunk
    const urls = [...output.matchAll(/^(http\S+\/authorize\?\S+)\s/gm)].map(([, url = '']) => url)
    for (const url of urls.slice(visited)) {
      visited++
      onAuthorizationUrl(url).catch((error) => {
        failures.push(error)
        child.kill()
      })
    }
  }
  child.stdout.on('data', read)
  child.stderr.on('data', read)
  const code = await new Promise((resolve) => child.once('close', resolve))
  return { code, output, failures }
}

it('passes the authorization scenarios of the MCP conformance suite', async () => {
  const [port, callbackPort, provider] = [await freePort(), await freePort(), await devGitHub().listen()]
  const issuer = `http://127.0.0.1:${port}`
  const redirect_uri = `http://127.0.0.1:${callbackPort}/callback`
  const auth = oauthProxy({
    issuer,
    secret,
    storage: memory(),
    provider: github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: provider.url }),
    clients: [{ client_id: 'conformance', redirect_uris: [redirect_uri] }],
  })
  const server = await frameworks.hono?.(auth, { port, prefix: '' })
  try {
    const { code, output, failures } = await referee(
      [
        'authorization',
        '--url',
        issuer,
        '--client-id',
        'conformance',
        '--resource',
        auth.resource,
        '-p',
        `${callbackPort}`,
      ],
      async (url) => {
        const back = await signIn(browser(), url, { user: 'octocat', redirectUri: redirect_uri })
        await (await fetch(back)).text()
      },
    )
    expect(failures).toEqual([])
    expect(code, output).toBe(0)
    expect(output).toMatch(/authorization-server-metadata-endpoint.*passed/)
    expect(output).toMatch(/authorization-code-grant.*passed/)
    expect(output).not.toMatch(/[1-9]\d* failed/)
  } finally {
    await server?.close()
    await provider.close()
  }
})

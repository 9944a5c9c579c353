import { createServer, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Auth, memory, oauthProxy } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { mcp as mcpV1, type StreamOptions } from '@drawbridge/mcp/v1'
import { type McpV2, mcp as mcpV2 } from '@drawbridge/mcp/v2'
import { browser, devGitHub, oauthClient } from '@drawbridge/testing'
import { serve } from '@hono/node-server'
import { frameworks, freePort, type Running, type Start } from '../frameworks.ts'
import { secret } from '../world.ts'
import { bareV1, bareV2 } from './bare.ts'
import { everythingV1 } from './everything-v1.ts'
import { everythingV2 } from './everything-v2.ts'

/** A server that the referee may look at. */
export interface UnderTest extends Running {
  url: string
}

export type SdkLine = 'v1' | 'v2'

/**
 * The server of the suite behind Drawbridge, on a framework, and in front of it what the suite cannot do: a proxy that
 * signed in, and adds its token to each request.
 */
export async function behindDrawbridge(line: SdkLine, framework: string): Promise<UnderTest> {
  const provider = await devGitHub().listen()
  const port = await freePort()
  const auth = oauthProxy({
    issuer: `http://127.0.0.1:${port}`,
    secret,
    storage: memory(),
    provider: github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: provider.url }),
    log: false,
  })
  const options = { auth, sessions: true, streams: { retrySeconds: 1 } }
  const mounted = line === 'v1' ? mcpV1({ ...options, server: everythingV1 }) : servedV2(options)
  const start = frameworks[framework] as Start
  const running = await start(mounted, { port, prefix: '' })
  const tokens = await oauthClient({ mcpUrl: auth.resource }).login(browser(), { user: 'octocat' })
  const proxy = await withToken(port, tokens.access_token)
  return {
    url: proxy.url,
    async close() {
      await proxy.close()
      await mounted.close()
      await running.close()
      await provider.close()
    },
  }
}

function servedV2(options: { auth: Auth; sessions: boolean; streams: StreamOptions }): McpV2 {
  const mounted: McpV2 = mcpV2({ ...options, server: () => everythingV2(() => mounted.notify) })
  return mounted
}

/** The same server without Drawbridge, and without a token. */
export async function bare(line: SdkLine): Promise<UnderTest> {
  const port = await freePort()
  const { fetch, close } = line === 'v1' ? bareV1(everythingV1) : bareV2(everythingV2)
  const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const started = serve({ fetch, port, hostname: '127.0.0.1', overrideGlobalObjects: false }, () =>
      resolve(started),
    )
  })
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    async close() {
      await close()
      await new Promise<void>((done) => {
        server.close(() => done())
        if ('closeAllConnections' in server) server.closeAllConnections()
      })
    },
  }
}

/** Passes everything on as it is, `Host` included, with a token. */
async function withToken(port: number, token: string): Promise<UnderTest> {
  const server = createServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming
    const passed = send(
      { port, host: '127.0.0.1', method, path, headers: { ...headers, authorization: `Bearer ${token}` } },
      (response) => {
        outgoing.writeHead(response.statusCode ?? 502, response.headers)
        response.pipe(outgoing)
      },
    )
    outgoing.once('close', () => passed.destroy())
    passed.once('error', () => outgoing.destroy())
    incoming.pipe(passed)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

import { pathToFileURL } from 'node:url'
import { memory, oauthProxy } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { mcp, requireAuth, upstreamFetch } from '@drawbridge/mcp'
import { createSchema } from '@drawbridge/postgres'
import { browser, devGitHub, type Handler, type Listener, network, oauthClient } from '@drawbridge/testing'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  databaseUrl,
  openTestSchema,
  skipWithoutPostgres,
} from '../../../../packages/storage/postgres/src/database.fixture.ts'
import { secret } from '../world.ts'
import { type Written, written } from './page.fixture.ts'

const page = 'docs/guides/runtimes.md'
const dev = devGitHub()
let provider: Listener

beforeAll(async () => {
  provider = await dev.listen()
})
afterAll(async () => {
  await provider.close()
})

/** Somebody signs in, calls a tool, and goes on with a renewed token. */
async function signedIn(mcpUrl: string, handler: Handler) {
  const fetch = network({ [new URL(mcpUrl).origin]: handler, [provider.url]: dev.fetch })
  const client = oauthClient({ mcpUrl, fetch })
  const tokens = await client.login(browser({ fetch }), { user: 'octocat' })
  const { body } = await client.refresh(tokens.refresh_token)
  const call = (token?: string) =>
    fetch(mcpUrl, {
      method: 'POST',
      headers: {
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'whoami' } }),
    })
  expect((await call()).status).toBe(401)
  return call(body.access_token)
}

describe('AWS Lambda, as the guide has it', () => {
  let file: Written
  let lambda: (served: object) => (event: object) => Promise<LambdaAnswer>
  beforeAll(async () => {
    file = written(page, 'lambda.ts')
    lambda = (await import(pathToFileURL(file.path).href)).lambda
  })
  afterAll(() => file?.remove())

  interface LambdaAnswer {
    statusCode: number
    headers: Record<string, string>
    cookies: string[]
    body: string
    isBase64Encoded: boolean
  }

  /** An event as API Gateway writes it: no Cookie among the headers, forms and JSON encoded or not. */
  async function eventOf(request: Request, encoded: boolean) {
    const { pathname, search, hostname } = new URL(request.url)
    const { cookie, ...headers } = Object.fromEntries(request.headers)
    const body = Buffer.from(await request.arrayBuffer())
    return {
      version: '2.0',
      routeKey: '$default',
      rawPath: pathname,
      rawQueryString: search.slice(1),
      ...(cookie && { cookies: cookie.split('; ') }),
      headers: { ...headers, host: hostname },
      requestContext: {
        domainName: hostname,
        stage: '$default',
        http: { method: request.method, path: pathname },
      },
      ...(body.length > 0 && { body: body.toString(encoded ? 'base64' : 'utf8') }),
      isBase64Encoded: encoded && body.length > 0,
    }
  }

  function responseOf({ statusCode, headers, cookies, body, isBase64Encoded }: LambdaAnswer): Response {
    const answer = new Headers(headers)
    for (const cookie of cookies) answer.append('set-cookie', cookie)
    const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8')
    return new Response(bytes.length > 0 ? bytes : null, { status: statusCode, headers: answer })
  }

  it.each([false, true])('signs in, calls and renews (bodies in base64: %s)', async (encoded) => {
    const auth = oauthProxy({
      issuer: 'https://mcp.acme.dev',
      secret,
      storage: memory(),
      provider: github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: provider.url }),
      log: false,
    })
    const handler = lambda(mcp({ auth, server: createServer, responses: 'json' }))
    const answer = await signedIn('https://mcp.acme.dev/mcp', async (request) =>
      responseOf(await handler(await eventOf(request, encoded))),
    )
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect((await answer.json()).result.content[0].text).toBe('octocat, für immer')
  })

  it('hands over each cookie by itself, waits for what goes on after the answer, and drops no byte', async () => {
    let done = false
    const handler = lambda({
      async fetch(request: Request, _: unknown, { waitUntil }: { waitUntil(work: Promise<unknown>): void }) {
        waitUntil(new Promise((resolve) => setTimeout(resolve, 5)).then(() => (done = true)))
        const headers = new Headers({ 'x-url': request.url, 'x-cookie': request.headers.get('cookie') ?? '' })
        headers.append('set-cookie', 'a=1; Path=/, b')
        headers.append('set-cookie', 'b=2')
        return new Response(await request.arrayBuffer(), { status: 201, headers })
      },
    })
    const bytes = Buffer.from([0, 255, 128])
    const answer = await handler({
      rawPath: '/mcp',
      rawQueryString: 'a=1&a=%202',
      cookies: ['x=1', 'y=2'],
      headers: {},
      requestContext: { domainName: 'mcp.acme.dev', http: { method: 'POST' } },
      body: bytes.toString('base64'),
      isBase64Encoded: true,
    })
    expect(answer).toEqual({
      statusCode: 201,
      headers: { 'x-url': 'https://mcp.acme.dev/mcp?a=1&a=%202', 'x-cookie': 'x=1; y=2' },
      cookies: ['a=1; Path=/, b', 'b=2'],
      body: bytes.toString('base64'),
      isBase64Encoded: true,
    })
    expect(done).toBe(true)
  })

  function createServer() {
    const server = new McpServer({ name: 'lambda', version: '1.0.0' })
    server.registerTool('whoami', {}, async () => {
      const response = await upstreamFetch(`${provider.url}/api/v3/user`)
      expect(response.status).toBe(200)
      const { login } = requireAuth<{ login: string }>().extra.user
      return { content: [{ type: 'text', text: `${login}, für immer` }] }
    })
    return server
  }
})

describe.skipIf(await skipWithoutPostgres('Next.js, as the guide has it'))(
  'Next.js, as the guide has it',
  () => {
    it('loads without a database or a secret, then signs in, calls and renews', async () => {
      const schema = await openTestSchema()
      const file = written(page, 'route.js')
      try {
        const route: Record<string, (request: Request) => Promise<Response>> = await import(
          pathToFileURL(file.path).href
        )
        const url = new URL(databaseUrl)
        url.searchParams.set('options', `-c search_path="${schema.name}"`)
        vi.stubEnv('DATABASE_URL', url.href)
        vi.stubEnv('DRAWBRIDGE_SECRET', secret)
        vi.stubEnv('DRAWBRIDGE_GITHUB_HOST', provider.url)
        vi.stubEnv('DRAWBRIDGE_GITHUB_CLIENT_ID', 'dev-client')
        vi.stubEnv('DRAWBRIDGE_GITHUB_CLIENT_SECRET', 'dev-secret')
        await createSchema(schema.pool(), { schema: schema.name })
        // Next.js calls what is named after the method, for what is in one of the two folders.
        const answer = await signedIn('https://acme.dev/api/mcp', async (request) => {
          const handle = route[request.method]
          if (!handle) return new Response(null, { status: 405 })
          if (!/^\/(api|\.well-known)\/./.test(new URL(request.url).pathname))
            return new Response(null, { status: 404 })
          return handle(request)
        })
        expect(await answer.text()).toMatch(/"text":"github\|\d+"/)
      } finally {
        vi.unstubAllEnvs()
        file.remove()
        await schema.drop()
      }
    })
  },
)

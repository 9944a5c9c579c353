import { describe, expect, it } from 'vitest'
import { browser } from '../driver/browser.ts'
import { clientKey } from './client-key.ts'
import { metadataDocument, publishedDocuments } from './documents.ts'
import type { Habits, Product, Way } from './product.ts'
import { productClient } from './product-client.ts'
import { leastServer, mcpUrl, without } from './products.fixture.ts'
import { products } from './products.ts'

const withHabits = (habits: Habits): Product => ({
  name: 'Some product',
  observed: '2026-11',
  ways: {
    registration: {
      metadata: { redirect_uris: ['http://127.0.0.1:{port}/callback'] },
      waitsAt: ['http://127.0.0.1:{port}/callback'],
    },
  },
  habits,
})

/** Connects the product, by each redirect URI that it waits at. */
async function connected(product: Product, way: Way, server: ReturnType<typeof leastServer>, more = {}) {
  const { fetch } = server
  const app = productClient(product, { mcpUrl, way, fetch, ...more })
  await app.connect(browser({ fetch }))
  return app
}

describe('every entry', () => {
  it.each(products.map((product) => [product.name, product] as const))('%s is complete', (_, product) => {
    const { registration, document, static: byHand } = product.ways
    expect(product.observed).toMatch(/^20\d\d-(0[1-9]|1[0-2])$/)
    expect(registration ?? document ?? byHand).toBeDefined()
    const portless = (uri: string) => uri.replace(/^(http:\/\/[^/:]+):(\d+|\{port\})\//, '$1/')
    const declared = [
      [registration?.metadata.redirect_uris, registration?.waitsAt],
      [document?.metadata.redirect_uris, document?.waitsAt],
      [byHand?.redirect_uris, byHand?.waitsAt],
    ]
    for (const [uris = [], waitsAt = []] of declared) {
      for (const uri of waitsAt) expect(uris.map(portless)).toContain(portless(uri))
    }
  })

  it.each(products.map((product) => [product.name, product] as const))(
    '%s connects where it gets what it insists on',
    async (_, product) => {
      const server = leastServer()
      const app = await connected(product, 'registration', server)
      expect((await app.call()).status).toBe(200)
      expect((await app.refresh()).refresh_token).toMatch(/^r-/)
      expect(JSON.stringify(server.registrations)).not.toContain('{port}')
    },
  )
})

describe('does not put up with', () => {
  const spoiled = (at: string, spoil: (response: Response) => Response | Promise<Response>) =>
    leastServer({ change: (path, response) => (path === at ? spoil(response) : response) })
  const nulls = async (response: Response) =>
    Response.json({ ...((await response.json()) as object), client_uri: null }, response)
  const noIss = (response: Response) => {
    const location = (response.headers.get('location') ?? '').replace(/&iss=[^&]*/, '')
    return new Response(null, { status: 302, headers: { location } })
  }
  const page = { pageOf: 'http://localhost:6274' }

  it.each<[string, Habits, ReturnType<typeof leastServer>, RegExp]>([
    [
      'a GET that is not challenged',
      { probes: ['GET'] },
      spoiled('/mcp', () => new Response('', { status: 405 })),
      /GET/,
    ],
    ['a null', { refusesNulls: true }, spoiled('/register', nulls), /null at client_uri/],
    ['a missing iss', { enforcesIss: true }, spoiled('/authorize', noIss), /iss is undefined/],
    [
      'a page that may not read an answer',
      page,
      spoiled('/token', (response) => without('access-control-allow-origin', response)),
      /may not read/,
    ],
    [
      'a page that may not send a header',
      page,
      spoiled('/register', (response) => without('access-control-allow-headers', response)),
      /does not let .* POST with content-type/,
    ],
    [
      'a page from which the challenge is hidden',
      page,
      spoiled('/mcp', (response) => without('access-control-expose-headers', response)),
      /a POST without a token was answered with 401 and ""/,
    ],
  ])('%s', async (_, habits, server, message) => {
    await expect(connected(withHabits(habits), 'registration', server)).rejects.toThrow(message)
  })

  it('a missing iss, which others do not miss', async () => {
    await connected(withHabits({}), 'registration', spoiled('/authorize', noIss))
  })

  it('an answer without the scope', async () => {
    const server = spoiled('/token', async (response) => {
      const { scope: _, ...rest } = (await response.json()) as Record<string, unknown>
      return Response.json(rest)
    })
    await expect(connected(withHabits({}), 'registration', server)).rejects.toThrow('no scope')
  })
})

it('keeps its registration, unless it is its habit to register again', async () => {
  for (const [registersAgain, times] of [
    [false, 1],
    [true, 2],
  ] as const) {
    const server = leastServer()
    const app = await connected(withHabits({ registersAgain }), 'registration', server)
    await app.connect(browser({ fetch: server.fetch }))
    expect(server.registrations).toHaveLength(times)
  }
})

it('calls its forms what it calls them', async () => {
  const server = leastServer()
  const formType = 'application/json, application/x-www-form-urlencoded'
  await connected(withHabits({ formType }), 'registration', server)
  expect(server.tokenRequests.map(({ type }) => type)).toEqual([formType])
})

describe('by metadata document', () => {
  const named = (name: string) => {
    const product = products.find((each) => each.name === name)
    if (!product) throw new Error(`no ${name}`)
    return product
  }
  const metadata = (...token_endpoint_auth_methods_supported: string[]) => ({
    client_id_metadata_document_supported: true,
    token_endpoint_auth_methods_supported,
  })

  it('is known by its URL, which is what the document says', async () => {
    for (const product of products) {
      const { url } = product.ways.document ?? {}
      if (url === undefined) continue
      const { status, headers, body } = await publishedDocuments(products)(url)
      expect(status).toBe(200)
      expect(headers.get('content-type')).toBe('application/json')
      expect(JSON.parse(new TextDecoder().decode(body))).toEqual(metadataDocument(product))
      expect(metadataDocument(product)?.client_id).toBe(url)
      const server = leastServer({ metadata: metadata('none') })
      await connected(product, 'document', server)
      expect(server.tokenRequests[0]?.form.client_id).toBe(url)
      expect(server.registrations).toEqual([])
    }
    expect((await publishedDocuments(products)('https://chatgpt.com/other')).status).toBe(404)
  })

  it('does not use it where the server does not say that it takes documents', async () => {
    await expect(connected(named('VS Code'), 'document', leastServer())).rejects.toThrow('no documents')
    const server = leastServer({ metadata: metadata('private_key_jwt') })
    await expect(connected(named('claude.ai'), 'document', server)).rejects.toThrow('no documents')
  })

  it('proves itself with the key behind jwks_uri where the server takes that', async () => {
    const key = await clientKey({ clock: { now: () => 1_800_000_000_000 } })
    const server = leastServer({ metadata: metadata('none', 'private_key_jwt') })
    await connected(named('ChatGPT'), 'document', server, { key })
    const { client_id, client_assertion_type, client_assertion } = server.tokenRequests[0]?.form ?? {}
    expect(client_id).toBe('https://chatgpt.com/oauth/client.json')
    expect(client_assertion_type).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer')

    const { body } = await publishedDocuments(products, key)('https://chatgpt.com/oauth/jwks.json')
    const [jwk] = JSON.parse(new TextDecoder().decode(body)).keys
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
    const verifier = await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['verify'])
    const [header = '', payload = '', signature = ''] = String(client_assertion).split('.')
    const signed = new TextEncoder().encode(`${header}.${payload}`)
    const bytes = Buffer.from(signature, 'base64url')
    expect(await crypto.subtle.verify(algorithm, verifier, bytes, signed)).toBe(true)
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
      iss: client_id,
      sub: client_id,
      aud: 'https://mcp.test',
      exp: 1_800_000_060,
      jti: expect.any(String),
    })
  })
})

it('says what it lacks', async () => {
  const some = withHabits({})
  expect(() => productClient(some, { mcpUrl, way: 'document' })).toThrow('does not know the way "document"')
  expect(() => productClient(some, { mcpUrl, way: 'registration', redirect: 1 })).toThrow(
    'redirect URI number 1',
  )
  const byHand = { ...some, ways: { static: { methods: ['none'], ...ways } } } as const
  await expect(connected(byHand, 'static', leastServer())).rejects.toThrow('nobody has written a client')
})

const ways = { redirect_uris: ['http://127.0.0.1/callback'], waitsAt: ['http://127.0.0.1:{port}/callback'] }

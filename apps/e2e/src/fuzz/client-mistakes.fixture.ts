import { randomUUID } from 'node:crypto'
import { parts, signed, signingKeys } from './assertions.fixture.ts'
import { answering, isPage, type Planted, refused, withHeader, withText } from './planting.fixture.ts'
import type { Mistake } from './subject.fixture.ts'

const redirecting = (location: string) =>
  new Response(null, {
    status: 302,
    headers: { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
  })

const withDocument = (url: URL) => url.searchParams.get('client_id')?.startsWith('https://') ?? false

/** The server is shown another assertion than it was sent: this client's, signed anew, with what is said here. */
const withAssertion =
  (change: (claims: Record<string, unknown>, isSeen: boolean) => Record<string, unknown>): Mistake =>
  (handle) => {
    const seen = new Set<string>()
    return async (request, context) => {
      const form = new URLSearchParams(await request.clone().text())
      const jwt = form.get('client_assertion') ?? ''
      const found = parts(jwt)
      const key = Object.values(signingKeys).find(({ kid }) => kid === found?.header.kid)
      if (request.method !== 'POST' || !found || !key) return handle(request, context)
      form.set('client_assertion', signed(found.header, change(found.claims, seen.has(jwt)), key))
      seen.add(jwt)
      const { url, method, headers } = request
      return handle(new Request(url, { method, headers, body: form.toString() }), context)
    }
  }

const signing = { client: 'document', method: 'private_key_jwt' } as const

/** Things done wrongly with clients that publish documents, that sign, and that ask too often. */
export const clientMistakes: Readonly<Record<string, Planted>> = {
  'takes an assertion that was used': {
    mistake: withAssertion((claims, isSeen) => (isSeen ? { ...claims, jti: randomUUID() } : claims)),
    plan: signing,
    seed: 5,
    found: /has not what it takes/,
  },
  'takes an assertion for another server': {
    mistake: withAssertion((claims) => ({ ...claims, aud: 'https://mcp.test' })),
    plan: signing,
    seed: 2,
    found: /has not what it takes/,
  },
  'takes an assertion that is good for ever': {
    mistake: withAssertion((claims) => ({
      ...claims,
      exp: Math.min(Number(claims.exp), Number(claims.iat) + 300),
    })),
    plan: signing,
    seed: 5,
    found: /has not what it takes/,
  },
  'sends people where no document says': {
    mistake: answering(({ url, response }) => {
      const uri = url.searchParams.get('redirect_uri') ?? ''
      if (url.pathname !== '/authorize' || !refused(response) || !withDocument(url)) return undefined
      if (!/^[!-~]+$/.test(uri)) return undefined
      return redirecting(`${uri}?error=invalid_request&iss=https%3A%2F%2Fmcp.test`)
    }),
    plan: { client: 'document', method: 'none' },
    seed: 2,
    found: /nothing in the request is good for that/,
  },
  'sends people where a document says no more': {
    mistake: (handle) => {
      const asked = new Map<string, string>()
      const follow = (from: string | null, url: URL) => {
        const uri = asked.get(from ?? '')
        const to = url.searchParams.get('transaction') ?? url.searchParams.get('state') ?? ''
        if (uri) asked.set(to, uri)
      }
      return async (request, context) => {
        const response = await handle(request, context)
        const { pathname, searchParams } = new URL(request.url)
        const location = URL.parse(response?.headers.get('location') ?? '')
        if (pathname === '/authorize' && location) {
          const redirect_uri = searchParams.get('redirect_uri') ?? ''
          asked.set(location.searchParams.get('transaction') ?? '', redirect_uri)
        }
        if (pathname === '/consent' && location) follow(searchParams.get('transaction'), location)
        if (pathname === '/authorize') return response
        const uri = asked.get(searchParams.get('transaction') ?? searchParams.get('state') ?? '')
        const isGone =
          response?.status === 400 && (await response.clone().text()).includes('introduce itself')
        return isGone && uri ? redirecting(`${uri}?error=server_error&iss=https%3A%2F%2Fmcp.test`) : response
      }
    },
    plan: { client: 'document', method: 'none' },
    seed: 11,
    found: /nothing in the request is good for that/,
  },
  'fails when a document does': {
    mistake: answering(({ url, response }) =>
      url.pathname === '/authorize' && refused(response) && withDocument(url)
        ? new Response('', { status: 500 })
        : undefined,
    ),
    plan: { client: 'document', method: 'none' },
    seed: 2,
    found: /^500/m,
  },
  'is out when the host of a stranger is': {
    mistake: answering(({ url, response }) =>
      url.pathname === '/authorize' && refused(response) && withDocument(url)
        ? new Response('', { status: 503, headers: { 'retry-after': '30' } })
        : undefined,
    ),
    plan: { client: 'document', method: 'none' },
    seed: 2,
    found: /^503/m,
  },
  'is out, and says no more, when keys cannot be fetched': {
    mistake: answering(({ url, response }) =>
      url.pathname === '/token' && response.status === 503
        ? withHeader(response, 'retry-after', undefined)
        : undefined,
    ),
    plan: signing,
    seed: 7,
    found: /503 without Retry-After/,
  },
  'shows the name in a document as it is': {
    mistake: answering(({ response }) =>
      isPage(response)
        ? withText(response, (text) =>
            text.includes('https://client.example')
              ? text.replaceAll('&lt;', '<').replaceAll('&gt;', '>')
              : text,
          )
        : undefined,
    ),
    plan: { client: 'document', method: 'none' },
    found: /text of a client became an element/,
  },
  'sends a faulty request on to wherever its client is': {
    mistake: answering(async ({ url, response }) => {
      if (url.pathname !== '/authorize' || response.status !== 400) return undefined
      const [, link] = /class="button" href="([^"]*)"/.exec(await response.clone().text()) ?? []
      return link === undefined ? undefined : redirecting(link.replaceAll('&amp;', '&'))
    }),
    seed: 6,
    found: /which is a stranger's/,
  },
  'leaves people with a faulty request alone': {
    mistake: answering(({ url, response }) =>
      url.pathname === '/authorize' && response.status === 400 && isPage(response)
        ? withText(response, (text) => text.replace(/<a class="button".*?<\/a>/s, ''))
        : undefined,
    ),
    seed: 6,
    found: /no way to its client/,
  },
  'has people go on with an answer of another server': {
    mistake: answering(({ url, response }) =>
      url.pathname === '/authorize' && response.status === 400 && isPage(response)
        ? withText(response, (text) => text.replace('iss=https', 'iss=http'))
        : undefined,
    ),
    seed: 6,
    found: /iss is http:/,
  },
  'signs people out because somebody else asks too often': {
    mistake: (handle) => {
      let isBusy = false
      return async (request, context) => {
        const form = new URLSearchParams(await request.clone().text())
        if (isBusy && form.get('grant_type') === 'refresh_token') {
          const body = { error: 'temporarily_unavailable', error_description: 'Too many.' }
          const headers = { 'retry-after': '5', 'cache-control': 'no-store' }
          return Response.json(body, { status: 429, headers })
        }
        const response = await handle(request, context)
        isBusy ||= response?.status === 429
        return response
      }
    },
    plan: { setup: 'limits' },
    found: /429 for a refresh token that is good|refresh is refused/,
  },
  'counts in as many places as somebody likes': {
    mistake: answering(async ({ response }, { storage }) => {
      if (response.status === 429) {
        await storage.put(`request-count/${randomUUID()}`, 'x', { ifVersion: null })
      }
      return undefined
    }),
    plan: { setup: 'limits' },
    found: /request-count\/\S+ was created/,
  },
  'does something for those who ask too often': {
    mistake: answering(async ({ response }, { storage }) => {
      if (response.status === 429) await storage.put('client/x', 'x', { ifVersion: null })
      return undefined
    }),
    plan: { setup: 'limits' },
    found: /a client was created/,
  },
  'gives more at each refresh': {
    mistake: answering(({ body, response }) =>
      response.status === 200 && body.includes('grant_type=refresh_token')
        ? withText(response, (text) => text.replace(/"scope":"[^"]*"/, '"scope":"files:read files:write"'))
        : undefined,
    ),
    found: /is more than was granted/,
  },
  'gives what nobody consented to': {
    mistake: answering(({ url, response }) =>
      url.pathname === '/token' && response.status === 200
        ? withText(response, (text) => text.replace(/"scope":"/, '"scope":"admin '))
        : undefined,
    ),
    found: /is more than people consented to/,
  },
  'lets anybody register where few may': {
    mistake: answering(({ url, response }) =>
      url.pathname === '/register' && response.status === 401
        ? Response.json({ client_id: 'x', redirect_uris: [] }, { status: 201 })
        : undefined,
    ),
    plan: { setup: 'few may register', client: 'registered', method: 'none' },
    found: /anybody may register/,
  },
  'fails when the operator’s own function does': {
    mistake: answering(({ url, response }) =>
      url.pathname === '/register' && response.status === 503
        ? Response.json({ error: 'server_error', error_description: '' }, { status: 500 })
        : undefined,
    ),
    plan: { setup: 'few may register', client: 'registered', method: 'none' },
    seed: 4,
    found: /^500/m,
  },
}

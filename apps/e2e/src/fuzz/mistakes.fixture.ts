import { answering, isPage, type Planted, refused, withHeader, withText } from './planting.fixture.ts'
import type { Handle } from './subject.fixture.ts'

/** Things done wrongly, and what the fuzz test must say of each. */
export const mistakes: Readonly<Record<string, Planted>> = {
  'fails at a NUL': {
    mistake: answering(({ url, body }) =>
      /%00/.test(url.search + body) ? Response.json({ error: 'server_error' }, { status: 500 }) : undefined,
    ),
    seed: 2,
    found: /^500/m,
  },
  'throws what nobody expects': {
    mistake: (handle: Handle) => async (request, context) => {
      if (request.headers.get('content-type')?.includes('charset=latin1')) {
        return new Response('TypeError: x at file.ts:1', { status: 500 })
      }
      return handle(request, context)
    },
    seed: 10,
    found: /^500|the code shows/m,
  },
  'sends a browser to an address that is not registered': {
    mistake: answering(({ url, response }) => {
      const uri = url.searchParams.get('redirect_uri')
      if (url.pathname !== '/authorize' || !refused(response) || !uri?.startsWith('http')) return undefined
      const location = `${encodeURI(uri)}?error=invalid_request&iss=https%3A%2F%2Fmcp.test`
      return new Response(null, {
        status: 302,
        headers: { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
      })
    }),
    seed: 7,
    found: /nothing in the request is good for that|odd characters|which is a stranger's/,
  },
  'names itself twice to the client': {
    mistake: answering(({ response }) => {
      const location = response.headers.get('location')
      return location?.includes('&iss=') ? withHeader(response, 'location', `${location}&iss=x`) : undefined
    }),
    found: /iss twice/,
  },
  'changes the state': {
    mistake: answering(({ response }) => {
      const location = response.headers.get('location')
      if (!location?.includes('&iss=') || !location.includes('state=')) return undefined
      return withHeader(response, 'location', location.replace('state=', 'state=x'))
    }),
    found: /the state came back as/,
  },
  'shows the name of a client as it is': {
    mistake: answering(({ response }) =>
      isPage(response)
        ? withText(response, (text) => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>'))
        : undefined,
    ),
    found: /text of a client became an element/,
  },
  'quotes text of a client without escaping its quotes': {
    mistake: answering(({ response, url }) =>
      isPage(response)
        ? withText(response, (text) =>
            text.replace(
              '<form',
              `<form title="${url.searchParams.get('x') ?? ''}${text.includes('&quot; fuzz') ? '" fuzz-attribute="1' : ''}"`,
            ),
          )
        : undefined,
    ),
    found: /became an attribute|has an attribute title/,
  },
  'runs a script': {
    mistake: answering(({ response }) =>
      isPage(response)
        ? withText(response, (text) => text.replace('</body>', '<script>1</script></body>'))
        : undefined,
    ),
    found: /an element script/,
  },
  'links to where a client says': {
    mistake: answering(({ response }) =>
      isPage(response)
        ? withText(response, (text) => text.replace('</main>', '<a href="javascript:alert(1)">x</a></main>'))
        : undefined,
    ),
    found: /leads to no website/,
  },
  'has a page that may be framed': {
    mistake: answering(({ response }) =>
      isPage(response) ? withHeader(response, 'x-frame-options', undefined) : undefined,
    ),
    found: /x-frame-options/,
  },
  'has a page that may load anything': {
    mistake: answering(({ response }) =>
      isPage(response) ? withHeader(response, 'content-security-policy', "default-src 'self'") : undefined,
    ),
    found: /content-security-policy/,
  },
  'keeps a record of what it refuses': {
    mistake: answering(async ({ response }, { storage }) => {
      if (refused(response)) await storage.put(`refusal/${Math.random()}`, 'x', { ifVersion: null })
      return undefined
    }),
    found: /a refusal was created|of refusal are left/,
  },
  'leaves more behind than it needs': {
    mistake: answering(async ({ url }, { storage }) => {
      if (url.pathname === '/register')
        await storage.put(`client-candidate/${Math.random()}`, 'x', { ifVersion: null })
      return undefined
    }),
    found: /client-candidate are left|a client-candidate was created/,
  },
  'ends a grant that somebody else names': {
    mistake: answering(async ({ url, response }, { storage }) => {
      if (url.pathname !== '/token' || !refused(response)) return undefined
      for (const key of (await storage.list('grant/')).keys) {
        const version = (await storage.get(key))?.version
        if (version) await storage.delete(key, { ifVersion: version })
      }
      return undefined
    }),
    seed: 4,
    found: /a grant was deleted/,
  },
  'takes a code for used that was refused': {
    mistake: (handle) => {
      const codesSeen = new Set<string>()
      return async (request, context) => {
        const { pathname } = new URL(request.url)
        const code = new URLSearchParams(await request.clone().text()).get('code') ?? ''
        if (pathname === '/token' && codesSeen.has(code)) {
          return Response.json(
            { error: 'invalid_grant', error_description: 'Used.' },
            { status: 400, headers: { 'cache-control': 'no-store' } },
          )
        }
        const response = await handle(request, context)
        if (pathname === '/token' && code !== '' && response && refused(response)) codesSeen.add(code)
        return response
      }
    },
    seed: 7,
    found: /token does not work any more/,
  },
  'logs what it was sent': {
    mistake: answering(({ body, response }, { tell }) => {
      if (refused(response)) tell(`refused: ${body}`)
      return undefined
    }),
    found: /a credential is told/,
  },
  'quotes a token in an error': {
    mistake: answering(({ body, response, url }) => {
      const token = new URLSearchParams(body).get('refresh_token')
      if (url.pathname !== '/token' || !refused(response) || token === null) return undefined
      return withText(response, (text) =>
        text.replace('"error_description":"', `"error_description":"${token.replace(/[^\w.-]/g, '')} `),
      )
    }),
    seed: 11,
    found: /a credential in an error/,
  },
  'makes up an error code': {
    mistake: answering(({ response }) =>
      refused(response) && !isPage(response)
        ? withText(response, (text) => text.replace('"invalid_', '"bad_'))
        : undefined,
    ),
    found: /the error bad_/,
  },
  'quotes in an error whatever came': {
    mistake: answering(({ response, url }) =>
      refused(response) && url.pathname === '/register'
        ? withText(response, (text) => text.replace(/"error_description":"/, '"error_description":"\\"<x>'))
        : undefined,
    ),
    found: /error_description is/,
  },
  'has errors that are cached': {
    mistake: answering(({ response }) =>
      refused(response) && !isPage(response)
        ? withHeader(response, 'cache-control', 'max-age=60')
        : undefined,
    ),
    found: /may be cached/,
  },
  'writes a challenge that clients cannot read': {
    mistake: answering(({ response }) => {
      const value = response.headers.get('www-authenticate')
      return value ? withHeader(response, 'www-authenticate', value.replaceAll('"', "'")) : undefined
    }),
    found: /WWW-Authenticate/,
  },
  'lets anybody in': {
    mistake: answering(({ response, url }) =>
      url.pathname === '/mcp' && response.status === 401
        ? Response.json({ jsonrpc: '2.0', id: 1, result: {} })
        : undefined,
    ),
    seed: 3,
    found: /without a good token comes in/,
  },
  'takes one of two Authorization headers': {
    mistake: (handle) => (request, context) => {
      const headers = new Headers(request.headers)
      const [first, second] = headers.get('authorization')?.split(', ') ?? []
      if (first && second) headers.set('authorization', first)
      return handle(new Request(request, { headers }), context)
    },
    found: /without a good token comes in|anybody may register/,
  },
  'asks people whom a client wants left alone': {
    mistake: (handle) => (request, context) => {
      const url = new URL(request.url)
      if (url.searchParams.get('prompt')?.includes('none')) url.searchParams.delete('prompt')
      return handle(new Request(url, request), context)
    },
    seed: 24,
    found: /somebody is asked, and the client wants nobody asked/,
  },
  'lets anybody revoke': {
    mistake: answering(({ response, url }) =>
      url.pathname === '/revoke' && response.status === 401 ? Response.json({}) : undefined,
    ),
    seed: 3,
    found: /may revoke/,
  },
  'gives away tokens': {
    mistake: answering(({ response, url }) =>
      url.pathname === '/token' && response.status === 400
        ? Response.json({ access_token: 'x', token_type: 'Bearer' })
        : undefined,
    ),
    seed: 4,
    found: /tokens for a request that has not what it takes/,
  },
  'does without the cookie of a form': {
    mistake: (handle) => {
      let last = ''
      return async (request, context) => {
        if (new URL(request.url).pathname !== '/consent' || request.method !== 'POST') {
          const response = await handle(request, context)
          for (const cookie of response?.headers.getSetCookie() ?? []) {
            if (cookie.includes('-form-')) last = `${cookie.split(';')[0]}; ${last}`
          }
          return response
        }
        const headers = new Headers(request.headers)
        headers.set('cookie', last)
        return handle(new Request(request, { headers }), context)
      }
    },
    seed: 5,
    found: /may do nothing, and a transaction was/,
  },
  'fails when the store does': {
    mistake: answering(({ response }) =>
      response.status === 503
        ? new Response(response.body, { status: 500, headers: response.headers })
        : undefined,
    ),
    outages: true,
    found: /^500/m,
  },
  'does not say when to come back': {
    mistake: answering(({ response }) =>
      response.status === 503 ? withHeader(response, 'retry-after', undefined) : undefined,
    ),
    outages: true,
    found: /503 without Retry-After/,
  },
}

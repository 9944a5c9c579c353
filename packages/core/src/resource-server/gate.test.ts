import { afterEach, describe, expect, it } from 'vitest'
import type { Authentication } from '../auth.ts'
import { type Gate, type GateOptions, type GateResult, gate } from './gate.ts'
import type { VerifiedToken } from './verifier.ts'

const resource = 'https://mcp.test/mcp'
const resourceMetadataUrl = 'https://mcp.test/.well-known/oauth-protected-resource/mcp'

const ada: VerifiedToken<{ name: string }> = {
  subject: 'test|1',
  clientId: 'client-1',
  scopes: ['mcp'],
  expiresAt: 2_000_000_000,
  issuer: 'https://login.test',
  user: { name: 'Ada' },
}

function door(
  check: GateOptions<{ name: string }>['check'],
  options: Partial<GateOptions<{ name: string }>> = {},
): Gate<{ name: string }> {
  return gate({ resource, resourceMetadataUrl, check, ...options })
}

const letsAdaIn = async (token: string): Promise<GateResult<{ name: string }>> =>
  token === 'good' ? { status: 'valid', token: ada, grant: 'g1' } : { status: 'invalid', reason: 'expired' }

function request(token?: string, init: RequestInit = {}, url = resource): Request {
  return new Request(url, {
    ...init,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  })
}

function refusal(result: Authentication): Response {
  if (result.ok) throw new Error('let in')
  return result.response
}

function challengeOf(response: Response): string {
  return response.headers.get('www-authenticate') ?? ''
}

describe('authenticate', () => {
  it('lets a good token in and says whose it is', async () => {
    const result = await door(letsAdaIn).authenticate(request('good'))
    expect(result).toEqual({
      ok: true,
      auth: {
        token: 'good',
        clientId: 'client-1',
        scopes: ['mcp'],
        expiresAt: 2_000_000_000,
        resource: new URL(resource),
        resourceMetadataUrl,
        extra: { subject: 'test|1', issuer: 'https://login.test', user: { name: 'Ada' }, grant: 'g1' },
      },
    })
  })

  it.each(['GET', 'POST', 'DELETE', 'PUT', 'HEAD'])(
    'challenges a %s without a token, naming no error',
    async (method) => {
      const response = refusal(await door(letsAdaIn).authenticate(request(undefined, { method })))
      expect(response.status).toBe(401)
      expect(challengeOf(response)).toBe(`Bearer resource_metadata="${resourceMetadataUrl}"`)
    },
  )

  it('challenges before it looks at what the client accepts or sends', async () => {
    const probe = new Request(resource, {
      method: 'POST',
      headers: { accept: 'text/html', 'content-type': 'text/plain' },
      body: 'nonsense',
    })
    expect(refusal(await door(letsAdaIn).authenticate(probe)).status).toBe(401)
    expect(probe.bodyUsed).toBe(false)
  })

  it.each<[string, Request, 'none' | 'refused' | 'unchecked']>([
    ['no token', request(), 'none'],
    ['a preflight', request('good', { method: 'OPTIONS' }), 'none'],
    ['another scheme', new Request(resource, { headers: { authorization: 'Basic YTpi' } }), 'none'],
    ['a bad token', request('bad'), 'refused'],
    ['what is no token', request('two words'), 'refused'],
    ['a good token with too little scope', request('good'), 'refused'],
    ['a token nobody can judge', request('outage'), 'unchecked'],
  ])('says of %s what became of the credentials', async (_, asking, credentials) => {
    const { authenticate } = door(async (token) =>
      token === 'outage' ? { status: 'unavailable', reason: 'out' } : letsAdaIn(token),
    )
    expect(await authenticate(asking, { scopes: ['other'] })).toMatchObject({ ok: false, credentials })
  })

  it('needs no more of a request than method, URL and headers', async () => {
    const headers = new Headers({ authorization: 'Bearer good' })
    const { authenticate } = door(letsAdaIn)
    for (const method of ['GET', 'POST']) {
      expect((await authenticate({ method, url: resource, headers })).ok).toBe(true)
    }
    expect(refusal(await authenticate({ method: 'OPTIONS', url: resource, headers })).status).toBe(204)
    // @ts-expect-error: all three of them
    expect(refusal(await authenticate({ method: 'GET', headers: new Headers() })).status).toBe(401)
  })

  it('answers a preflight with 204, token or not', async () => {
    const response = refusal(await door(letsAdaIn).authenticate(request(undefined, { method: 'OPTIONS' })))
    expect(response.status).toBe(204)
  })

  it('allows in a preflight what the route answers, or else what a page asks for', async () => {
    const ask = async (headers: Record<string, string>, methods?: readonly string[]) => {
      const asking = new Request('https://mcp.test/files/1', { method: 'OPTIONS', headers })
      const answer = refusal(await door(letsAdaIn).authenticate(asking, { methods })).headers
      return [answer.get('access-control-allow-methods'), answer.get('access-control-allow-headers')]
    }
    const wants = (method: string) => ({ 'access-control-request-method': method })
    expect(await ask(wants('PATCH'))).toEqual(['PATCH, OPTIONS', 'authorization'])
    expect(await ask(wants('PATCH'), ['GET', 'PUT'])).toEqual(['GET, PUT, OPTIONS', 'authorization'])
    expect(await ask({})).toEqual(['OPTIONS', 'authorization'])
    expect(await ask(wants('<script>'))).toEqual(['OPTIONS', 'authorization'])
    const names = {
      ...wants('PUT'),
      'access-control-request-headers': 'If-Match,authorization, x-a , x b,<i>',
    }
    expect(await ask(names)).toEqual(['PUT, OPTIONS', 'authorization, if-match, x-a'])
  })

  it.each(['bad', 'a b', ''])('answers a bad token (%j) with invalid_token', async (token) => {
    const response = refusal(await door(letsAdaIn).authenticate(request(token)))
    expect(response.status).toBe(401)
    expect(challengeOf(response)).toContain('error="invalid_token"')
  })

  it('refuses a token that is bound to a key: whoever presents it as a bearer need not hold that', async () => {
    const seen: unknown[] = []
    const token = { ...ada, cnf: { jkt: 'thumbprint' } }
    const { authenticate } = door(async () => ({ status: 'valid', token, grant: 'g1' }), {
      emit: (event) => seen.push(event),
    })
    const result = await authenticate(request('good'))
    expect(result).toMatchObject({ ok: false, credentials: 'refused' })
    expect(challengeOf(refusal(result))).toContain('error="invalid_token"')
    const event = { type: 'token.refused', reason: 'not_verified', detail: 'sender_constrained', grant: 'g1' }
    expect(seen).toMatchObject([event])
  })

  it('takes no token from the query or a form', async () => {
    const { authenticate } = door(letsAdaIn)
    const query = request(undefined, {}, `${resource}?access_token=good`)
    const form = request(undefined, { method: 'POST', body: new URLSearchParams({ access_token: 'good' }) })
    expect(refusal(await authenticate(query)).status).toBe(401)
    expect(refusal(await authenticate(form)).status).toBe(401)
  })

  it('never shows the client why a token was refused', async () => {
    const seen: unknown[] = []
    const { authenticate } = door(
      async () => ({ status: 'invalid', reason: 'not_verified', detail: 'signature of key 7' }),
      { emit: (event) => seen.push(event) },
    )
    const response = refusal(await authenticate(request('bad')))
    expect(challengeOf(response) + (await response.text())).not.toMatch(/key 7|not_verified/)
    expect(seen).toMatchObject([
      { type: 'token.refused', resource, reason: 'not_verified', detail: 'signature of key 7' },
    ])
  })
})

describe('an outage', () => {
  it('is 503 with Retry-After, never 401', async () => {
    const response = refusal(
      await door(async () => ({ status: 'unavailable', reason: 'store', retryAfter: 7 })).authenticate(
        request('good'),
      ),
    )
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('7')
    expect(response.headers.has('www-authenticate')).toBe(false)
  })

  it('is what a check that throws counts as, and the token stays out of the reason', async () => {
    const seen: unknown[] = []
    const { authenticate } = door(
      async (token) => {
        throw new Error(`connect ECONNREFUSED while looking up ${token}`)
      },
      { emit: (event) => seen.push(event) },
    )
    const response = refusal(await authenticate(request('s3cr3t')))
    expect(response.status).toBe(503)
    expect(await response.text()).not.toContain('ECONNREFUSED')
    expect(seen).toMatchObject([
      { type: 'token.unchecked', resource, detail: expect.stringContaining('ECONNREFUSED') },
    ])
    expect(JSON.stringify(seen)).not.toContain('s3cr3t')
  })

  it.each([
    undefined,
    null,
    true,
    {},
    { status: 'ok' },
    { status: 'valid' },
    { status: 'valid', token: { ...ada, expiresAt: undefined } },
    { status: 'valid', token: { ...ada, expiresAt: Number.NaN } },
    { status: 'valid', token: { ...ada, subject: '' } },
    { status: 'valid', token: { ...ada, scopes: 'mcp' } },
  ])('is what a nonsensical answer counts as: %j', async (answer) => {
    const { authenticate } = door((async () => answer) as unknown as typeof letsAdaIn)
    expect(refusal(await authenticate(request('good'))).status).toBe(503)
  })
})

describe('scopes', () => {
  const scopes = { required: ['mcp'], supported: ['mcp', 'mail:read', 'mail:send'] }
  const holding = (...held: string[]) =>
    door(async () => ({ status: 'valid', token: { ...ada, scopes: held } }), { scopes })

  it('are named when there is no token: the required ones and those of this operation', async () => {
    const { authenticate } = holding()
    expect(challengeOf(refusal(await authenticate(request())))).toContain('scope="mcp"')
    expect(challengeOf(refusal(await authenticate(request(), { scopes: ['mail:send'] })))).toContain(
      'scope="mcp mail:send"',
    )
  })

  it('can be advertised in full for clients that cannot step up', async () => {
    const { authenticate } = door(letsAdaIn, { scopes: { ...scopes, challenge: scopes.supported } })
    expect(challengeOf(refusal(await authenticate(request())))).toContain('scope="mcp mail:read mail:send"')
  })

  it('too few are 403 with the full set, not the difference', async () => {
    const response = refusal(await holding('mcp').authenticate(request('t'), { scopes: ['mail:send'] }))
    expect(response.status).toBe(403)
    expect(challengeOf(response)).toContain('error="insufficient_scope"')
    expect(challengeOf(response)).toContain('scope="mcp mail:send"')
  })

  it('already held and known here are repeated, so that stepping up loses none', async () => {
    const { authenticate } = holding('mcp', 'mail:read', 'openid')
    const response = refusal(await authenticate(request('t'), { scopes: ['mail:send'] }))
    expect(challengeOf(response)).toContain('scope="mcp mail:send mail:read"')
  })

  it('that are required keep a token out by themselves', async () => {
    expect(refusal(await holding('mail:send').authenticate(request('t'))).status).toBe(403)
    expect((await holding('mcp').authenticate(request('t'))).ok).toBe(true)
  })

  it('challenge() answers for a request already let in', async () => {
    const { authenticate, challenge } = holding('mcp')
    const result = await authenticate(request('t'))
    if (!result.ok) throw new Error('not let in')
    const response = await challenge(result.auth, { scopes: ['mail:send'] })
    expect(response.status).toBe(403)
    expect(challengeOf(response)).toContain('scope="mcp mail:send"')
  })

  it('that cannot stand in a header are a mistake, not a refusal', async () => {
    await expect(holding('mcp').authenticate(request('t'), { scopes: ['a"b'] })).rejects.toThrow(
      'not a scope',
    )
    expect(() => door(letsAdaIn, { scopes: { required: ['error=x'] } })).toThrow('scopes.required')
  })
})

describe('a resource whose URL a client would misread', () => {
  it.each(['https://mcp.test/scope=a', 'https://mcp.test/x?error=1', 'https://mcp.test/"'])(
    'is refused: %s',
    (url) => {
      expect(() => door(letsAdaIn, { resourceMetadataUrl: url })).toThrow('WWW-Authenticate')
    },
  )
})

describe('in a process that replaces the global Response', () => {
  const original = globalThis.Response
  afterEach(() => {
    globalThis.Response = original
  })

  it('still refuses: the result says so itself', async () => {
    const { authenticate } = door(letsAdaIn)
    globalThis.Response = class extends original {}
    const before = await authenticate(request('bad'))
    globalThis.Response = class extends original {}
    expect(before.ok).toBe(false)
    expect(refusal(before) instanceof globalThis.Response).toBe(false)
    expect(refusal(before).status).toBe(401)
  })
})

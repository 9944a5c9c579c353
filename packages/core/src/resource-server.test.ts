import { describe, expect, expectTypeOf, it } from 'vitest'
import type { Auth } from './auth.ts'
import type { DrawbridgeEvent } from './events.ts'
import type { Verification, VerifiedToken, Verifier } from './resource-server/verifier.ts'
import { type ResourceServerOptions, resourceServer } from './resource-server.ts'

const resource = 'https://mcp.test/mcp'
const clock = { now: () => 1_700_000_000_000, sleep: async () => {} }

function verified<User>(user: User, more: Partial<VerifiedToken<User>> = {}): Verification<User> {
  const token = {
    subject: 's',
    clientId: 'c',
    scopes: ['a'],
    expiresAt: 1_700_003_600,
    issuer: 'https://i.test',
    user,
  }
  return { status: 'valid', token: { ...token, ...more } }
}

/** A verifier with one answer, which counts how often it is asked. */
function answering<User>(answer: Verification<User> | (() => Verification<User>)) {
  const asked: string[] = []
  const verifier: Verifier<User> = {
    async verify(token, context) {
      asked.push(`${token} for ${context.resource}`)
      return typeof answer === 'function' ? answer() : answer
    },
  }
  return { ...verifier, asked }
}

const notMine: Verification<never> = { status: 'not-mine' }
const invalid: Verification<never> = { status: 'invalid', reason: 'expired' }
const unavailable: Verification<never> = { status: 'unavailable', reason: 'no answer' }

function protect(options: Partial<ResourceServerOptions> = {}): Auth {
  return resourceServer({
    resource,
    authorizationServers: ['https://login.test'],
    verifier: answering(verified('ada')),
    log: false,
    clock,
    ...options,
  })
}

async function status(auth: Auth, token = 'token'): Promise<number> {
  const result = await auth.authenticate(
    new Request(resource, { headers: { authorization: `Bearer ${token}` } }),
  )
  return result.ok ? 200 : result.response.status
}

async function metadata(auth: Auth, path: string): Promise<Record<string, unknown> | undefined> {
  const response = await auth.handle(new Request(`http://10.0.0.7:8080${path}`))
  return response?.json()
}

describe('metadata', () => {
  it('is at the path-inserted address and at the root, with the exact strings given', async () => {
    const auth = protect({
      resource: 'https://MCP.test/mcp',
      authorizationServers: ['https://login.test/', 'https://other.test'],
      scopes: { supported: ['a', 'offline_access'], required: ['b'] },
      name: 'Files',
    })
    const document = {
      resource: 'https://MCP.test/mcp',
      authorization_servers: ['https://login.test/', 'https://other.test'],
      scopes_supported: ['a', 'b'],
      bearer_methods_supported: ['header'],
      resource_name: 'Files',
    }
    expect(await metadata(auth, '/.well-known/oauth-protected-resource/mcp')).toEqual(document)
    expect(await metadata(auth, '/.well-known/oauth-protected-resource')).toEqual(document)
  })

  it('leaves every other path alone', async () => {
    const auth = protect()
    for (const path of [
      '/mcp',
      '/',
      '/.well-known/oauth-protected-resource/other',
      '/.well-known/openid-configuration',
    ]) {
      expect(await auth.handle(new Request(`https://mcp.test${path}`)), path).toBeUndefined()
    }
  })

  it('is where the challenge says, whatever Host and X-Forwarded-* claim', async () => {
    const auth = protect()
    const result = await auth.authenticate(
      new Request('http://evil.test/mcp', {
        headers: { 'x-forwarded-host': 'evil.test', host: 'evil.test' },
      }),
    )
    if (result.ok) throw new Error('let in')
    expect(result.response.headers.get('www-authenticate')).toBe(
      'Bearer resource_metadata="https://mcp.test/.well-known/oauth-protected-resource/mcp"',
    )
  })

  it('answers with and without the slash a resource ends in', async () => {
    const auth = protect({ resource: 'https://mcp.test/mcp/' })
    for (const path of [
      '/.well-known/oauth-protected-resource/mcp/',
      '/.well-known/oauth-protected-resource/mcp',
    ]) {
      expect(await metadata(auth, path)).toMatchObject({ resource: 'https://mcp.test/mcp/' })
    }
  })

  it('leaves the root to others when told so', async () => {
    const auth = protect({ metadata: { root: false } })
    expect(await metadata(auth, '/.well-known/oauth-protected-resource')).toBeUndefined()
    expect(await metadata(auth, '/.well-known/oauth-protected-resource/mcp')).toBeDefined()
  })

  it('is found behind a proxy that strips a prefix', async () => {
    const auth = protect({
      resource: 'https://acme.test/api/mcp',
      stripPrefix: '/api',
      metadata: { url: 'https://acme.test/api/.well-known/oauth-protected-resource/mcp' },
    })
    expect(await metadata(auth, '/.well-known/oauth-protected-resource/mcp')).toMatchObject({
      resource: 'https://acme.test/api/mcp',
    })
    const result = await auth.authenticate(new Request('http://10.0.0.7/mcp'))
    if (result.ok) throw new Error('let in')
    expect(result.response.headers.get('www-authenticate')).toContain(
      'resource_metadata="https://acme.test/api/.well-known/oauth-protected-resource/mcp"',
    )
  })

  it('names the paths at which requests for the resource itself arrive', () => {
    expect(protect().resourcePaths).toEqual(['/mcp'])
    for (const stripPrefix of ['/api', 'api/']) {
      const auth = protect({ resource: 'https://acme.test/api/mcp', stripPrefix })
      expect(auth.resourcePaths).toEqual(['/api/mcp', '/mcp'])
    }
    expect(protect({ stripPrefix: '/' }).resourcePaths).toEqual(['/mcp'])
  })

  it('declares no route twice', () => {
    const { routes } = protect({
      resource: 'https://acme.test/api/mcp',
      stripPrefix: '/api',
      metadata: { url: 'https://acme.test/api/.well-known/oauth-protected-resource/mcp' },
    })
    expect(new Set(routes.map(({ path }) => path)).size).toBe(routes.length)
  })

  it('declares its routes', () => {
    expect(protect().routes).toEqual([
      { path: '/.well-known/oauth-protected-resource/mcp', methods: ['GET', 'HEAD', 'OPTIONS'] },
      { path: '/.well-known/oauth-protected-resource', methods: ['GET', 'HEAD', 'OPTIONS'] },
    ])
  })
})

describe('verifiers', () => {
  it('are told the resource the token must be for', async () => {
    const verifier = answering(verified('ada'))
    await status(protect({ verifier }), 'abc')
    expect(verifier.asked).toEqual(['abc for https://mcp.test/mcp'])
  })

  it.each([
    ['valid', [verified('ada')], 200],
    ['invalid', [invalid], 401],
    ['not-mine', [notMine], 401],
    ['unavailable', [unavailable], 503],
    ['not-mine, valid', [notMine, verified('ada')], 200],
    ['not-mine, not-mine', [notMine, notMine], 401],
    ['invalid, valid: the first that recognises it decides', [invalid, verified('ada')], 401],
    ['unavailable, valid: another recognised it', [unavailable, verified('ada')], 200],
    ['unavailable, not-mine: it may be the first one\u2019s', [unavailable, notMine], 503],
    ['unavailable, invalid: the first was not heard', [unavailable, invalid], 503],
    ['not-mine, unavailable', [notMine, unavailable], 503],
  ])('%s', async (_, answers, expected) => {
    const verifier = answers.map((answer) => answering<unknown>(answer))
    expect(await status(protect({ verifier }))).toBe(expected)
  })

  it('stop being asked once one has decided', async () => {
    const second = answering(verified('ada'))
    await status(protect({ verifier: [answering(invalid), second] }))
    expect(second.asked).toEqual([])
  })

  it('that throw or answer nonsense are out, and another may still know the token', async () => {
    const throws = answering(() => {
      throw new TypeError('cannot read properties of undefined')
    })
    const nonsense = answering(undefined as never)
    expect(await status(protect({ verifier: throws }))).toBe(503)
    expect(await status(protect({ verifier: nonsense }))).toBe(503)
    expect(await status(protect({ verifier: [throws, nonsense, answering(verified('ada'))] }))).toBe(200)
  })

  it('report outages as events, without the token', async () => {
    const events: DrawbridgeEvent[] = []
    const throws: Verifier = {
      verify: async (token) => {
        throw new Error(`no route for ${token}`)
      },
    }
    await status(protect({ verifier: throws, onEvent: (event) => events.push(event) }), 's3cr3t')
    expect(events).toMatchObject([
      { type: 'verifier.unavailable', resource, detail: expect.stringContaining('no route') },
      { type: 'token.unchecked', resource, detail: expect.stringContaining('no route') },
    ])
    expect(JSON.stringify(events)).not.toContain('s3cr3t')
  })

  it('are told to every listener', async () => {
    const heard: string[] = []
    const note = (name: string) => () => void heard.push(name)
    await status(protect({ verifier: answering(verified('ada')), onEvent: [note('one'), note('other')] }))
    expect(heard).toEqual(['one', 'other'])
    const wrong = { resource, verifier: answering(verified('ada')), onEvent: [null] } as never
    expect(() => resourceServer(wrong)).toThrow(
      'onEvent: holds something that is no function. Pass a listener',
    )
  })

  it('give the user its type', async () => {
    const one = resourceServer({
      resource,
      authorizationServers: [],
      verifier: answering(verified({ name: 'Ada' })),
    })
    expectTypeOf(one).toEqualTypeOf<Auth<{ name: string }>>()
    const two = resourceServer({
      resource,
      authorizationServers: [],
      verifier: [answering(verified({ name: 'Ada' })), answering(verified(7))],
    })
    expectTypeOf(two).toEqualTypeOf<Auth<{ name: string } | number>>()
  })
})

describe('revalidate', () => {
  async function open(answers: Verification<string>[]) {
    let asked = 0
    const auth = resourceServer({
      resource,
      authorizationServers: [],
      verifier: answering(() => answers[Math.min(asked++, answers.length - 1)] ?? notMine),
      clock,
    })
    const result = await auth.authenticate(new Request(resource, { headers: { authorization: 'Bearer t' } }))
    if (!result.ok) throw new Error('not let in')
    return () => auth.revalidate(result.auth)
  }

  it('asks the verifier again', async () => {
    expect(await (await open([verified('ada')]))()).toBe(true)
    expect(await (await open([verified('ada'), invalid]))()).toBe(false)
    expect(await (await open([verified('ada'), notMine]))()).toBe(false)
  })

  it('does not outlive the token, nor scopes or a subject it no longer has', async () => {
    expect(await (await open([verified('ada', { expiresAt: 1_700_000_000 })]))()).toBe(false)
    expect(await (await open([verified('ada'), verified('ada', { scopes: [] })]))()).toBe(false)
    expect(await (await open([verified('ada'), verified('ada', { subject: 'eve' })]))()).toBe(false)
  })

  it('says so when nobody can tell', async () => {
    const revalidate = await open([verified('ada'), unavailable])
    await expect(revalidate()).rejects.toMatchObject({ name: 'Unavailable' })
  })
})

describe('options', () => {
  it.each([
    [{ resource: undefined }, /^resource: is missing.*DRAWBRIDGE_RESOURCE/],
    [{ resource: '/mcp' }, /^resource: "\/mcp" is not an absolute URL/],
    [{ resource: 'http://mcp.test/mcp' }, /^resource: .*is not https/],
    [{ resource: 'https://mcp.test/mcp#a' }, /^resource: .*fragment/],
    [{ resource: 'https://mcp.test/mcp?a=b' }, /^resource: .*query/],
    [{ resource: 'https://mcp.test/scope=a' }, /^resource: .*WWW-Authenticate/],
    [{ authorizationServers: ['http://login.test'] }, /^authorizationServers: .*is not https/],
    [{ authorizationServers: ['login.test'] }, /^authorizationServers: /],
    [{ verifier: [] }, /^verifier: is an empty list/],
    [{ verifier: undefined as never }, /^verifier: is missing.*jwtVerifier/],
    [{ scopes: { required: ['a b'] } }, /^scopes\.required: /],
    [{ scopes: { required: ['offline_access'] } }, /^scopes\.required: .*offline_access/],
    [{ scopes: { supported: ['a"'] } }, /^scopes\.supported: /],
    [{ stripPrefix: '/other' }, /^stripPrefix: .*\/mcp/],
    [{ metadata: { url: 'http://mcp.test/x' } }, /^metadata\.url: .*not https/],
  ])('%j is refused', (options: Partial<ResourceServerOptions>, message) => {
    expect(() => protect(options)).toThrow(message)
  })

  it('takes plain http on this machine', () => {
    for (const url of ['http://localhost:3000/mcp', 'http://127.0.0.1/mcp', 'http://[::1]:3000/mcp']) {
      expect(protect({ resource: url }).resource).toBe(url)
    }
  })

  it('warns when clients cannot learn where to sign in, unless that is meant', () => {
    const warnings: string[] = []
    const log = (message: string) => warnings.push(message)
    protect({ authorizationServers: [], log })
    expect(warnings).toEqual([])
    protect({ authorizationServers: undefined, log })
    expect(warnings.join()).toMatch(/authorizationServers/)
  })
})

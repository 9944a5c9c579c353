import { type DrawbridgeEvent, logEvents, memory } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { chooseButton, failing, type Page, signIn } from '@drawbridge/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { type WatchedWorld, watchedWorld } from './wire.ts'
import { issuer, resource, upstreamHost } from './world.ts'

const worlds: WatchedWorld[] = []

// Whatever a test of this file is about: nothing that was on the wire is in an event, nor in a line about one.
afterEach(() => {
  for (const { history, credentials } of worlds.splice(0)) {
    const lines: string[] = []
    for (const event of history) logEvents({ level: 'debug', write: (line) => lines.push(line) })(event)
    expect(lines).toHaveLength(history.length)
    const text = `${JSON.stringify(history)}\n${lines.join('\n')}`
    expect([...credentials].filter(([value]) => text.includes(value))).toEqual([])
  }
})

const hour = 3600
const day = 24 * hour

async function started(options: Parameters<typeof watchedWorld>[0] = {}) {
  const w = watchedWorld(options)
  await w.auth.ready()
  w.events.length = 0
  worlds.push(w)
  return w
}

async function signedIn(options: Parameters<typeof watchedWorld>[0] = {}) {
  const w = await started(options)
  const app = w.client()
  const tokens = await app.login(w.browser(), { user: 'octocat' })
  const flow = w.events[0]?.correlation
  return { ...w, app, tokens, flow }
}

/** What happened since the last look: types, with the reason where there is one. */
function told({ events }: { events: DrawbridgeEvent[] }): string[] {
  return events.splice(0).map((event) => ('reason' in event ? `${event.type} ${event.reason}` : event.type))
}

function correlations({ events }: { events: readonly DrawbridgeEvent[] }) {
  return new Set(events.map(({ correlation }) => correlation))
}

function press(page: Page, choice: Parameters<typeof chooseButton>[1] = {}) {
  const button = chooseButton(page, choice)
  if (!button) throw new Error(`no button on ${page.text}`)
  return button
}

/** Time passes while somebody waits. */
async function whileTimePasses<T>(w: Pick<WatchedWorld, 'clock'>, work: () => Promise<T>): Promise<T> {
  const ticking = setInterval(() => w.clock.advance(1), 1)
  return work().finally(() => clearInterval(ticking))
}

const atClient = { until: (url: URL) => url.port === '33418' }
const login = [
  'client.registered',
  'authorize.started',
  'consent.shown',
  'consent.approved',
  'grant.created',
  'grant.redeemed',
]

describe('a sign-in', () => {
  it('is told from the registration to the request, under one correlation', async () => {
    const w = await signedIn()
    expect((await w.call(w.tokens.access_token)).status).toBe(200)
    expect(correlations(w)).toEqual(new Set([expect.stringMatching(/^[\w-]{12}$/)]))
    expect(new Set(w.events.map((event) => ('client_id' in event ? event.client_id : 'none')))).toEqual(
      new Set([w.app.credentials?.client_id]),
    )
    expect(told(w)).toEqual([...login, 'token.accepted'])
  })

  it('tells each event when it happens, as plain JSON', async () => {
    const w = await signedIn()
    expect(w.events.map(({ at }) => at)).toEqual(login.map(() => w.clock.now()))
    expect(JSON.parse(JSON.stringify(w.events))).toStrictEqual(w.events)
  })

  it('of a client that has been here before is a flow of its own, joined by client_id', async () => {
    const w = await signedIn()
    const [first] = correlations(w)
    w.events.length = 0
    await w.app.login(w.browser(), { user: 'octocat' })
    const [second, ...more] = correlations(w)
    expect([second, more]).toEqual([expect.any(String), []])
    expect(second).not.toBe(first)
    expect(w.events).toMatchObject(
      login.slice(1).map((type) => ({ type, client_id: w.app.credentials?.client_id })),
    )
  })

  it('can be joined with log lines of a tool', async () => {
    const w = await signedIn()
    const info = await (await w.call(w.tokens.access_token)).json()
    expect(info.extra.correlation).toBe(w.flow)
  })

  it('that the person denies ends there', async () => {
    const w = await started()
    const app = w.client()
    await expect(app.login(w.browser(), { approve: false })).rejects.toThrow('access_denied')
    expect(correlations(w).size).toBe(1)
    expect(told(w)).toEqual(['client.registered', 'authorize.started', 'consent.shown', 'consent.denied'])
  })

  it('during an outage of the provider', async () => {
    const w = await started()
    w.provider.outage('503', 'api')
    await expect(w.client().login(w.browser(), { user: 'octocat' })).rejects.toThrow(
      'temporarily_unavailable',
    )
    expect(correlations(w).size).toBe(1)
    expect(told(w)).toEqual([...login.slice(0, 4), 'login.failed unavailable'])
  })

  it('of an account that may not enter', async () => {
    const app = { clientId: 'dev-client', clientSecret: 'dev-secret', host: upstreamHost }
    const w = await started({ provider: github({ ...app, allow: { organizations: ['acme'] } }) })
    await expect(w.client().login(w.browser(), { user: 'hubot' })).rejects.toThrow('access_denied')
    expect(correlations(w).size).toBe(1)
    expect(told(w)).toEqual([...login.slice(0, 4), 'login.denied not_allowed'])
  })

  it('given up at the provider', async () => {
    const { w, person, callback } = await atCallback()
    const url = new URL(callback)
    url.searchParams.delete('code')
    url.searchParams.set('error', 'access_denied')
    await person.open(url, atClient)
    expect(correlations(w).size).toBe(1)
    expect(told(w)).toEqual([...login.slice(0, 4), 'login.denied cancelled'])
  })

  it('whose callback arrives in another browser, and then in the right one, twice', async () => {
    const { w, app, pending, person, callback } = await atCallback()
    await w.browser().open(callback, atClient)
    const page = await person.open(callback, atClient)
    await person.open(callback, atClient)
    if (page.leftFor) await app.exchange(pending, page.leftFor)
    expect(correlations(w).size).toBe(1)
    expect(told(w)).toEqual([
      ...login.slice(0, 4),
      'callback.refused other_browser',
      'grant.created',
      'login.replayed',
      'grant.redeemed',
    ])
  })

  it('without consent says that nobody was asked', async () => {
    const w = await signedIn({ dangerouslySkipConsent: true, log: false })
    expect(told(w)).toEqual([
      'client.registered',
      'authorize.started',
      'consent.skipped',
      'grant.created',
      'grant.redeemed',
    ])
  })
})

/** A person who has consented and signed in, just before their browser opens the callback. */
async function atCallback() {
  const w = await started()
  const app = w.client()
  await app.register()
  const pending = await app.authorize()
  const person = w.browser()
  const stop = { until: (url: URL) => url.pathname.startsWith('/callback/') }
  let page = await person.open(pending.url, stop)
  page = await person.submit(page, press(page), {}, stop)
  page = await person.submit(page, press(page, { user: 'octocat' }), {}, stop)
  if (!page.leftFor) throw new Error(`no callback, but ${page.text}`)
  return { w, app, pending, person, callback: page.leftFor }
}

describe('a session', () => {
  it('rotates, answers again, and forgives a lost answer', async () => {
    const w = await signedIn()
    w.events.length = 0
    await w.app.refresh(w.tokens.refresh_token)
    await w.app.refresh(w.tokens.refresh_token)
    w.clock.advance(hour / 2)
    const again = await w.app.refresh(w.tokens.refresh_token)
    await w.call(again.body.access_token)
    expect(correlations(w)).toEqual(new Set([w.flow]))
    expect(told(w)).toEqual([
      'refresh.rotated',
      'refresh.replayed',
      'refresh.lost_response',
      'token.accepted',
    ])
  })

  it('that two parties hold is over', async () => {
    const w = await signedIn()
    w.events.length = 0
    const second = await w.app.refresh(w.tokens.refresh_token)
    await w.app.refresh(second.body.refresh_token)
    w.clock.advance(hour)
    await w.app.refresh(w.tokens.refresh_token)
    expect(correlations(w)).toEqual(new Set([w.flow]))
    expect(told(w)).toEqual([
      'refresh.rotated',
      'refresh.rotated',
      'grant.ended refresh_reused',
      'upstream.revoked',
      'refresh.refused reused',
    ])
  })

  it('that is revoked: what comes later names the grant, which joins it', async () => {
    const w = await signedIn()
    await w.call(w.tokens.access_token)
    const grant = w.events.flatMap((event) => (event.type === 'grant.created' ? [event.grant] : []))[0]
    w.events.length = 0
    await w.app.revoke(w.tokens.refresh_token)
    expect(correlations(w)).toEqual(new Set([w.flow]))
    expect(told(w)).toEqual(['grant.ended revoked', 'upstream.revoked'])

    expect((await w.call(w.tokens.access_token)).status).toBe(401)
    expect((await w.app.refresh(w.tokens.refresh_token)).status).toBe(400)
    expect((await w.app.revoke(w.tokens.refresh_token)).status).toBe(200)
    expect(w.events.slice(0, 2)).toMatchObject([{ grant }, { grant }])
    expect(told(w)).toEqual([
      'token.refused grant_ended',
      'refresh.refused unknown',
      'revocation.ignored unknown',
    ])
  })

  it('asks the provider again once a day; an outage is told and changes nothing', async () => {
    const w = await signedIn()
    w.events.length = 0
    w.clock.advance(day + 1)
    const second = await w.app.refresh(w.tokens.refresh_token)
    w.clock.advance(day + 1)
    w.provider.outage('503')
    const third = await w.app.refresh(second.body.refresh_token)
    w.provider.outage('none')
    w.provider.revokeUser('octocat')
    await w.app.refresh(third.body.refresh_token)
    expect(correlations(w)).toEqual(new Set([w.flow]))
    expect(told(w)).toEqual([
      'identity.confirmed',
      'refresh.rotated',
      'upstream.unavailable unavailable',
      'refresh.rotated',
      expect.stringMatching(/^grant\.ended (identity_refused|upstream_ended)$/),
      'upstream.revoked',
      'refresh.refused identity',
    ])
  })

  it("keeps the provider's tokens fresh until the provider ends them", async () => {
    const w = await signedIn({
      github: {
        apps: [{ clientId: 'dev-client', clientSecret: 'dev-secret', name: 'App', mode: 'github-app' }],
      },
    })
    w.events.length = 0
    const upstream = async () => {
      const { body } = await w.app.refresh(w.tokens.refresh_token)
      w.tokens.refresh_token = body.refresh_token ?? ''
      const headers = { authorization: `Bearer ${body.access_token}` }
      const result = await w.auth.authenticate(new Request(resource, { headers }))
      return result.ok ? w.auth.upstreamToken(result.auth) : undefined
    }
    w.clock.advance(9 * hour)
    expect(await upstream()).toMatchObject({ provider: 'github' })
    w.clock.advance(9 * hour)
    w.provider.outage('503')
    await expect(upstream()).rejects.toThrow('cannot refresh')
    w.provider.outage('none')
    w.provider.revokeUser('octocat')
    await expect(upstream()).rejects.toThrow('ended')
    expect(correlations(w)).toEqual(new Set([w.flow]))
    expect(told(w)).toEqual([
      'refresh.rotated',
      'token.accepted',
      'upstream.refreshed',
      'refresh.rotated',
      'token.accepted',
      'upstream.unavailable unavailable',
      'refresh.rotated',
      'token.accepted',
      'upstream.ended',
    ])
  })

  it('ends when an operator removes its client', async () => {
    const w = await signedIn()
    w.events.length = 0
    await w.auth.clients.delete(w.app.credentials?.client_id ?? '')
    expect(told(w)).toEqual(['client.deleted', 'grant.ended administration', 'upstream.revoked'])
  })

  it('survives an outage of the store, which is told with its cause', async () => {
    let down = false
    const w = await signedIn({ storage: failing(memory(), () => down) })
    w.events.length = 0
    down = true
    await whileTimePasses(w, async () => {
      expect((await w.call(w.tokens.access_token)).status).toBe(503)
      expect((await w.fetch((await w.app.authorize()).url)).status).toBe(503)
    })
    expect(w.events).toMatchObject([
      { type: 'storage.unavailable', operation: 'get', detail: expect.stringContaining('StorageFault') },
      { type: 'token.unchecked', resource },
      { type: 'storage.unavailable', operation: 'get' },
      { type: 'request.unavailable', path: '/authorize', detail: expect.stringContaining('storage') },
    ])
  })
})

describe('every refusal is told, and told once', () => {
  type Case = [
    name: string,
    attempt: (w: Awaited<ReturnType<typeof signedIn>>) => Promise<{ status: number }>,
    status: number,
    event: string,
  ]
  const form = (path: string, body: Record<string, string>, headers: Record<string, string> = {}) =>
    new Request(issuer + path, { method: 'POST', headers, body: new URLSearchParams(body) })
  const stranger = async (w: WatchedWorld) => {
    const other = w.client()
    await other.register()
    w.events.length = 0
    return other
  }
  const codeFor = async (w: Awaited<ReturnType<typeof signedIn>>) => {
    const pending = await w.app.authorize()
    const callback = await signIn(w.browser(), pending.url, { user: 'octocat' })
    w.events.length = 0
    return { pending, callback }
  }
  const withCode =
    (change: Record<string, string>): Case[1] =>
    async (w) => {
      const { pending, callback } = await codeFor(w)
      return w.app.exchange(pending, callback, change)
    }

  const cases: Case[] = [
    [
      'a registration',
      (w) => w.app.register({ redirect_uris: ['http://evil.example/x'] }),
      400,
      'registration.refused invalid_redirect_uri',
    ],
    [
      'an unknown client',
      async (w) => w.fetch((await w.app.authorize({ client_id: 'nobody' })).url),
      400,
      'authorize.refused unknown_client',
    ],
    [
      'another address',
      async (w) => w.fetch((await w.app.authorize({ redirect_uri: 'https://evil.example/' })).url),
      400,
      'authorize.refused redirect_uri',
    ],
    [
      'no PKCE',
      async (w) => {
        const { url } = await w.app.authorize({ code_challenge: undefined })
        return w.fetch(url, { redirect: 'manual' })
      },
      302,
      'authorize.refused invalid_request',
    ],
    [
      'a repeated parameter',
      async (w) => w.fetch((await w.app.authorize({ state: ['a', 'b'] })).url),
      400,
      'request.refused invalid_request',
    ],
    [
      'a consent page that is over',
      (w) => w.fetch(`${issuer}/consent?transaction=gone`),
      400,
      'consent.refused unknown_transaction',
    ],
    [
      'a form of another site',
      (w) => w.fetch(form('/consent?transaction=gone', {}, { origin: 'https://evil.example' })),
      403,
      'consent.refused cross_site',
    ],
    [
      'a forged form',
      async (w) => {
        const { url } = await w.app.authorize()
        const page = await w.browser().open(url)
        w.events.length = 0
        return w.fetch(form(new URL(page.url).pathname + new URL(page.url).search, { csrf: 'guess' }))
      },
      403,
      'consent.refused csrf',
    ],
    [
      'a callback nobody began',
      (w) => w.fetch(`${issuer}/callback/github?code=x&state=y`),
      400,
      'callback.refused unknown_transaction',
    ],
    ['an unknown code', withCode({ code: 'dbc_guess' }), 400, 'code.refused unknown'],
    [
      'a code at another address',
      withCode({ redirect_uri: 'http://127.0.0.1:1/x' }),
      400,
      'code.refused redirect_uri',
    ],
    ['a wrong verifier', withCode({ code_verifier: 'x'.repeat(43) }), 400, 'code.refused code_verifier'],
    [
      'a code for another resource',
      withCode({ resource: 'https://other.example' }),
      400,
      'code.refused resource',
    ],
    [
      "another client's code",
      async (w) => {
        const { pending, callback } = await codeFor(w)
        return (await stranger(w)).exchange(pending, callback)
      },
      400,
      'code.refused other_client',
    ],
    [
      'a code used twice',
      async (w) => {
        const { pending, callback } = await codeFor(w)
        await w.app.exchange(pending, callback)
        w.events.length = 0
        return w.app.exchange(pending, callback)
      },
      400,
      'grant.doubted code_replayed, code.refused replayed',
    ],
    [
      'a code too old',
      async (w) => {
        const { pending, callback } = await codeFor(w)
        w.clock.advance(301)
        return w.app.exchange(pending, callback)
      },
      400,
      'code.refused unknown',
    ],
    [
      "another client's refresh token",
      async (w) => (await stranger(w)).refresh(w.tokens.refresh_token),
      400,
      'refresh.refused other_client',
    ],
    [
      'a forged refresh token',
      (w) => w.app.refresh(`${w.tokens.refresh_token.slice(0, -43)}${'x'.repeat(43)}`),
      400,
      'refresh.refused forged',
    ],
    [
      'a refresh for another resource',
      (w) => w.app.refresh(w.tokens.refresh_token, { resource: 'https://other.example' }),
      400,
      'refresh.refused resource',
    ],
    [
      'a refresh for more',
      (w) => w.app.refresh(w.tokens.refresh_token, { scope: 'read:user admin' }),
      400,
      'refresh.refused scope',
    ],
    [
      'a token replaced too long ago',
      async (w) => {
        await w.app.refresh(w.tokens.refresh_token)
        w.clock.advance(hour + 61)
        w.events.length = 0
        return w.app.refresh(w.tokens.refresh_token)
      },
      400,
      'grant.doubted superseded, refresh.refused superseded',
    ],
    [
      'a client nobody knows',
      (w) => w.app.refresh(w.tokens.refresh_token, { client_id: 'nobody' }),
      401,
      'client.refused unknown',
    ],
    [
      'a public client with a secret',
      (w) => w.app.refresh(w.tokens.refresh_token, { client_secret: 'made up by somebody' }),
      401,
      'client.refused method',
    ],
    [
      'a wrong secret',
      async (w) => {
        const confidential = w.client()
        await confidential.register({ token_endpoint_auth_method: 'client_secret_post' })
        w.events.length = 0
        return confidential.refresh('dbr_x', { client_secret: 'a guess at the secret' })
      },
      401,
      'client.refused secret',
    ],
    [
      'a client that does not say who it is',
      (w) => w.fetch(form('/token', { grant_type: 'refresh_token' })),
      401,
      'request.refused invalid_client',
    ],
    [
      'a grant type of others',
      (w) => w.fetch(form('/token', { grant_type: 'password' })),
      400,
      'request.refused unsupported_grant_type',
    ],
    ['a token that is none of ours', (w) => w.app.revoke('nonsense'), 200, 'revocation.ignored unknown'],
    [
      "the revocation of another client's token",
      async (w) => (await stranger(w)).revoke(w.tokens.refresh_token),
      200,
      'revocation.ignored other_client',
    ],
    [
      'the revocation of a forged token',
      (w) => w.app.revoke(`${w.tokens.refresh_token.slice(0, -43)}${'x'.repeat(43)}`),
      200,
      'revocation.ignored forged',
    ],
    ['nonsense at the gate', (w) => w.call('nonsense'), 401, 'token.refused issued_elsewhere'],
    ['two words at the gate', (w) => w.call('two words'), 401, 'token.refused malformed'],
    [
      'an altered access token',
      (w) => w.call(`${w.tokens.access_token.slice(0, -20)}${'A'.repeat(20)}`),
      401,
      'token.refused signature',
    ],
    [
      'an expired access token',
      async (w) => {
        w.clock.advance(2 * hour)
        return w.call(w.tokens.access_token)
      },
      401,
      'token.refused expired',
    ],
    [
      'too little scope',
      async (w) => {
        const headers = { authorization: `Bearer ${w.tokens.access_token}` }
        const result = await w.auth.authenticate(new Request(resource, { headers }), { scopes: ['admin'] })
        return result.ok ? { status: 200 } : result.response
      },
      403,
      'token.refused insufficient_scope',
    ],
  ]

  it.each(cases)('%s', async (_, attempt, status, event) => {
    const w = await signedIn()
    w.events.length = 0
    expect((await attempt(w)).status).toBe(status)
    expect(told(w).join(', ')).toBe(event)
  })

  it('and what leads to a grant carries its correlation', async () => {
    const w = await signedIn()
    const other = await stranger(w)
    await w.app.refresh(w.tokens.refresh_token, { scope: 'admin' })
    await other.refresh(w.tokens.refresh_token)
    await other.revoke(w.tokens.access_token)
    const pending = await w.app.authorize()
    const callback = await signIn(w.browser(), pending.url, { user: 'octocat' })
    const second = w.events.at(-1)?.correlation
    await other.exchange(pending, callback)
    expect(w.events).toMatchObject([
      { type: 'refresh.refused', correlation: w.flow },
      { type: 'refresh.refused', correlation: w.flow },
      { type: 'revocation.ignored', correlation: w.flow },
      ...login.slice(1, -1).map((type) => ({ type, correlation: second })),
      { type: 'code.refused', correlation: second },
    ])
  })

  it('a fault of ours is told with what it was', async () => {
    let broken = false
    const key = () => {
      if (broken) throw new Error('no such header')
      return undefined
    }
    const w = await signedIn({ registration: { key } })
    w.events.length = 0
    broken = true
    expect((await w.app.register()).status).toBe(500)
    expect(w.events).toMatchObject([{ type: 'request.failed', path: '/register', detail: 'no such header' }])
  })
})

describe('no credential is in an event', () => {
  it('and the check sees them all', async () => {
    const w = await signedIn()
    const confidential = w.client()
    await confidential.register({ token_endpoint_auth_method: 'client_secret_basic' })
    await confidential.refresh('dbr_nothing')
    await w.call(w.tokens.access_token)
    await w.app.refresh(w.tokens.refresh_token)
    const names = new Set(w.credentials.values())
    for (const name of [
      'access_token',
      'authorization',
      'client_secret',
      'code',
      'code_challenge',
      'code_verifier',
      'cookie',
      'csrf',
      'email',
      'refresh_token',
      'secret',
      'state',
      'transaction',
    ]) {
      expect(names, name).toContain(name)
    }
    expect(w.credentials.size).toBeGreaterThan(20)
  })

  it('not when an error of a provider quotes it, either', async () => {
    const options = { clientId: 'dev-client', clientSecret: 'dev-secret', host: upstreamHost }
    const careless: ReturnType<typeof github> = {
      ...github(options),
      identify: async ({ tokens }) => {
        throw new Error(`GET /user?token=${tokens.access_token} as mona@example.com: 500`)
      },
    }
    const w = await started({ provider: careless })
    await expect(w.client().login(w.browser(), { user: 'octocat' })).rejects.toThrow()
    expect(w.events.at(-1)).toMatchObject({
      type: 'login.failed',
      detail: expect.stringMatching(/GET \/user\?token=\[redacted\] as \[address\]: 500/),
    })
  })
})

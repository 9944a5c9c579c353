import { chooseButton } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { issuer, resource, world } from '../world.ts'
import { byAddress, byForwarded, limited } from './limiter.fixture.ts'

const html = { accept: 'text/html' }

describe('who sends too much', () => {
  const limits = { key: byAddress, requests: { register: 3 } }

  it('is answered 429 with Retry-After, in JSON that clients and pages of other origins can read', async () => {
    const { register, flood, events } = limited(limits)
    expect(await flood(() => register())).toBe(3)
    const answer = await register()
    expect(answer.status).toBe(429)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(60)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    expect(await answer.json()).toEqual({
      error: 'temporarily_unavailable',
      error_description: expect.stringMatching(/^Too many requests\. Try again in \d+ seconds\.$/),
    })
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'request.limited',
        endpoint: 'register',
        sender: expect.stringMatching(/^[\w-]{22}$/),
      }),
    )
  })

  it('is nobody else, and is still free to do anything else', async () => {
    const { register, flood, token } = limited(limits)
    await flood(() => register())
    expect((await register({ address: '192.0.2.2' })).status).toBe(201)
    expect((await token({ grant_type: 'authorization_code', code: 'x' })).status).toBe(401)
  })

  it('is answered again after exactly as long as the answer said, whether or not it kept trying', async () => {
    const { register, flood, clock } = limited(limits)
    await flood(() => register())
    const seconds = Number((await register()).headers.get('retry-after'))
    for (let second = 0; second < seconds - 1; second++) {
      clock.advance(1)
      expect((await register()).status).toBe(429)
    }
    clock.advance(1)
    expect(await flood(() => register())).toBe(3)
  })

  it('below the limit sees nothing of it', async () => {
    const quiet = limited({ key: byAddress })
    const app = quiet.client()
    await app.login(quiet.browser(), { user: 'octocat' })
    const answer = await quiet.register()
    expect(answer.status).toBe(201)
    expect(answer.headers.has('retry-after')).toBe(false)
    expect(quiet.events.filter(({ type }) => /limit/.test(type))).toEqual([])
  })
})

describe('each endpoint that does something', () => {
  const one = { register: 1, authorize: 1, consent: 1, signIn: 1, callback: 1, token: 1, revoke: 1 }
  const post = (body: Record<string, string>) => ({ method: 'POST', body: new URLSearchParams(body) })

  it.each<[string, RequestInit | undefined]>([
    ['/register', { method: 'POST', body: '{}' }],
    ['/authorize', undefined],
    ['/authorize', post({})],
    ['/consent', undefined],
    ['/consent', post({})],
    ['/callback/github', undefined],
    ['/token', post({ grant_type: 'authorization_code', code: 'x' })],
    ['/token', post({ grant_type: 'nonsense' })],
    ['/token', { method: 'POST', body: 'no form' }],
    ['/revoke', post({ token: 'x' })],
    ['/revoke', { method: 'POST', body: 'no form' }],
  ])('has its limit: %s', async (path, init) => {
    const { send, auth } = limited({ key: byAddress, requests: one })
    await auth.ready()
    expect((await send(path, init)).status).not.toBe(429)
    const answer = await send(path, init)
    expect(answer.status).toBe(429)
    expect((await answer.json()).error).toBe('temporarily_unavailable')
    expect((await send(path, init, { address: '192.0.2.2' })).status).not.toBe(429)
  })

  it.each(['/authorize', '/consent', '/callback/github'])('shows a person a page: %s', async (path) => {
    const { send } = limited({ key: byAddress, requests: one })
    await send(path, { headers: html })
    const answer = await send(path, { headers: html })
    expect(answer.status).toBe(429)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const page = await answer.text()
    expect(page).toContain('One moment, please')
    expect(page).toContain('reload this page')
  })

  it('can do without', async () => {
    const { register, flood } = limited({ key: byAddress, requests: { ...one, register: false } })
    expect(await flood(() => register(), 200)).toBe(200)
  })

  it('leaves documents and the resource alone', async () => {
    const { send, flood, fetch } = limited({ key: () => 'everybody', requests: one })
    for (const path of ['/.well-known/oauth-authorization-server', '/jwks']) {
      expect(await flood(() => send(path), 30)).toBe(30)
    }
    expect(await flood(() => fetch(resource), 30)).toBe(30)
  })

  it('loses nothing by it: whoever was put off at the callback reloads the page, and is signed in', async () => {
    const w = limited({ key: () => 'everybody', requests: { callback: 1 } })
    const app = w.client()
    await app.register()
    const pending = await app.authorize()
    await w.send('/callback/github')
    const person = w.browser()
    const press = (page: Awaited<ReturnType<typeof person.open>>, until: (url: URL) => boolean) => {
      const button = chooseButton(page, { user: 'octocat' })
      if (!button) throw new Error(`no button on ${page.text}`)
      return person.submit(page, button, {}, { until })
    }
    const consent = await person.open(pending.url)
    const provider = await press(consent, (url) => url.hostname === 'github.test')
    const back = await press(await person.open(provider.leftFor ?? ''), (url) => url.hostname === 'mcp.test')
    const early = await person.open(back.leftFor ?? '')
    expect([early.status, early.text]).toEqual([429, expect.stringContaining('One moment, please')])
    w.clock.advance(60)
    const done = await person.open(back.leftFor ?? '', { until: (url) => url.port === '33418' })
    expect((await app.exchange(pending, done.leftFor ?? new URL(issuer))).status).toBe(200)
  })
})

describe('a sender', () => {
  const limits = { key: byAddress, requests: { register: 3 } }
  const forwarded = (value: string) => ({ address: '10.0.0.1', headers: { 'x-forwarded-for': value } })

  it('is a whole network of IPv6', async () => {
    const { register, flood } = limited(limits)
    expect(await flood((turn) => register({ address: `2001:db8:1:1::${turn}` }))).toBe(3)
    expect((await register({ address: '2001:db8:1:2::1' })).status).toBe(201)
  })

  it('is known by no header, whatever it writes, unless the operator says how many proxies there are', async () => {
    const { register, flood } = limited(limits)
    expect(await flood((turn) => register(forwarded(`203.0.113.${turn}`)))).toBe(3)
  })

  it('is who the outermost of the proxies saw, whatever it writes before that', async () => {
    const { register, flood } = limited({ ...limits, key: byForwarded(2) })
    const through = (spoofed: string, address: string) => forwarded(`${spoofed}${address}, 10.0.0.2`)
    expect(await flood((turn) => register(through(`203.0.113.${turn}, `, '192.0.2.7')))).toBe(3)
    expect((await register(through('192.0.2.7, ', '192.0.2.8'))).status).toBe(201)
    // Who did not come through both is known by where it came from.
    expect(await flood((turn) => register(forwarded(`203.0.113.${turn}`)))).toBe(3)
  })

  it('that the key names not is not limited', async () => {
    const { register, flood } = limited({ key: () => undefined, requests: { register: 1 } })
    expect(await flood(() => register(), 50)).toBe(50)
  })

  it('is named with a view to the endpoint', async () => {
    const asked: string[] = []
    const key = ({ endpoint }: { endpoint: string }) => void asked.push(endpoint)
    const { register, token } = limited({ key: key as never })
    await register()
    await token({})
    expect(asked).toEqual(['register', 'token'])
  })
})

it('without the option nobody is limited, and nothing is kept about anybody', async () => {
  const { fetch, events } = world()
  for (let turn = 0; turn < 400; turn++) {
    expect((await fetch(`${issuer}/token`, { method: 'POST', body: new URLSearchParams() })).status).toBe(400)
  }
  expect(events.filter(({ type }) => /limit/.test(type))).toEqual([])
})

describe('a configuration that cannot be meant is refused', () => {
  it.each<[unknown, string]>([
    [null, 'limits'],
    [{}, 'limits.key'],
    [{ requests: { token: 5 } }, 'limits.key'],
    [{ key: 'x-forwarded-for' }, 'limits.key'],
    [{ key: byAddress, window: 0 }, 'limits.window'],
    [{ key: byAddress, window: 86_401 }, 'limits.window'],
    [{ key: byAddress, windows: 60 }, 'limits.windows'],
    [{ key: byAddress, requests: { token: 0 } }, 'limits.requests.token'],
    [{ key: byAddress, requests: { token: true } }, 'limits.requests.token'],
    [{ key: byAddress, requests: { tokens: 5 } }, 'limits.requests.tokens'],
  ])('%j', (limits, option) => {
    let thrown: unknown
    try {
      world({ limits: limits as never })
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({ name: 'ConfigurationError', option })
  })
})

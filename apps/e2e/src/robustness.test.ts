import { memory } from '@drawbridge/core'
import { dropReplies, failing, signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { issuer, world } from './world.ts'

const endpoints = [
  '/authorize',
  '/consent',
  '/callback/github',
  '/token',
  '/register',
  '/revoke',
  '/jwks',
  '/mcp',
]
const bodies: [string, RequestInit][] = [
  ['nothing', {}],
  ['JSON', { body: '{}', headers: { 'content-type': 'application/json' } }],
  ['broken JSON', { body: '{', headers: { 'content-type': 'application/json' } }],
  ['JSON null', { body: 'null', headers: { 'content-type': 'application/json' } }],
  ['an empty form', { body: '', headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
  [
    'repeated parameters',
    {
      body: 'a=1&a=2&grant_type=x&grant_type=y',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    },
  ],
  [
    'broken percent-encoding',
    {
      body: 'code=%E0%A4%A&grant_type=authorization_code',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    },
  ],
  [
    'NUL and lone surrogates',
    {
      body: 'client_id=%00%ED%A0%80&token=%00',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    },
  ],
  [
    'bytes that are no UTF-8',
    {
      body: new Uint8Array([0xff, 0xfe, 0x00]),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    },
  ],
  [
    'a huge body',
    { body: `a=${'x'.repeat(200_000)}`, headers: { 'content-type': 'application/x-www-form-urlencoded' } },
  ],
  ['an unknown type', { body: 'x', headers: { 'content-type': 'x/y; charset' } }],
  [
    'malformed Basic',
    {
      body: 'grant_type=refresh_token&refresh_token=x',
      headers: { authorization: 'Basic !!!', 'content-type': 'application/x-www-form-urlencoded' },
    },
  ],
  [
    'Basic without a colon',
    {
      body: 'token=x',
      headers: { authorization: 'Basic eHl6', 'content-type': 'application/x-www-form-urlencoded' },
    },
  ],
  ['a malformed Bearer', { headers: { authorization: 'Bearer a b c' } }],
  ['malformed cookies', { headers: { cookie: '=;;__Host-drawbridge-form-x;a==;%00' } }],
]

describe('no input produces a 5xx', () => {
  it.each(bodies)('%s', async (_, init) => {
    const { fetch } = world()
    for (const path of endpoints) {
      for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS']) {
        for (const query of [
          '',
          '?state=%00&code=%FF&transaction=%E0%A4%A&client_id[]=1',
          '?a=1&a=2&iss=x&state=',
        ]) {
          const { body, ...rest } = init
          const response = await fetch(issuer + path + query, {
            method,
            redirect: 'manual',
            ...(method === 'GET' || method === 'HEAD' ? rest : init),
          })
          expect(response.status, `${method} ${path}${query}`).toBeLessThan(500)
          expect(await response.text(), path).not.toMatch(/at .*\.ts:|Error:/)
        }
      }
    }
  })
})

describe('an outage of the store', () => {
  it('is 503 with Retry-After, fails closed, and the session survives it', async () => {
    let down = false
    const store = memory()
    const { auth, browser, client, call, events, ...w } = world({ storage: failing(store, () => down) })
    const app = client()
    const tokens = await app.login(browser(), { user: 'octocat' })
    const consent = await browser().open((await app.authorize()).url)
    down = true
    const ticking = setInterval(() => w.clock.advance(1), 1)
    const refused = await call(tokens.access_token)
    const refresh = await app.refresh(tokens.refresh_token)
    const page = await browser().open(consent.url)
    const registration = await app.register()
    clearInterval(ticking)
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
    expect([refresh.status, refresh.body.error]).toEqual([503, 'temporarily_unavailable'])
    expect([page.status, registration.status]).toEqual([503, 503])
    expect(page.text).not.toContain('StorageFault')
    expect(events).toContainEqual(expect.objectContaining({ type: 'storage.unavailable' }))
    down = false
    const again = await app.refresh(tokens.refresh_token)
    expect(again.status).toBe(200)
    expect((await call(again.body.access_token)).status).toBe(200)
    expect(auth.resource).toBeTruthy()
  })

  it('of a moment is not noticed', async () => {
    let failures = 0
    const { browser, client, call, clock } = world({
      storage: failing(memory(), () => failures++ % 3 === 0),
    })
    const ticking = setInterval(() => clock.advance(0.2), 1)
    const app = client()
    const tokens = await app.login(browser(), { user: 'octocat' })
    const refreshed = await app.refresh(tokens.refresh_token)
    expect(refreshed.status).toBe(200)
    expect((await call(refreshed.body.access_token)).status).toBe(200)
    clearInterval(ticking)
  })
})

describe('writes whose reply is lost after they took effect', () => {
  it.each([1, 2, 3])('every %i: login, refresh and revocation come out right', async (every) => {
    const { browser, client, call, clock, events } = world({ storage: dropReplies(memory(), { every }) })
    const ticking = setInterval(() => clock.advance(0.05), 1)
    const app = client()
    await app.register()
    const pending = await app.authorize()
    const callback = await signIn(browser(), pending.url, { user: 'octocat' })
    const tokens = await app.exchange(pending, callback)
    expect(tokens.status).toBe(200)
    expect((await app.exchange(pending, callback)).body.error).toBe('invalid_grant')
    const first = await app.refresh(tokens.body.refresh_token)
    const second = await app.refresh(first.body.refresh_token)
    expect([first.status, second.status]).toEqual([200, 200])
    expect((await call(second.body.access_token)).status).toBe(200)
    expect(events.filter(({ type }) => type === 'refresh.rotated')).toHaveLength(2)
    await app.revoke(second.body.refresh_token)
    expect((await call(second.body.access_token)).status).toBe(401)
    clearInterval(ticking)
  })
})

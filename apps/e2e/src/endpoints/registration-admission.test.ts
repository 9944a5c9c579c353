import { describe, expect, it } from 'vitest'
import { issuer, type World, world } from '../world.ts'

type Registration = Exclude<NonNullable<Parameters<typeof world>[0]>['registration'], undefined>

const redirect_uris = ['http://127.0.0.1/callback']
const good = 'Vq3x8m0TtS2yYk7sPzR5uWb1cDf4gHj6KlN9oQeXaZA='
const next = 'b7Tq2nLw9ZsX4cVf6GyH8jKm1PrD3eUa5RoQ0iYtEzM='

async function register(w: World, { token, ...body }: Record<string, unknown> = {}) {
  const headers = { 'content-type': 'application/json', ...(token ? { authorization: `${token}` } : {}) }
  const request = new Request(`${issuer}/register`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ redirect_uris, ...body }),
  })
  const answer = await w.auth.handle(request, { clientAddress: '192.0.2.7' })
  if (!answer) throw new Error('not mounted')
  return { status: answer.status, headers: answer.headers, body: await answer.json() }
}

const told = ({ events }: World) =>
  events.map((event) => ('reason' in event ? `${event.type} ${event.reason}` : event.type))
const registered = async ({ auth }: World) => (await auth.clients.list()).clients.length
const withOption = (registration: Registration) => world({ registration })

describe('the hook of the operator', () => {
  it('sees what the client says, checked and complete, and who says it', async () => {
    const seen: unknown[] = []
    const w = withOption({
      allow: (client, { clientAddress, headers }) => {
        seen.push(client, clientAddress, headers.get('content-type'))
        return true
      },
    })
    expect((await register(w, { client_name: 'Desk', x: 1, logo_uri: 'javascript:x' })).status).toBe(201)
    const defaults = {
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      application_type: 'native',
      token_endpoint_auth_method: 'client_secret_basic',
    }
    expect(JSON.parse(JSON.stringify(seen))).toEqual([
      { client_name: 'Desk', redirect_uris, ...defaults },
      '192.0.2.7',
      'application/json',
    ])
  })

  it('is not asked about what cannot be registered anyway', async () => {
    const w = withOption({
      allow: () => {
        throw new Error('asked')
      },
    })
    expect((await register(w, { redirect_uris: [] })).body.error).toBe('invalid_redirect_uri')
  })

  it.each<[string, () => boolean | string | Promise<boolean | string>, string]>([
    ['no', () => false, 'This client may not register here.'],
    ['no, later', async () => false, 'This client may not register here.'],
    ['why not', async () => 'Ask ops first.', 'Ask ops first.'],
    ['it with quotes', () => 'So "no"\n<b>\u202e', 'So ?no??<b>?'],
  ])('that says %s refuses, and tells why', async (_, allow, description) => {
    const w = withOption({ allow })
    const { status, body } = await register(w)
    expect([status, body]).toEqual([
      400,
      { error: 'invalid_client_metadata', error_description: description },
    ])
    expect(w.events).toEqual([
      expect.objectContaining({
        type: 'registration.refused',
        reason: 'not_allowed',
        detail: description,
        client_address: '192.0.2.7',
      }),
    ])
    expect(await registered(w)).toBe(0)
  })

  it('cannot make the answer longer than an answer should be', async () => {
    const { body } = await register(withOption({ allow: () => 'no '.repeat(10_000) }))
    expect(body.error_description.length).toBeLessThan(210)
  })

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('down')
      },
    ],
    ['fails', async () => Promise.reject(new Error('down'))],
    ['throws no error', () => Promise.reject('down')],
    ['answers nothing', () => undefined],
    ['answers null', async () => null],
    ['answers 1', () => 1],
    ['answers an empty text', () => ''],
    ['answers an object', () => ({ allowed: true })],
  ])('that %s lets nobody in and turns nobody away: 503, and the operator is told', async (_, allow) => {
    const w = withOption({ allow: allow as () => boolean })
    const { status, headers, body } = await register(w)
    expect([status, body.error]).toEqual([503, 'temporarily_unavailable'])
    expect(headers.get('retry-after')).toMatch(/^\d+$/)
    expect(w.events).toEqual([
      expect.objectContaining({
        type: 'request.unavailable',
        path: '/register',
        detail: expect.stringContaining('registration.allow'),
      }),
    ])
    expect(await registered(w)).toBe(0)
  })

  it('changes nothing by changing what it was given', async () => {
    const w = withOption({
      allow: (client) => {
        ;(client.redirect_uris as string[]).push('https://evil.test/')
        Object.assign(client, { client_name: 'Evil' })
        return true
      },
    })
    const { body } = await register(w, { client_name: 'Desk' })
    expect([body.client_name, body.redirect_uris]).toEqual(['Desk', redirect_uris])
  })
})

describe('the initial access token (RFC 7591 3)', () => {
  it.each<[string, Registration['initialAccessToken']]>([
    ['a text', good],
    ['one of several', [next, good]],
    ['known to a function', (token) => token === good],
    ['known to one that takes its time', async (token) => token === good],
  ])('that is %s lets in, and no other does', async (_, initialAccessToken) => {
    const w = withOption({ initialAccessToken })
    for (const scheme of ['Bearer', 'bearer']) {
      expect((await register(w, { token: `${scheme} ${good}` })).status).toBe(201)
    }
    w.events.length = 0
    for (const token of [
      `Bearer ${good}x`,
      `Bearer ${good.slice(1)}`,
      'Bearer',
      `Bearer ${good}, Bearer x`,
    ]) {
      const { status, headers, body } = await register(w, { token })
      expect([status, body.error]).toEqual([401, 'invalid_token'])
      expect(headers.get('www-authenticate')).toMatch(/^Bearer realm="registration", error="invalid_token", /)
      expect(headers.get('access-control-expose-headers')).toMatch(/WWW-Authenticate/i)
    }
    expect(new Set(told(w))).toEqual(new Set(['registration.refused token_wrong']))
    expect(await registered(w)).toBe(2)
  })

  it.each([undefined, `Basic ${good}`])('is asked for, before anything else: %s', async (token) => {
    const w = withOption({ initialAccessToken: good, allow: () => false })
    const { status, headers, body } = await register(w, { token, redirect_uris: ['javascript:x'] })
    expect([status, body.error]).toEqual([401, 'invalid_token'])
    expect(headers.get('www-authenticate')).toBe('Bearer realm="registration"')
    expect(told(w)).toEqual(['registration.refused token_missing'])
  })

  it.each(['Bearer', `Bearer ${good} x`, `Bearer ${good}, Bearer ${good}`])(
    'that is written wrongly (%s) is a wrong one',
    async (token) => {
      const w = withOption({ initialAccessToken: good })
      const { status, headers, body } = await register(w, { token })
      expect([status, body.error]).toEqual([401, 'invalid_token'])
      expect(headers.get('www-authenticate')).toContain('error="invalid_token"')
    },
  )

  it('in a body or a query counts for nothing', async () => {
    const w = withOption({ initialAccessToken: good })
    expect((await register(w, { access_token: good, initial_access_token: good })).status).toBe(401)
  })

  it.each<[string, () => unknown]>([
    ['throws', () => Promise.reject(new Error(`no ${good}`))],
    ['answers a text', () => 'yes'],
    ['answers nothing', () => undefined],
  ])('known to a function that %s is an outage, in which no token is told', async (_, check) => {
    const w = withOption({ initialAccessToken: check as () => boolean })
    expect((await register(w, { token: `Bearer ${good}` })).status).toBe(503)
    expect(told(w)).toEqual(['request.unavailable'])
    expect(JSON.stringify(w.events)).toContain('registration.initialAccessToken')
    expect(JSON.stringify(w.events)).not.toContain(good.slice(0, 20))
    expect(await registered(w)).toBe(0)
  })

  it.each<[string, unknown, RegExp]>([
    ['an unset variable', undefined, /is undefined/],
    ['an empty text', '', /has 0 characters/],
    ['a word', 'letmein', /has 7 characters, of 32/],
    ['a word many times', 'letmein'.repeat(6), /repeats few/],
    ['no token at all', [], /empty list/],
    ['a weak one among good ones', [good, 'weak'], /has 4 characters/],
    ['a number', 12, /is a number/],
    ['one that no header can carry', `${good.slice(0, 40)} "x"`, /no bearer token/],
  ])('cannot be %s', (_, initialAccessToken, message) => {
    const build = () => withOption({ initialAccessToken } as Registration)
    expect(build).toThrow(/^registration\.initialAccessToken: /)
    expect(build).toThrow(message)
  })
})

describe('the secret of a registered client', () => {
  it('expires when the operator says so: the client is told, and signs people in anew as another', async () => {
    const w = withOption({ secretLifetime: 3600 })
    const app = w.client()
    const { body } = await app.register({ token_endpoint_auth_method: 'client_secret_basic' })
    expect(body.client_secret_expires_at).toBe(w.clock.now() / 1000 + 3600)
    const { refresh_token } = await app.login(w.browser(), { user: 'octocat' })
    w.clock.advance(3599)
    const renewed = await app.refresh(refresh_token)
    expect(renewed.status).toBe(200)
    w.clock.advance(1)
    const late = await app.refresh(renewed.body.refresh_token)
    expect([late.status, late.body.error]).toEqual([401, 'invalid_client'])
    expect(told(w).at(-1)).toBe('client.refused secret_expired')
    const again = w.client()
    await again.register({ token_endpoint_auth_method: 'client_secret_basic' })
    expect((await again.refresh(renewed.body.refresh_token)).body.error).toBe('invalid_grant')
    expect((await again.login(w.browser(), { user: 'octocat' })).refresh_token).toBeDefined()
  })

  it('concerns no public client', async () => {
    const { body } = await register(withOption({ secretLifetime: 60 }), {
      token_endpoint_auth_method: 'none',
    })
    expect(body).not.toHaveProperty('client_secret_expires_at')
  })

  it.each([0, -1, 1.5, '60'])('cannot last %j', (secretLifetime) => {
    expect(() => withOption({ secretLifetime } as Registration)).toThrow(/^registration\.secretLifetime: /)
  })
})

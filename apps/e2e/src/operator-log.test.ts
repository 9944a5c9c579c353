import { memory, resourceServer } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { chooseButton, failing, type Page } from '@drawbridge/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { issuer, upstreamHost, world } from './world.ts'

type Options = Parameters<typeof world>[0]

function logged(options: Options = {}) {
  const lines: string[] = []
  return { ...world({ onEvent: undefined, log: (line) => lines.push(line), ...options }), lines }
}

function press(page: Page, user?: string) {
  const button = chooseButton(page, { user })
  if (!button) throw new Error(`no button on ${page.text}`)
  return button
}

/** A person who has consented and signed in, just before their browser opens the callback. */
async function atCallback(options: Options = {}) {
  const w = logged(options)
  const app = w.client()
  const pending = await app.register().then(() => app.authorize())
  const person = w.browser()
  const until = (url: URL) => url.pathname.startsWith('/callback/') || url.port === '33418'
  let page = await person.open(pending.url, { until })
  page = await person.submit(page, press(page), {}, { until })
  page = await person.submit(page, press(page, 'octocat'), {}, { until })
  if (!page.leftFor) throw new Error(`no callback, but ${page.text}`)
  return { ...w, person, callback: page.leftFor, atClient: { until: (url: URL) => url.port === '33418' } }
}

/** Time passes while the store is tried again. */
async function whileTimePasses<T>(w: Pick<ReturnType<typeof world>, 'clock'>, work: () => Promise<T>) {
  const ticking = setInterval(() => w.clock.advance(1), 1)
  return work().finally(() => clearInterval(ticking))
}

function referenceIn(text: string | undefined): string {
  const [, reference] = /[Rr]eference:?\s*([\w-]{12})/.exec(text ?? '') ?? []
  if (reference === undefined) throw new Error(`no reference in ${text}`)
  return reference
}

async function confidential(w: ReturnType<typeof logged>) {
  const app = w.client()
  await app.register({ token_endpoint_auth_method: 'client_secret_post' })
  return app
}

const hidden = /sign-in service/

describe('without anything being asked for', () => {
  afterEach(() => vi.restoreAllMocks())

  it('an operator reads of a wrong client secret on the standard error, and what to check', async () => {
    const written = vi.spyOn(console, 'error').mockImplementation(() => {})
    const w = world({ onEvent: undefined, log: undefined })
    const app = w.client()
    await app.register({ token_endpoint_auth_method: 'client_secret_post' })
    await app.refresh('dbr_x', { client_secret: 'a guess at the secret' })
    expect(written.mock.calls).toEqual([
      [expect.stringMatching(/^drawbridge warn client\.refused: .*Check .*client_secret.*reason secret/)],
    ])
    expect(String(written.mock.calls)).not.toContain('a guess')
  })

  it('and the listener hears the same events beside it', async () => {
    const heard: string[] = []
    const w = logged({ onEvent: ({ type }) => void heard.push(type) })
    const app = await confidential(w)
    await app.refresh('dbr_x', { client_secret: 'a guess at the secret' })
    expect(heard).toEqual(['client.registered', 'client.refused'])
    expect(w.lines).toEqual([expect.stringContaining('client.refused')])
  })

  it('a good sign-in writes nothing', async () => {
    const w = logged()
    const app = w.client()
    const tokens = await app.login(w.browser(), { user: 'octocat' })
    await app.refresh(tokens.refresh_token)
    await w.call('nonsense')
    expect(w.lines).toEqual([])
  })

  it('`log: false` silences it', async () => {
    const written = vi.spyOn(console, 'error').mockImplementation(() => {})
    const w = world({ onEvent: undefined, log: false, dangerouslySkipConsent: true })
    const app = w.client()
    await app.register({ token_endpoint_auth_method: 'client_secret_post' })
    await app.refresh('dbr_x', { client_secret: 'a guess at the secret' })
    expect(written).not.toHaveBeenCalled()
  })

  it('a changed server secret names the variable', async () => {
    const w = logged()
    const app = w.client()
    await app.login(w.browser(), { user: 'octocat' })
    const other = w.instance({ secret: 'zzq3x8m0TtS2yYk7sPzR5uWb1cDf4gHj6KlN9oQeXaZA=' })
    await other.handle(new Request(`${issuer}/jwks`))
    expect(w.lines).toContainEqual(
      expect.stringMatching(/^drawbridge error keys\.unknown_secret: .*DRAWBRIDGE_SECRET/),
    )
  })

  it('a provider that refuses our credentials names the options, once a sign-in has failed', async () => {
    const app = { clientId: 'dev-client', clientSecret: 'a mistyped secret', host: upstreamHost }
    const w = logged({ provider: github(app) })
    await expect(w.client().login(w.browser(), { user: 'octocat' })).rejects.toThrow('server_error')
    expect(w.lines).toEqual([
      expect.stringMatching(/^drawbridge error login\.failed: .*clientSecret.*reason misconfigured/),
    ])
  })

  it('a resource server tells of a verifier that is out', async () => {
    const lines: string[] = []
    const auth = resourceServer({
      resource: 'https://mcp.test/mcp',
      authorizationServers: [],
      verifier: {
        verify: async () => ({ status: 'unavailable', reason: 'nobody\nis at mona@octo.example' }),
      },
      log: (line) => lines.push(line),
    })
    const headers = { authorization: 'Bearer x' }
    await auth.authenticate(new Request('https://mcp.test/mcp', { headers }))
    expect(lines).toContainEqual(expect.stringMatching(/^drawbridge warn verifier\.unavailable: .*Check/))
    expect(lines.join('')).not.toMatch(/\n|mona/)
  })
})

describe('where a page or an answer has a reference, there is a line', () => {
  it.each<[string, (w: ReturnType<typeof logged>) => Promise<Page>]>([
    ['a link that is over', (w) => w.browser().open(`${issuer}/authorize?client_id=${'x'.repeat(24)}`)],
    ['a callback of nobody', (w) => w.browser().open(`${issuer}/callback/github?state=x`)],
    ['a client nobody knows', (w) => w.browser().open(`${issuer}/authorize?client_id=x`)],
    [
      'a redirect that was never registered',
      async (w) => {
        const app = w.client()
        await app.register()
        const { url } = await app.authorize({ redirect_uri: 'https://evil.test/' })
        return w.browser().open(url)
      },
    ],
    ['a malformed request', (w) => w.browser().open(`${issuer}/authorize?client_id=x&client_id=y`)],
  ])('%s', async (_, visit) => {
    const w = logged()
    const page = await visit(w)
    expect(page.status).toBe(400)
    const line = w.lines.find((text) => text.includes(referenceIn(page.text)))
    expect(line).toMatch(/^drawbridge (info|warn) [a-z.]+: /)
  })

  it('the callback in another browser: the reference is the correlation of the sign-in', async () => {
    const w = await atCallback({ onEvent: undefined })
    const page = await w.browser().open(w.callback, w.atClient)
    expect(page.status).toBe(403)
    expect(w.lines).toEqual([expect.stringContaining(`reference ${referenceIn(page.text)}`)])
  })

  it('a client nobody knows, asked for in JSON', async () => {
    const w = logged()
    const response = await w.fetch(`${issuer}/authorize?client_id=x`)
    const { error_description } = await response.json()
    expect(w.lines).toEqual([expect.stringContaining(referenceIn(error_description))])
  })

  it('a sign-in that failed, told to the client', async () => {
    const w = await atCallback()
    w.provider.outage('503', 'api')
    const page = await w.person.open(w.callback, w.atClient)
    const description = page.leftFor?.searchParams.get('error_description') ?? undefined
    expect(w.lines).toEqual([expect.stringContaining(referenceIn(description))])
  })

  it('a wrong client secret', async () => {
    const w = logged()
    const app = await confidential(w)
    const { status, body } = await app.refresh('dbr_x', { client_secret: 'a guess at the secret' })
    expect(status).toBe(401)
    expect(w.lines).toEqual([expect.stringContaining(referenceIn(body.error_description))])
  })

  it('a 500 that says it has been noted', async () => {
    const key = () => {
      throw new Error('no such header')
    }
    const w = logged({ registration: { key } })
    const { status, body } = await w.client().register()
    expect(status).toBe(500)
    expect(w.lines).toEqual([expect.stringMatching(/^drawbridge error request\.failed: .*path \/register/)])
    expect(w.lines[0]).toContain(referenceIn(body.error_description))
  })

  it('a dead store, on a page and in JSON', async () => {
    let down = false
    const w = logged({ storage: failing(memory(), () => down) })
    await w.auth.ready()
    down = true
    const [page, registration] = await whileTimePasses(w, () =>
      Promise.all([
        w.browser().open(`${issuer}/authorize?client_id=${'x'.repeat(24)}`),
        w.client().register(),
      ]),
    )
    expect([page.status, registration.status]).toEqual([503, 503])
    const log = w.lines.join('\n')
    expect(log).toContain(referenceIn(page.text))
    expect(log).toContain(referenceIn(registration.body.error_description))
    expect(log).toMatch(/^drawbridge error storage\.unavailable: .*`storage`/m)
  })

  it('hundreds of them cost a few lines, which hold what was counted', async () => {
    const w = logged()
    const pages = []
    for (let visit = 0; visit < 300; visit++) {
      pages.push(await w.browser().open(`${issuer}/consent?transaction=${visit}`))
    }
    w.clock.advance(61)
    await w.browser().open(`${issuer}/callback/github?state=x`)
    expect(w.lines.length).toBeLessThan(5)
    expect(w.lines.join('\n')).toContain('299 more')
    expect(w.lines.join('\n')).toContain(referenceIn(pages[1]?.text))
  })
})

describe('a store that fails while a sign-in finishes', () => {
  it('is an outage of ours, never told as one of the provider', async () => {
    let down = false
    const w = await atCallback({
      storage: failing(memory(), ({ name, key }) => down && name === 'put' && key.startsWith('grant/')),
    })
    down = true
    const page = await whileTimePasses(w, () => w.person.open(w.callback, w.atClient))
    expect([page.status, page.leftFor]).toEqual([503, undefined])
    expect(page.text).not.toMatch(hidden)
    const log = w.lines.join('\n')
    expect(log).toMatch(/^drawbridge error storage\.unavailable: /m)
    expect(log).not.toContain('login.failed')
    expect(log).toContain(referenceIn(page.text))
  })

  it('and the next look leads back to the client, with an error that is ours', async () => {
    let down = false
    const w = await atCallback({
      storage: failing(memory(), ({ name, key }) => down && name === 'put' && key.startsWith('grant/')),
    })
    down = true
    await whileTimePasses(w, () => w.person.open(w.callback, w.atClient))
    down = false
    const { leftFor } = await w.person.open(w.callback, w.atClient)
    expect(leftFor?.searchParams.get('error')).toBe('temporarily_unavailable')
    expect(leftFor?.searchParams.get('error_description')).not.toMatch(hidden)
  })

  it('a fault of ours is not told as a refusal of the provider', async () => {
    const store = memory()
    let full = false
    const w = await atCallback({
      storage: {
        ...store,
        put: async (key, ...put) => (full && key.startsWith('grant/') ? undefined : store.put(key, ...put)),
      },
    })
    full = true
    const { leftFor } = await w.person.open(w.callback, w.atClient)
    expect(leftFor?.searchParams.get('error')).toBe('server_error')
    expect(leftFor?.searchParams.get('error_description')).not.toMatch(hidden)
    expect(w.lines).toEqual([expect.stringMatching(/^drawbridge error login\.failed: .*reason internal/)])
  })
})

it('a store that fails while an identity is checked again is not told as an outage of the provider', async () => {
  let down = false
  const w = logged({ storage: failing(memory(), ({ key }) => down && key.startsWith('connection/')) })
  const app = w.client()
  const tokens = await app.login(w.browser(), { user: 'octocat' })
  w.clock.advance(20 * 24 * 3600)
  down = true
  const refused = await whileTimePasses(w, () => app.refresh(tokens.refresh_token))
  expect(refused.status).toBe(503)
  expect(w.lines).toContainEqual(
    expect.stringMatching(/^drawbridge warn request\.unavailable: .*detail Unavailable: storage: /),
  )
})

import { github } from '@drawbridge/github'
import { browser, chooseButton, type DevOidcOptions, oauthClient, signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { oidcWorld } from '../oidc-world.ts'
import { issuer, resource, upstreamHost, world } from '../world.ts'
import { directory } from './sign-in.fixture.ts'

const atTheWeb = 'https://app.test/callback'
const hub = github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: upstreamHost })

/** A person whose client asks for a `prompt`, at an OpenID provider that knows them all. */
function setUp(given: Parameters<typeof oidcWorld>[0] = {}) {
  const w = oidcWorld(given)
  const app = oauthClient({ mcpUrl: resource, fetch: w.fetch })
  const person = browser({ fetch: w.fetch, clock: w.clock })
  const errorOf = (url: URL) => url.searchParams.get('error') ?? 'none'
  return {
    ...{ ...w, app, person },
    /** What the client is told in the end. */
    async ask(prompt: string, user = 'ada') {
      if (!app.credentials) await app.register()
      const pending = await app.authorize({ prompt })
      return { pending, back: await signIn(person, pending.url, { user }) }
    },
    /** The same where nobody presses anything at the provider. */
    async silently(prompt: string) {
      if (!app.credentials) await app.register()
      return errorOf(await signIn(person, (await app.authorize({ prompt })).url))
    },
    errorOf,
    lastAsked: () => w.authorizations().at(-1),
  }
}

/** A client on the web, of somebody who has let it in. */
async function onTheWeb(truth: DevOidcOptions = {}) {
  const w = setUp({ consent: 'remember', truth })
  const app = oauthClient({ mcpUrl: resource, fetch: w.fetch, redirectUri: atTheWeb })
  await app.register({ redirect_uris: [atTheWeb] })
  await app.login(w.person, { user: 'ada' })
  const until = ({ hostname }: URL) => hostname === 'app.test' || hostname === 'login.test'
  const open = async (who = w.person, parameters = {}) =>
    who.open((await app.authorize({ prompt: 'none', ...parameters })).url, { until })
  return { ...w, app, open }
}

describe('prompt=login', () => {
  it('has the provider ask again, and is believed when it says that it did', async () => {
    const w = setUp()
    const { back, pending } = await w.ask('login')
    expect(w.lastAsked()).toMatchObject({ prompt: 'login', max_age: '0' })
    expect((await w.app.exchange(pending, back)).status).toBe(200)
  })

  it.each<[string, (now: number) => number | undefined]>([
    ['is older than the request', (now) => now - 3600],
    ['is missing', () => undefined],
  ])('lets nobody in whose auth_time %s', async (_, auth_time) => {
    const idToken: DevOidcOptions['idToken'] = ({ auth_time: _, ...claims }) => {
      const now = Math.floor(w.clock.now() / 1000)
      const said = auth_time(now)
      return { ...claims, ...(said !== undefined && { auth_time: said }) }
    }
    const w = setUp({ truth: { idToken } })
    const { back } = await w.ask('login')
    expect(w.errorOf(back)).toBe('login_required')
    expect([back.searchParams.get('iss'), back.searchParams.has('code')]).toEqual([issuer, false])
    expect(w.events.map(({ type }) => type)).not.toContain('grant.created')
    expect(w.events).toContainEqual(
      expect.objectContaining({ type: 'login.denied', reason: 'not_signed_in_again' }),
    )
    // The unused tokens are ended there.
    expect(w.dev.requests.filter(({ path }) => path === '/revoke')).toHaveLength(1)
  })

  it('is refused at once where no provider can, before anybody is asked anything', async () => {
    const w = world()
    const app = w.client()
    await app.register()
    const { url } = await app.authorize({ prompt: 'login' })
    const back = (await w.browser().open(url, { until: ({ port }) => port === '33418' })).leftFor
    expect(back?.searchParams.get('error')).toBe('login_required')
    expect(w.provider.requests).toEqual([])
  })

  it('offers those providers that can', async () => {
    const w = setUp({ others: [hub, directory().provider] })
    await w.app.register()
    const offered = async (parameters = {}) => {
      const page = await w.person.open((await w.app.authorize(parameters)).url)
      return page.forms
        .flatMap(({ buttons }) => buttons.map(({ value }) => value))
        .filter((one) => one !== 'deny')
    }
    expect(await offered()).toEqual(['login', 'github', 'acme'])
    expect(await offered({ prompt: 'login' })).toEqual(['login', 'acme'])
    // And takes no other from a form.
    const page = await w.person.open((await w.app.authorize({ prompt: 'login' })).url)
    const { fields = [], action = '' } = page.forms[0] ?? {}
    const html = `<form method="post" action="${action}">${fields
      .map(([name, value]) => `<input name="${name}" value="${value}">`)
      .join('')}<button name="provider" value="github"></button></form>`
    const own = w.person.imagine(page.url, html)
    const button = chooseButton(own)
    if (!button) throw new Error('no button')
    expect((await w.person.submit(own, button)).status).toBe(400)
  })
})

describe('prompt=select_account', () => {
  it('goes to the provider, from the client or from the page', async () => {
    const w = setUp()
    await w.ask('select_account')
    expect(w.lastAsked()?.prompt).toBe('select_account')
    const page = await w.person.open((await w.app.authorize()).url)
    const button = chooseButton(page)
    if (!button) throw new Error('no button')
    await w.person.submit(page, button, { account: 'choose' })
    expect(w.lastAsked()?.prompt).toBe('select_account')
    const plain = await w.person.open((await w.app.authorize()).url)
    await w.person.submit(plain, chooseButton(plain) ?? button)
    expect(w.lastAsked()?.prompt).toBeUndefined()
  })

  it('is no offer where the provider does not know it, and nothing it is told', async () => {
    const provider = { ...hub, prompts: [] }
    const w = world({ provider })
    const app = w.client()
    await app.register()
    const person = w.browser()
    const page = await person.open((await app.authorize({ prompt: 'select_account' })).url)
    expect(page.body).not.toContain('name="account"')
    const button = chooseButton(page)
    if (!button) throw new Error('no button')
    const there = await person.submit(page, button, { account: 'choose' })
    expect(new URL(there.url).searchParams.has('prompt')).toBe(false)
  })
})

describe('prompt=none', () => {
  it('lets in who is signed in and is remembered, and nobody is asked anything here', async () => {
    const w = await onTheWeb()
    const page = await w.open()
    expect(page.leftFor?.hostname).toBe('login.test')
    expect(page.leftFor?.searchParams.get('prompt')).toBe('none')
  })

  it('is login_required where nobody is signed in, consent_required where nobody said yes', async () => {
    const w = await onTheWeb()
    const stranger = browser({ fetch: w.fetch, clock: w.clock })
    const told = await w.open(stranger)
    expect(told.text).toContain('login_required')
    // The app has done nothing wrong, and the person nothing at all.
    expect(told.text).toContain('The app cannot sign you in this way')
    expect((await w.open(w.person, { scope: 'offline_access notes' })).leftFor?.hostname).toBe('login.test')
    await w.app.revoke((await w.app.login(w.person, { user: 'ada' })).refresh_token)
    const [asked] = await w.auth.grants.list('login|ada')
    await w.auth.grants.revoke(asked?.id ?? '')
    expect((await w.open()).text).toContain('consent_required')
  })

  it('is consent_required when another account comes back, which gets nothing', async () => {
    const w = await onTheWeb()
    const page = await w.open()
    // Somebody else signed in at the provider, in the same browser.
    const plainly = new URL(page.leftFor ?? '')
    plainly.searchParams.delete('prompt')
    const there = await w.person.open(plainly)
    const other = chooseButton(there, { user: 'grace' })
    if (!other) throw new Error(there.text)
    await w.person.submit(there, other, {}, { until: (url) => url.origin === issuer })
    const atClient = { until: ({ hostname }: URL) => hostname === 'app.test' }
    const back = await w.person.open(page.leftFor ?? '', atClient)
    expect(back.leftFor?.searchParams.get('error')).toBe('consent_required')
    expect(await w.auth.grants.list('login|grace')).toEqual([])
    expect(w.dev.requests.filter(({ path }) => path === '/revoke')).toHaveLength(1)
  })

  it('is consent_required when what was remembered ended while the person was at the provider', async () => {
    const w = await onTheWeb()
    const there = await w.open()
    await w.auth.grants.revokeAll('login|ada')
    const atClient = { until: ({ hostname }: URL) => hostname === 'app.test' }
    const back = await w.person.open(there.leftFor ?? '', atClient)
    expect(back.leftFor?.searchParams.get('error')).toBe('consent_required')
    expect(await w.auth.grants.list('login|ada')).toEqual([])
  })

  it.each(['login_required', 'interaction_required', 'consent_required', 'account_selection_required'])(
    'what the provider says of it goes through to the client: %s',
    async (error) => {
      const refuses: DevOidcOptions['refuses'] = ({ parameters, endpoint }) =>
        endpoint === 'authorization' && parameters.prompt === 'none' ? { error } : undefined
      const w = await onTheWeb({ refuses })
      const there = await w.open()
      const atClient = { until: ({ hostname }: URL) => hostname === 'app.test' }
      const back = await w.person.open(there.leftFor ?? '', atClient)
      expect(back.leftFor?.searchParams.get('error')).toBe(error)
      expect(w.events).toContainEqual(
        expect.objectContaining({ type: 'login.denied', reason: 'interaction_required' }),
      )
    },
  )

  it('what the provider says like that of anything else is not', async () => {
    const refuses: DevOidcOptions['refuses'] = ({ endpoint }) =>
      endpoint === 'authorization' ? { error: 'interaction_required' } : undefined
    const w = setUp({ truth: { refuses } })
    expect(await w.silently('select_account')).toBe('server_error')
  })

  it('together with others is an invalid request', async () => {
    const w = setUp({ consent: 'remember' })
    for (const prompt of ['none login', 'consent none', 'none create', 'none none']) {
      expect(await w.silently(prompt), prompt).toBe('invalid_request')
    }
  })

  it('is consent_required where people are asked each time', async () => {
    expect(await setUp().silently('none')).toBe('consent_required')
  })
})

it('a prompt that nobody knows changes nothing', async () => {
  const w = setUp()
  const { back } = await w.ask('create')
  expect(back.searchParams.has('code')).toBe(true)
  expect(w.lastAsked()?.prompt).toBeUndefined()
})

describe('before a decision no error sends people to an address that nobody vouches for', () => {
  it.each(['none', 'login', 'none login'])('prompt=%s', async (prompt) => {
    const w = world({ consent: 'remember' })
    const app = w.client({ redirectUri: atTheWeb })
    await app.register({ redirect_uris: [atTheWeb] })
    const until = ({ hostname }: URL) => hostname === 'app.test'
    const page = await w.browser().open((await app.authorize({ prompt })).url, { until })
    expect([page.leftFor, page.status]).toEqual([undefined, 400])
    expect(page.body).toContain('href="https://app.test/callback?error=')
  })
})

describe('metadata says which there are', () => {
  it.each<[string, Parameters<typeof world>[0], readonly string[]]>([
    ['always', {}, ['consent', 'select_account']],
    ['and of remembering', { consent: 'remember' }, ['consent', 'select_account']],
    ['and of asking nobody', { dangerouslySkipConsent: true }, ['select_account']],
  ])('with GitHub, %s', async (_, options, expected) => {
    const { server } = await world(options).client().discover()
    expect(server.prompt_values_supported).toEqual(expected)
  })

  it('with a provider that knows all', async () => {
    const { server } = await setUp({ consent: 'remember' }).app.discover()
    expect(server.prompt_values_supported).toEqual(['consent', 'login', 'select_account', 'none'])
    const { server: asking } = await setUp().app.discover()
    expect(asking.prompt_values_supported).toEqual(['consent', 'login', 'select_account'])
  })
})

import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import {
  type Clock,
  type DrawbridgeEvent,
  memory,
  type OAuthServerOptions,
  oauthServer,
} from '@drawbridge/core'
import type { Provider } from '@drawbridge/core/provider'
import { github } from '@drawbridge/github'
import { drawbridge } from '@drawbridge/node'
import { type DevGitHubOptions, devGitHub, type Network, network, oauthClient } from '@drawbridge/testing'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { certificate, key } from '../../../packages/core/src/egress/public-host.fixture.ts'
import { launchChromium } from './chromium.ts'
import { issuer, secret, upstreamHost } from './world.ts'

export { issuer, upstreamHost } from './world.ts'

/** Where the clients of these tests are: a site of its own, as all hosts below `.test` are. */
export const clientSite = 'https://app.test'

/** What people press. */
export const approve = /^Continue with /
export const cancel = 'Cancel'

interface SceneOptions extends Partial<OAuthServerOptions> {
  github?: DevGitHubOptions
  providers?: readonly Provider[]
}

/** One request of a browser, as it came. */
export interface Seen {
  method: string
  url: URL
  headers: Headers
}

/** Requests that wait for each other. */
export interface Held {
  /** Resolves when the first is there. */
  first: Promise<void>
  /** Resolves when all are. */
  all: Promise<void>
}

/** A server, its provider and whoever else is on the web; `https`, as in production, and each a site of its own. */
export type Scene = ReturnType<typeof scene>

function scene(given: SceneOptions) {
  const { github: hubOptions, ...options } = given
  const clock = runningClock()
  const hub = devGitHub({ clock, ...hubOptions })
  const settings = { clientId: 'dev-client', clientSecret: 'dev-secret', host: upstreamHost }
  const events: DrawbridgeEvent[] = []
  const sites = new Map<string, string>()
  const requests: Seen[] = []
  const arrived: URL[] = []
  let holding: { matches: (seen: Seen) => boolean; pass: () => Promise<void> } | undefined
  const elsewhere = network({ [upstreamHost]: hub.fetch })
  const auth = oauthServer({
    ...{ issuer, secret, clock, storage: memory({ clock }), log: false, fetch: elsewhere },
    providers: [github(settings)],
    onEvent: (event) => void events.push(event),
    ...options,
  })

  async function answer(request: Request): Promise<Response> {
    const url = new URL(request.url)
    const seen = { method: request.method, url, headers: request.headers }
    requests.push(seen)
    if (holding?.matches(seen)) await holding.pass()
    if (url.origin === issuer) return (await auth.handle(request)) ?? new Response(null, { status: 404 })
    if (url.origin === upstreamHost) return hub.fetch(request)
    if (url.origin === clientSite && url.pathname === '/callback') arrived.push(url)
    const to = url.searchParams.get('to')
    if (url.pathname === '/leave' && to) return new Response(null, { status: 302, headers: { location: to } })
    const headers = { 'content-type': 'text/html; charset=utf-8' }
    return new Response(sites.get(url.origin + url.pathname) ?? '<h1>Back in the app</h1>', { headers })
  }

  return {
    ...{ auth, clock, events, hub, sites, requests, arrived, answer },
    /** Lets requests wait until so many are there: a slow server, or a coincidence. */
    hold(matches: (seen: Seen) => boolean, count = 2): Held {
      const [first, all] = [gate(), gate()]
      let seen = 0
      const pass = () => {
        seen++
        if (seen === 1) first.open()
        if (seen === count) all.open()
        return all.opened
      }
      holding = { matches, pass }
      return { first: first.opened, all: all.opened }
    },
    /** A client that is registered, with the URL that it sends people to. */
    async client(redirectUri = `${clientSite}/callback`) {
      const app = oauthClient({ issuer, redirectUri, fetch: answerTo(answer) })
      await app.register()
      const begin = async (parameters = {}) => {
        const pending = await app.authorize({ resource: undefined, ...parameters })
        const redeem = (callback: URL | undefined) =>
          app.exchange(pending, callback ?? new URL(clientSite), { resource: undefined })
        return { ...pending, href: pending.url.href, redeem }
      }
      return { begin, ...app }
    },
    posts: (path: string) => requests.filter(({ method, url }) => method === 'POST' && url.pathname === path),
    types: () => events.map(({ type }) => type),
  }
}

function answerTo(answer: (request: Request) => Promise<Response>): Network {
  return (input, init) => answer(new Request(input, init))
}

function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, opened }
}

/** The real time, which can be put forward: a browser waits for nobody. */
function runningClock(): Clock & { advance(seconds: number): void } {
  let ahead = 0
  return {
    now: () => Date.now() + ahead,
    sleep: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
    advance(seconds) {
      ahead += seconds * 1000
    },
  }
}

/** One Chromium for the tests of a file, to which all of `https://*.test` is the scene of the running test. */
export function inChromium(profile: { cookies?: 'blocked' } = {}) {
  let browser: Browser
  let current: Scene | undefined
  const contexts: BrowserContext[] = []
  const mounted = drawbridge({
    routes: [],
    async handle(request) {
      const { pathname, search } = new URL(request.url)
      const at = `https://${request.headers.get('host')}${pathname}${search}`
      return (await current?.answer(new Request(at, request))) ?? new Response(null, { status: 503 })
    },
  })
  const server = createServer({ key, cert: certificate }, (req, res) => mounted(req, res))

  beforeAll(async () => {
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    browser = await launchChromium({ hosts: (server.address() as AddressInfo).port, ...profile })
  })
  afterEach(async () => {
    current = undefined
    await Promise.all(contexts.splice(0).map((context) => context.close()))
  })
  afterAll(async () => {
    await browser?.close()
    server.closeAllConnections()
    server.close()
  })

  return {
    scene(options: SceneOptions = {}) {
      current = scene(options)
      return current
    },
    /** Another person, or a fresh profile: a browser without cookies. */
    async open(options: BrowserContextOptions = {}): Promise<Page> {
      const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options })
      // Below that of a test, so that it fails with what it waits for.
      context.setDefaultTimeout(8000)
      contexts.push(context)
      return context.newPage()
    },
  }
}

/** Signs in at the provider's page, where there is one. */
export async function signInAs(page: Page, login: string): Promise<void> {
  await page.getByRole('button', { name: new RegExp(login) }).click()
}

/** Consents and signs in, up to the client. */
export async function approveAs(page: Page, login: string): Promise<void> {
  await page.getByRole('button', { name: approve }).click()
  await signInAs(page, login)
  await page.waitForURL(/\/callback\?/)
}

import { memory, oauthProxy } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { browser, devGitHub, network } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { frameworks, freePort } from '../frameworks.ts'
import { setUp as withSecondEngine } from '../second-engine.fixture.ts'
import { issuer, secret, upstreamHost, world } from '../world.ts'
import { account, button } from './account.fixture.ts'
import { byAddress, limited } from './limiter.fixture.ts'

const provider = github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: upstreamHost })

describe('without an account page', () => {
  it('there is nothing, and no consent page speaks of one', async () => {
    const w = world({ accountPage: false })
    expect(await w.auth.handle(new Request(account))).toBeUndefined()
    const app = w.client()
    await app.register()
    const consent = await w.browser().open((await app.authorize()).url)
    expect(consent.text).not.toContain('/account')
    expect(consent.text).toContain('Disconnect in the app')
  })

  it('as with an engine of one’s own', async () => {
    const w = withSecondEngine()
    expect(await w.auth.handle(new Request(account))).toBeUndefined()
    await w.app.register()
    const consent = await w.browser().open((await w.app.authorize()).url)
    expect(consent.text).toContain('Disconnect in the app')
  })

  it('with one, the consent page says where it is', async () => {
    const w = world()
    const app = w.client()
    await app.register()
    expect((await w.browser().open((await app.authorize()).url)).text).toContain('mcp.test/account')
  })
})

describe('a resource at its place', () => {
  it('is refused, and the message names what to change', () => {
    const made = (more: object) => () => world({ resource: '/account', ...more } as never)
    expect(made({})).toThrow(/^resource: "\/account" is where .*accountPage: false/s)
    expect(made({ accountPage: false })).not.toThrow()
  })

  it('is no other’s', () => {
    expect(() => world({ resource: '/token' } as never)).toThrow(/^resource: (?!.*accountPage)/s)
  })
})

describe('two servers below different paths of one host', () => {
  it('know their people each by themselves', async () => {
    const hub = devGitHub()
    const servers = ['one', 'two'].map((name) =>
      oauthProxy({
        ...{ issuer: `${issuer}/${name}`, secret, provider, fetch, log: false },
        storage: memory(),
      }),
    )
    const internet = network({
      [upstreamHost]: hub.fetch,
      [issuer]: async (request) => {
        for (const server of servers) {
          const answer = await server.handle(request.clone())
          if (answer) return answer
        }
        return new Response(null, { status: 404 })
      },
    })
    function fetch(...given: Parameters<typeof globalThis.fetch>): Promise<Response> {
      return internet(...given)
    }
    const person = browser({ fetch: internet })
    for (const name of ['one', 'two']) {
      const page = await person.open(`${issuer}/${name}/account`)
      const there = await person.submit(page, button(page, 'provider'))
      await person.submit(there, button(there, 'login', 'octocat'))
    }
    expect((await person.open(`${issuer}/one/account`)).text).toContain('octocat')
    expect((await person.open(`${issuer}/two/account`)).text).toContain('octocat')
  })
})

describe('an issuer with a path', () => {
  it.each([undefined, '/tools'])('has the page below it (stripPrefix: %s)', async (stripPrefix) => {
    const hub = devGitHub()
    const auth = oauthProxy({
      ...{ issuer: `${issuer}/tools`, secret, provider, stripPrefix, fetch, log: false },
      storage: memory(),
    })
    const internet = network({
      [upstreamHost]: hub.fetch,
      [issuer]: async (request) => {
        const { pathname, search } = new URL(request.url)
        // What the proxy in front removes.
        const path = stripPrefix ? pathname.replace(/^\/tools/, '') : pathname
        const passed = stripPrefix ? new Request(issuer + path + search, request) : request
        return (await auth.handle(passed)) ?? new Response(null, { status: 404 })
      },
    })
    function fetch(...given: Parameters<typeof globalThis.fetch>): Promise<Response> {
      return internet(...given)
    }
    const person = browser({ fetch: internet })
    const page = await person.open(`${issuer}/tools/account`)
    const there = await person.submit(page, button(page, 'provider'))
    const back = await person.submit(there, button(there, 'login', 'octocat'))
    expect([back.url, back.text]).toEqual([`${issuer}/tools/account`, expect.stringContaining('octocat')])
    const out = await person.submit(back, button(back, 'decision', 'sign_out'))
    expect([out.url, out.status]).toEqual([`${issuer}/tools/account`, 200])
  })
})

describe('through each adapter', () => {
  it.each(Object.keys(frameworks))('%s', async (name) => {
    const hub = await devGitHub().listen()
    const port = await freePort()
    const here = `http://127.0.0.1:${port}`
    const auth = oauthProxy({
      ...{ issuer: here, secret, storage: memory(), log: false },
      provider: github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: hub.url }),
    })
    const running = await frameworks[name]?.(auth as never, { port, prefix: '' })
    try {
      const person = browser()
      const page = await person.open(`${here}/account`)
      const there = await person.submit(page, button(page, 'provider'))
      const back = await person.submit(there, button(there, 'login', 'octocat'))
      expect([back.url, back.text]).toEqual([`${here}/account`, expect.stringContaining('as octocat')])
    } finally {
      await running?.close()
      await hub.close()
    }
  })
})

describe('whoever sends too much', () => {
  it('gets a page with the time to come back', async () => {
    const { send, flood } = limited({ key: byAddress, requests: { account: 3 } })
    const html = { headers: { accept: 'text/html' } }
    expect(await flood(() => send('/account', html))).toBe(3)
    const answer = await send('/account', html)
    expect(answer.headers.get('content-type')).toContain('text/html')
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/)
    expect(await answer.text()).toContain('One moment, please')
    expect((await send('/account', html, { address: '192.0.2.2' })).status).toBe(200)
  })
})

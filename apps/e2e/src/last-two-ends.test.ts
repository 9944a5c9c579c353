import { memory, oauthServer } from '@drawbridge/core'
import { browser, devOidc, fakeClock, network, oauthClient } from '@drawbridge/testing'
import { expect, it } from 'vitest'
import { google } from './providers/google.ts'
import { slowStore } from './slow-store.ts'
import { issuer, resource, secret } from './world.ts'

const upstream = 'https://login.test'

/** Whoever has the lease has seen the other's grant, and leaves the revocation to it: the last waits for its turn. */
it.each(['one after the other', 'at once'])(
  'two last installations that sign out %s end it at the provider',
  async (how) => {
    const clock = fakeClock()
    const dev = devOidc({ clock, refreshTokens: 'on consent', rotation: false, revocation: 'user' })
    const { storage, holdNext } = slowStore(memory({ clock }))
    const events: string[] = []
    const fetch = network({
      [upstream]: dev.fetch,
      [issuer]: async (request) => {
        const handled = await auth.handle(request)
        if (handled) return handled
        const gate = await auth.authenticate(request)
        return gate.ok ? Response.json(gate.auth) : gate.response
      },
    })
    const auth = oauthServer({
      issuer,
      secret,
      clock,
      fetch,
      storage,
      onEvent: ({ type }) => events.push(type),
      log: false,
      provider: google(upstream),
      scopes: ['email', 'calendar'],
    })
    const install = async (scope: string) => {
      const app = oauthClient({ mcpUrl: resource, fetch })
      const tokens = await app.login(browser({ fetch, clock }), { user: 'ada', parameters: { scope } })
      const headers = { authorization: `Bearer ${tokens.access_token}` }
      const gate = await auth.authenticate(new Request(resource, { headers }))
      if (!gate.ok) throw new Error('not in')
      return { app, tokens, theirs: (await auth.upstreamToken(gate.auth)).access_token }
    }
    const first = await install('email')
    const second = await install('email calendar')
    if (how === 'at once') {
      // The first has seen that the second is there, and has yet to give the lease back.
      const stile = holdNext('delete lease/')
      const leaving = first.app.revoke(first.tokens.refresh_token)
      await stile.reached
      const last = second.app.revoke(second.tokens.refresh_token)
      stile.release()
      await leaving
      const ticking = setInterval(() => clock.advance(0.2), 5)
      await last.finally(() => clearInterval(ticking))
    } else {
      await first.app.revoke(first.tokens.refresh_token)
      await second.app.revoke(second.tokens.refresh_token)
    }
    expect((await storage.list('grant/')).keys).toEqual([])
    expect((await storage.list('connection/')).keys).toEqual([])
    expect(events).toContain('upstream.revoked')
    expect([first, second].map(({ theirs }) => dev.works(theirs))).toEqual([false, false])
  },
)

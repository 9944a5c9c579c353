import { memory } from '@drawbridge/core'
import { fakeClock } from '@drawbridge/testing'
import { expect, it } from 'vitest'
import { likeGoogle, oidcWorld } from '../oidc-world.ts'
import { slowStore } from '../slow-store.ts'
import { resource } from '../world.ts'

/** Whoever has the lease has seen the other's grant, and leaves the revocation to it: the last waits for its turn. */
it.each(['one after the other', 'at once'])(
  'two last installations that sign out %s end it at the provider',
  async (how) => {
    const clock = fakeClock()
    const { storage, holdNext } = slowStore(memory({ clock }))
    const w = oidcWorld({ ...likeGoogle, storage, clock })
    const install = async (scope: string) => {
      const { app, tokens } = await w.install({ scope })
      const headers = { authorization: `Bearer ${tokens.access_token}` }
      const gate = await w.auth.authenticate(new Request(resource, { headers }))
      if (!gate.ok) throw new Error('not in')
      return { app, tokens, theirs: (await w.auth.upstreamToken(gate.auth)).access_token }
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
    expect(w.events.map(({ type }) => type)).toContain('upstream.revoked')
    expect([first, second].map(({ theirs }) => w.dev.works(theirs))).toEqual([false, false])
  },
)

import { browser, devGitHub, oauthClient } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { atTheWeb, endingOf } from './endpoints/remembered.fixture.ts'
import { instances } from './instances.ts'
import { openTestStore, type StoreKind, skipWithout } from './test-stores.ts'
import { issuer, resource } from './world.ts'

const kinds: StoreKind[] = ['redis', 'postgres']

describe.each(kinds)('with two instances on %s, which answer in turn', async (kind) => {
  it.skipIf(await skipWithout(kind))(
    'consent is remembered, another account is asked, and what ends access ends both',
    async () => {
      const provider = devGitHub()
      const listener = await provider.listen()
      const store = await openTestStore(kind)
      const two = await instances(2, {
        provider: listener.url,
        store: store.address,
        options: { consent: 'remember' },
      })
      try {
        const { fetch } = two
        const app = oauthClient({ mcpUrl: resource, fetch, redirectUri: atTheWeb })
        await app.register({ redirect_uris: [atTheWeb] })
        const person = browser({ fetch })
        const until = ({ origin }: URL) => ![issuer].includes(origin)
        const next = async () => {
          const page = await person.open((await app.authorize()).url, { until })
          return page.leftFor?.origin === new URL(listener.url).origin ? 'not asked' : endingOf(page)
        }
        const { refresh_token } = await app.login(person, { user: 'octocat' })
        for (let turn = 0; turn < 3; turn++) {
          expect(await next()).toBe('not asked')
          // Another instance has its turn.
          await fetch(`${issuer}/jwks`)
        }
        await app.revoke(refresh_token)
        expect(await next()).toBe('asked')
        await app.login(person, { user: 'octocat' })
        expect(await next()).toBe('not asked')
        // Asked on the way, which the driver answers.
        await app.login(person, { user: 'hubot' })
        const told = (await two.events()).map((event) => ('reason' in event ? event.reason : event.type))
        expect(told).toContain('other_account')
        expect((await person.open(`${issuer}/account`)).text).toContain('hubot')
      } finally {
        await two.stop()
        await listener.close()
        await store.close()
      }
    },
    60_000,
  )
})

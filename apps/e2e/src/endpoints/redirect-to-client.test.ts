import { describe, expect, it } from 'vitest'
import { front } from '../front.ts'
import { press } from '../sign-in-steps.ts'
import { atClient, untilCallback } from '../threats.fixture.ts'
import { world } from '../world.ts'
import { atCallback } from './callback.fixture.ts'

describe('just before the redirect', () => {
  it('the address is checked again: a client that is gone gets nothing', async () => {
    const { finish, clock } = await atCallback({ registration: { unapprovedLifetime: 60 } })
    clock.advance(61)
    const page = await finish()
    expect(page.leftFor).toBeUndefined()
    expect(page.status).toBe(400)
    expect(page.text).toContain('not registered')
  })
})

describe('a redirect URI that is no longer allowed', () => {
  const narrow = { redirectUris: { allow: ['https://claude.ai/*'] } }

  async function deployed() {
    const w = world()
    const f = front(w)
    const app = f.client()
    await app.register()
    return { ...w, f, app, person: f.browser(), narrower: w.instance(narrow) }
  }

  it('gets no code when the login is finished, nor when the callback is reloaded', async () => {
    const { f, app, person, auth, narrower } = await deployed()
    const callback = await untilCallback(person, (await app.authorize()).url, { user: 'octocat' })
    f.to(narrower)
    const refused = await person.open(callback, { until: atClient })
    expect([refused.status, refused.leftFor]).toEqual([400, undefined])
    f.to(auth)
    expect((await person.open(callback, { until: atClient })).leftFor?.searchParams.has('code')).toBe(true)
    f.to(narrower)
    expect((await person.open(callback, { until: atClient })).leftFor).toBeUndefined()
  })

  it('hears of no error either', async () => {
    const { f, app, person, narrower } = await deployed()
    const begun = await app.authorize({ scope: 'unheard-of' })
    const page = await person.open((await app.authorize()).url, { until: atClient })
    f.to(narrower)
    const refused = await person.open(begun.url, { until: atClient })
    expect([refused.status, refused.leftFor]).toEqual([400, undefined])
    const denied = await person.submit(page, press(page, { approve: false }), {}, { until: atClient })
    expect([denied.status, denied.leftFor]).toEqual([400, undefined])
  })
})

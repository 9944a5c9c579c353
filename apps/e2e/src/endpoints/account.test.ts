import { memory } from '@drawbridge/core'
import { failing, signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { connect, isIn, keysOf } from '../administration.fixture.ts'
import { ci, octocat, withKeys } from '../api-keys.fixture.ts'
import { world } from '../world.ts'
import { account, button, buttons, enter, told } from './account.fixture.ts'
import { ticking } from './sign-in.fixture.ts'

const day = 24 * 3600

describe('somebody who signs in at the account page', () => {
  it('sees which clients have access, ends it, and signs out', async () => {
    const storage = memory()
    const w = world({ storage })
    const installation = await connect(w)
    const { person, page } = await enter(w)
    expect([page.url, page.status]).toEqual([account, 200])
    expect(page.text).toMatch(/signed in as octocat at GitHub/)
    expect(page.text).toContain('what this account has let in, and nothing of other accounts')
    const after = await person.submit(page, button(page, 'end'))
    expect(after.text).toContain('Access has ended.')
    expect(after.text).toContain('No app has access.')
    expect(await isIn(w, installation)).toBe(false)
    const out = await person.submit(after, button(after, 'decision', 'sign_out'))
    expect([out.url, out.text]).toEqual([account, expect.stringContaining('Sign in to see the apps')])
    expect(await keysOf(storage, 'session/')).toEqual([])
    expect(told(w)).toEqual(
      expect.arrayContaining([
        'session.began',
        'account.shown',
        'grant.ended account_page',
        'session.ended signed_out',
      ]),
    )
  })

  it('is told of each client whose name it is, where answers go, what it may do, since when, and until when', async () => {
    const w = world({
      scopes: {
        supported: { notes: 'Write your notes', 'read:user': 'Know who you are' },
        default: ['notes', 'read:user'],
      },
      clients: [
        {
          client_id: 'desk',
          client_name: 'Front desk',
          redirect_uris: ['https://desk.example/callback'],
          token_endpoint_auth_method: 'none',
        },
      ],
    })
    await connect(w, 'octocat', { client_name: 'Laptop' })
    w.clock.advance(2 * day)
    const desk = w.client({
      credentials: { client_id: 'desk' },
      redirectUri: 'https://desk.example/callback',
    })
    await desk.login(w.browser(), { user: 'octocat' })
    const { page } = await enter(w)
    const [first = '', second = ''] = page.text.split('End access of Front desk')
    expect(first).toMatch(/Front desk.*Known app.*Answers go to.*desk\.example/s)
    expect(second).toMatch(/Laptop.*Not verified.*Answers go to.*127\.0\.0\.1\s/s)
    expect(second).toContain('This app runs on your own computer')
    expect(second).toContain('Write your notes')
    expect(second).toContain('mcp.test/mcp')
    const date = (seconds: number) =>
      new Intl.DateTimeFormat('en', { dateStyle: 'long', timeZone: 'UTC' }).format(seconds * 1000)
    const now = w.clock.now() / 1000
    expect(second).toContain(`Since ${date(now - 2 * day)}`)
    expect(second).toContain(`Last used on ${date(now - 2 * day)}`)
    expect(second).toContain(`Ends on ${date(now + 28 * day)} if it is not used before then`)
  })

  it('sees one entry for all installations of a client, and ends all of them with the provider’s tokens', async () => {
    const storage = memory()
    const w = world({ storage })
    const first = await connect(w)
    w.clock.advance(day)
    const other = { ...(await first.app.login(w.browser(), { user: 'octocat' })), app: first.app }
    const { person, page } = await enter(w)
    expect(buttons(page).filter(({ name }) => name === 'end')).toHaveLength(1)
    const after = await person.submit(page, button(page, 'end'))
    expect(after.text).toContain('Access has ended.')
    expect([await isIn(w, first), await isIn(w, other)]).toEqual([false, false])
    expect(await keysOf(storage, 'grant/')).toEqual([])
    expect(await keysOf(storage, 'connection/')).toEqual([])
  })

  it('ends a sign-in of that client, too, whose code nobody has redeemed yet', async () => {
    const storage = memory()
    const w = world({ storage })
    const { app } = await connect(w)
    const { person, page } = await enter(w)
    const pending = await app.authorize()
    const callback = await signIn(w.browser(), pending.url, { user: 'octocat' })
    await person.submit(page, button(page, 'end'))
    expect(await keysOf(storage, 'grant/')).toEqual([])
    expect((await app.exchange(pending, callback)).body.error).toBe('invalid_grant')
  })

  it('is warned of access that somebody else may be using, before all other', async () => {
    const w = world()
    const doubtful = await connect(w, 'octocat', { client_name: 'Copied' })
    await doubtful.app.refresh(doubtful.refresh_token)
    w.clock.advance(day)
    await connect(w, 'octocat', { client_name: 'Fine' })
    await doubtful.app.refresh(doubtful.refresh_token).catch(() => {})
    expect(told(w)).toContain('grant.doubted superseded')
    const { page } = await enter(w)
    const [copied = '', fine = ''] = page.text.split('End access of Copied')
    expect(copied).toContain('Somebody else may be using this access.')
    expect(fine).toContain('End access of Fine')
    expect(fine).not.toContain('Somebody else')
  })

  it('is not shown what is over already', async () => {
    const w = world()
    const doubtful = await connect(w)
    await doubtful.app.refresh(doubtful.refresh_token)
    w.clock.advance(day)
    await doubtful.app.refresh(doubtful.refresh_token)
    expect((await enter(w)).page.text).toContain("octocat's program")
    // Doubt lasts a day; the record is kept for longer.
    w.clock.advance(2 * day)
    expect((await enter(w)).page.text).toContain('No app has access.')
  })
})

describe('many clients', () => {
  it('are shown up to 200, the last used ones, and the page says how many more there are', async () => {
    const w = world()
    for (let n = 1; n <= 203; n++) await connect(w, 'octocat', { client_name: `Program ${n}` })
    const { person, page } = await enter(w)
    expect(buttons(page).filter(({ name }) => name === 'end')).toHaveLength(200)
    expect(page.text).toContain('More apps with access: 3.')
    const after = await person.submit(page, button(page, 'end'))
    expect(after.text).toContain('More apps with access: 2.')
  }, 60_000)
})

describe('everything at once', () => {
  it('ends clients, API keys and sign-ins elsewhere, and says so before and after', async () => {
    const { w, keys } = withKeys()
    const installation = await connect(w)
    const { key } = await keys.create(ci)
    const elsewhere = await enter(w)
    const { person, page } = await enter(w)
    expect(page.text).toContain('all your API keys stop working')
    const after = await person.submit(page, button(page, 'decision', 'end_all'))
    expect([after.status, after.text]).toEqual([200, expect.stringContaining('All access has ended')])
    expect(await isIn(w, installation)).toBe(false)
    expect(await keys.list(octocat)).toEqual([])
    expect((await w.call(key)).status).toBe(401)
    for (const who of [person, elsewhere.person]) {
      expect((await who.open(account)).text).toContain('Sign in to see the apps')
    }
    const shown = told(w)
    expect(shown).toEqual(expect.arrayContaining(['grant.ended account_page', 'api_key.ended revoked']))
  })

  it('says nothing of API keys to who has none, and is not offered where there is nothing', async () => {
    const w = world()
    await connect(w)
    const { page } = await enter(w)
    expect(page.text).toContain('All apps lose access')
    expect(page.text).not.toContain('API key')
    const nobody = await enter(w, { user: 'hubot' })
    expect(buttons(nobody.page).map(({ value }) => value)).toEqual(['sign_out'])
  })
})

describe('API keys', () => {
  it('are listed with what tells them apart, and end one by one', async () => {
    const { w, keys } = withKeys({}, { dangerouslyAllowNeverExpiring: true })
    const kept = await keys.create({ ...ci, name: 'Kept', expiresIn: 'never' })
    const ended = await keys.create({ ...ci, name: 'Builds', expiresIn: 30 * day })
    const { person, page } = await enter(w)
    const hint = (await keys.list(octocat)).find(({ name }) => name === 'Builds')?.hint
    expect(page.text).toContain(hint)
    for (const words of [/Not used yet Ends on/, /Not used yet Does not end by itself/]) {
      expect(page.text).toMatch(words)
    }
    const after = await person.submit(page, button(page, 'key', /Builds/))
    expect(after.text).toContain('Access has ended.')
    expect((await w.call(ended.key)).status).toBe(401)
    expect((await w.call(kept.key)).status).toBe(200)
  })
})

describe('while the store is out', () => {
  it('the page says so, and when to come back', async () => {
    let isDown = false
    const w = world({ storage: failing(memory(), () => isDown) })
    await connect(w)
    const { person } = await enter(w)
    isDown = true
    const page = await ticking(w, person.open(account))
    expect([page.status, page.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)])
    expect(page.text).toContain('Nothing was lost')
  })

  it.each(['end', 'end_all'])('%s that failed half-way is finished by pressing again', async (value) => {
    let downAfter = Number.POSITIVE_INFINITY
    const store = memory()
    const down = failing(store, ({ name }) => name === 'delete' && downAfter-- <= 0)
    const { w, keys } = withKeys({ storage: down })
    const first = await connect(w)
    const second = { ...(await first.app.login(w.browser(), { user: 'octocat' })), app: first.app }
    await keys.create(ci)
    const { person, page } = await enter(w)
    const press = () =>
      person.submit(page, value === 'end' ? button(page, 'end') : button(page, 'decision', value))
    downAfter = 1
    const failed = await ticking(w, press())
    expect([failed.status, failed.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)])
    downAfter = Number.POSITIVE_INFINITY
    const done = await press()
    expect(done.status).toBe(200)
    expect(done.text).toMatch(/access has ended/i)
    expect([await isIn(w, first), await isIn(w, second)]).toEqual([false, false])
    expect(await keysOf(store, 'grant/')).toEqual([])
    if (value === 'end_all') expect(await keysOf(store, 'api-key/')).toEqual([])
  })
})

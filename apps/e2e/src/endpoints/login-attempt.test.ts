import { chooseButton, type Page } from '@drawbridge/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { slowStore, turnstile } from '../slow-store.ts'
import { type World, world } from '../world.ts'

function press(page: Page, user?: string) {
  const button = chooseButton(page, { user })
  if (!button) throw new Error(`no button on ${page.text}`)
  return button
}

const atClient = (url: URL) => url.port === '33418'

/** A person between the provider's page and the callback, whose login the provider takes its time to confirm. */
async function atSlowCallback(options: Parameters<typeof world>[0] = {}) {
  const [stile, second] = [turnstile(), turnstile()]
  let confirmations = 0
  let holdsSecond = false
  const w: World = world({
    ...options,
    fetch: async (input, init) => {
      if (String(input).endsWith('/access_token')) {
        confirmations++
        if (confirmations === 1) await stile.pass()
        if (confirmations === 2 && holdsSecond) await second.pass()
      }
      return w.fetch(input as string, init)
    },
  })
  const app = w.client()
  await app.register()
  const pending = await app.authorize()
  const person = w.browser()
  const until = (url: URL) => url.pathname.startsWith('/callback/')
  let page = await person.open(pending.url, { until })
  const consent = page.url
  page = await person.submit(page, press(page), {}, { until })
  page = await person.submit(page, press(page, 'octocat'), {}, { until })
  const callback = page.leftFor
  if (!callback) throw new Error(`no callback, but ${page.text}`)
  return {
    ...w,
    app,
    pending,
    person,
    consent,
    callback,
    atProvider: stile.reached,
    release: stile.release,
    /** The second confirmation takes its time, too. */
    holdSecond() {
      holdsSecond = true
      return second
    },
  }
}

describe('once a callback is at work, the consent it stands on is final', () => {
  it("whoever else approves then does not get the person's code", async () => {
    const { browser, person, consent, callback, atProvider, release, app, pending } = await atSlowCallback()
    const finishing = person.open(callback, { until: atClient })
    await atProvider

    const attacker = browser()
    const page = await attacker.open(consent)
    const [button] = page.forms.flatMap(({ buttons }) => buttons)
    if (button) await attacker.submit(page, button, {}, { until: (url) => url.hostname === 'github.test' })
    release()
    const back = (await finishing).leftFor
    expect(back?.searchParams.has('code')).toBe(true)

    const stolen = await attacker.open(callback, { until: atClient })
    expect(stolen.leftFor).toBeUndefined()
    expect(stolen.status).toBe(403)
    expect(back && (await app.exchange(pending, back)).status).toBe(200)
  })

  it('nor is the person answered when somebody else approved between their callback and its beginning', async () => {
    const { storage, holdNext } = slowStore()
    const { browser, person, consent, callback, release } = await atSlowCallback({ storage })
    release()
    const attacker = browser()
    const page = await attacker.open(consent)
    const stile = holdNext('put transaction/')
    const finishing = person.open(callback, { until: atClient })
    await stile.reached
    const until = (url: URL) => url.hostname === 'github.test'
    expect((await attacker.submit(page, press(page), {}, { until })).leftFor).toBeDefined()
    stile.release()
    expect((await finishing).status).toBe(403)
    expect((await attacker.open(callback, { until: atClient })).leftFor?.searchParams.get('code')).toBeNull()
  })
})

describe('a callback that takes longer than anybody would wait', () => {
  it('is not begun again by a reload, which is sent where the first one leads', async () => {
    const { person, callback, atProvider, release, provider, clock, app, pending } = await atSlowCallback()
    const finishing = person.open(callback, { until: atClient })
    await atProvider
    const reload = async () => {
      const ticking = setInterval(() => clock.advance(1), 1)
      return person.open(callback, { until: atClient }).finally(() => clearInterval(ticking))
    }
    clock.advance(45)
    const impatient = await reload()
    expect([impatient.status, impatient.leftFor]).toEqual([503, undefined])
    expect(impatient.headers.get('retry-after')).toMatch(/^\d+$/)
    const waiting = reload()
    release()
    const first = (await finishing).leftFor
    expect(first?.searchParams.has('code')).toBe(true)
    const page = await waiting
    expect(page.leftFor?.href).toBe(first?.href)
    expect(provider.requests.filter(({ path }) => path === '/login/oauth/access_token')).toHaveLength(1)
    expect(first && (await app.exchange(pending, first)).status).toBe(200)
  })

  it('because the provider answers every part late, is given up, and the client hears of it', async () => {
    const { callback, atProvider, person, pending } = await atSlowCallback()
    const giveUp = new AbortController()
    const timeout = vi.spyOn(AbortSignal, 'timeout')
    onTestFinished(() => timeout.mockRestore())
    timeout.mockImplementation((milliseconds) =>
      milliseconds === 60_000 ? giveUp.signal : new AbortController().signal,
    )
    const finishing = person.open(callback, { until: atClient })
    await atProvider
    giveUp.abort()
    const back = (await finishing).leftFor
    expect(back?.searchParams.get('error')).toBe('temporarily_unavailable')
    expect(back?.searchParams.get('state')).toBe(pending.state)
    expect((await person.open(callback, { until: atClient })).leftFor?.href).toBe(back?.href)
  })

  it('whose process stood still for so long that another took over leaves the outcome to that one', async () => {
    const { person, callback, atProvider, release, clock, app, pending } = await atSlowCallback()
    const stalled = person.open(callback, { until: atClient })
    await atProvider
    clock.advance(240)
    const second = (await person.open(callback, { until: atClient })).leftFor
    expect(second?.searchParams.has('code')).toBe(true)
    clock.advance(240)
    release()
    expect((await stalled).leftFor?.href).toBe(second?.href)
    expect((await person.open(callback, { until: atClient })).leftFor?.href).toBe(second?.href)
    expect(second && (await app.exchange(pending, second)).status).toBe(200)
  })
})

describe('a callback that was overtaken', () => {
  it('waits for the one that overtook it', async () => {
    const { person, callback, atProvider, release, holdSecond, clock } = await atSlowCallback()
    const other = holdSecond()
    const stalled = person.open(callback, { until: atClient })
    await atProvider
    clock.advance(240)
    const overtaking = person.open(callback, { until: atClient })
    await other.reached
    release()
    let isAnswered = false
    const answered = stalled.then(() => {
      isAnswered = true
    })
    for (let turn = 0; turn < 100; turn++) {
      clock.advance(0.2)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(isAnswered).toBe(false)
    other.release()
    const ticking = setInterval(() => clock.advance(0.2), 1)
    const [first, second] = await Promise.all([stalled, overtaking, answered])
    clearInterval(ticking)
    expect(first.leftFor?.href).toBe(second.leftFor?.href)
    const reload = await person.open(callback, { until: atClient })
    expect(reload.leftFor?.href).toBe(second.leftFor?.href)
  })
})

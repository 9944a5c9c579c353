import { failing } from '@drawbridge/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type SlowStore, slowStore } from '../slow-store.ts'
import { issuer } from '../world.ts'
import { ada, setUp, ticking } from './sign-in.fixture.ts'

const identity = { sub: '1', claims: { name: 'Ada' } }

function opening() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, opened }
}

/** A directory that thinks, and a store that can be held. */
function slow(hybrid: boolean) {
  let store: SlowStore | undefined
  const asked = opening()
  const answer = opening()
  const w = setUp({
    hybrid,
    storage: (inner) => {
      store = slowStore(inner)
      return store.storage
    },
    verify: async () => {
      asked.open()
      await answer.opened
      return identity
    },
  })
  return {
    ...w,
    asked: asked.opened,
    answer: answer.open,
    holdNext: (what: string) => store?.holdNext(what),
  }
}

/** Up to the provider's answer, which is not yet loaded here. */
async function throughGitHub(
  { person }: Pick<ReturnType<typeof setUp>, 'person'>,
  location: URL | undefined,
): Promise<URL> {
  const until = ({ origin }: URL) => origin === issuer
  const page = await person.open(String(location), { until })
  const octocat = page.forms[0]?.buttons.find(({ value }) => value === 'octocat')
  if (!octocat) throw new Error(page.text)
  const { leftFor } = await person.submit(page, octocat, {}, { until })
  if (!leftFor) throw new Error('not back')
  return leftFor
}

describe('while a directory thinks', () => {
  it.each([
    ['the other provider', true, 'github'],
    ['yes again', false, 'acme'],
  ])('a person who goes back and chooses %s hands nobody else their code', async (_, hybrid, chosen) => {
    const w = slow(hybrid)
    const p = await w.atThePage()
    // Who began the flow knows the address of the consent page.
    const attacker = w.browser()
    const open = await attacker.open(p.consent.url)
    const approve = open.forms[0]?.buttons.find(({ value }) => value === 'approve' || value === 'acme')
    if (!approve) throw new Error('no consent')
    const typing = p.type(ada.fields)
    await w.asked
    if (!hybrid) await attacker.submit(open, approve, {}, {})
    await p.choose(chosen)
    const creating = w.holdNext('create grant/')
    w.answer()
    const first = await Promise.race([creating?.reached, ticking(w, typing)])
    const attackersPage = await attacker.submit(open, approve, {}, {})
    creating?.release()
    await ticking(w, typing)
    expect(first).not.toBeUndefined()
    const got = await attacker.open(attackersPage.url, { until: p.until })
    expect(got.leftFor?.searchParams.get('code') ?? undefined).toBeUndefined()
  })

  it('and another browser says yes, nobody signs in for it: the person is told that it is the other one', async () => {
    const w = slow(false)
    const p = await w.atThePage()
    const attacker = w.browser()
    const open = await attacker.open(p.consent.url)
    const approve = open.forms[0]?.buttons.find(({ value }) => value === 'approve')
    if (!approve) throw new Error('no consent')
    const typing = p.type(ada.fields)
    await w.asked
    const attackersPage = await attacker.submit(open, approve, {}, { until: p.until })
    w.answer()
    const told = await ticking(w, typing)
    expect([told.status, told.leftFor]).toEqual([403, undefined])
    expect(told.text).toContain('browser')
    expect(w.told()).not.toContain('grant.created')
    const { correlation } = w.events.find(({ type }) => type === 'sign_in.shown') ?? {}
    expect(w.events.at(-1)).toMatchObject({ type: 'sign_in.refused', reason: 'other_browser', correlation })
    const seen = await attacker.open(attackersPage.url, { until: p.until })
    expect([seen.status, seen.leftFor]).toEqual([200, undefined])
  })

  it('and the person signs in elsewhere, there is one grant', async () => {
    const w = slow(true)
    const p = await w.atThePage()
    const typing = p.type(ada.fields)
    await w.asked
    const away = await p.choose('github')
    const calling = w.person.open(await throughGitHub(w, away.leftFor), { until: p.until })
    w.answer()
    await ticking(w, Promise.all([calling, typing]))
    expect(w.told().filter((event) => event === 'grant.created')).toHaveLength(1)
  })

  it('and the person chooses elsewhere, the form leads there, and is not sent along', async () => {
    const w = slow(true)
    const p = await w.atThePage()
    const typing = p.type(ada.fields)
    await w.asked
    const away = await p.choose('github')
    w.answer()
    const { hops, leftFor } = await ticking(w, typing)
    expect(hops.map(({ method, status }) => `${method} ${status}`)).toEqual(['POST 303'])
    expect(leftFor?.href).toBe(away.leftFor?.href)
    expect(w.told()).not.toContain('grant.created')
  })

  it('for ever, the person is told to wait, and can send the form again', async () => {
    const gaveUp = new AbortController()
    const w = slow(false)
    const { type } = await w.atThePage()
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(gaveUp.signal)
    onTestFinished(() => timeout.mockRestore())
    const typing = type(ada.fields)
    await w.asked
    gaveUp.abort()
    expect((await typing).status).toBe(503)
    timeout.mockRestore()
    w.answer()
    expect((await type(ada.fields)).leftFor?.searchParams.has('code')).toBe(true)
  })
})

it('a callback whose browser has chosen a form meanwhile leads to the form', async () => {
  const w = slow(true)
  const p = await w.atThePage(w.person, 'github')
  const back = await throughGitHub(w, p.page.leftFor)
  const claiming = w.holdNext('put transaction/')
  const calling = w.person.open(back, { until: p.until })
  await claiming?.reached
  await p.choose('acme')
  claiming?.release()
  const page = await ticking(w, calling)
  expect([page.status, page.url]).toEqual([200, expect.stringContaining('/sign-in/acme')])
})

describe('a store that fails when a grant is made', () => {
  it.each([
    ['for that', false],
    ['from then on', true],
  ])('%s: nothing was lost, and the same form signs in', async (_, staysDown) => {
    let down = false
    let failed = false
    const w = setUp({
      storage: (inner) =>
        failing(inner, ({ name, key }) => {
          if (failed) return down
          failed = name === 'put' && key.startsWith('grant/')
          down = failed && staysDown
          return failed
        }),
    })
    const { type } = await w.atThePage()
    const out = await ticking(w, type(ada.fields))
    if (staysDown) expect(out.status).toBe(503)
    down = false
    const again = await ticking(w, type(ada.fields))
    expect(again.leftFor?.searchParams.has('code')).toBe(true)
    expect(again.leftFor?.searchParams.has('error')).toBe(false)
  })
})

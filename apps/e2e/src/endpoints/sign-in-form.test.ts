import { failing } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { ada, directory, password, setUp, ticking } from './sign-in.fixture.ts'

type World = ReturnType<typeof setUp>
type AtThePage = Awaited<ReturnType<World['atThePage']>>

/** The form of a page, with another's proof in it. */
async function sendWith(w: World, { page, until }: AtThePage, csrf: string, fields: Record<string, string>) {
  const html = page.body.replace(/name="csrf" value="[^"]*"/, `name="csrf" value="${csrf}"`)
  const imagined = w.person.imagine(page.url, html)
  const button = imagined.forms[0]?.buttons[0]
  if (!button) throw new Error('no form')
  return w.person.submit(imagined, button, fields, { until })
}

function csrfOf({ page }: AtThePage): string {
  return /name="csrf" value="([^"]*)"/.exec(page.body)?.[1] ?? ''
}

/** Sign-ins of one browser that share a cookie. */
async function twoOfOneCookie(w: World): Promise<[AtThePage, AtThePage]> {
  const seen = new Map<string, AtThePage>()
  for (;;) {
    const p = await w.atThePage()
    const name = /[\w-]*-form-[^=]*/.exec(p.page.headers.get('set-cookie') ?? '')?.[0] ?? ''
    const earlier = seen.get(name)
    if (earlier) return [earlier, p]
    seen.set(name, p)
  }
}

describe('what proves where a form came from', () => {
  it('is of one sign-in, and no other of the same browser, though they share a cookie', async () => {
    const w = setUp()
    const [one, other] = await twoOfOneCookie(w)
    expect((await sendWith(w, one, csrfOf(other), ada.fields)).status).toBe(403)
    expect(w.asked).toEqual([])
    expect(w.told()).toContain('sign_in.refused csrf')
    for (const p of [one, other]) {
      expect((await p.type(ada.fields)).leftFor?.searchParams.get('state')).toBe(p.pending.state)
    }
  })

  it('is made once more where another tab put its own cookie in the place of ours', async () => {
    const w = setUp()
    const p = await w.atThePage()
    const [cookie = ''] = p.page.headers.get('set-cookie')?.split(';') ?? []
    const others = cookie.replace(/=.*/, `=${'A'.repeat(43)}`)
    w.person.cookies.store(new URL(p.page.url), [`${others}; Path=/; Secure; HttpOnly; SameSite=Lax`])
    const again = await p.type(ada.fields)
    expect([again.status, again.text]).toEqual([403, expect.stringContaining('did not arrive')])
    expect(again.body).toContain('value="ada"')
    expect(again.body).not.toContain(password)
    expect(w.asked).toEqual([])
    const button = again.forms[0]?.buttons[0]
    if (!button) throw new Error('no form')
    const back = await w.person.submit(again, button, ada.fields, { until: p.until })
    expect(back.leftFor?.searchParams.has('code')).toBe(true)
  })

  it('is asked for when the sign-in is over, too', async () => {
    const w = setUp()
    const p = await w.atThePage()
    expect((await p.type(ada.fields)).leftFor?.searchParams.has('code')).toBe(true)
    const forged = await sendWith(w, p, 'x', ada.fields)
    expect([forged.status, forged.leftFor]).toEqual([403, undefined])
    expect(w.told()).toContain('sign_in.refused csrf')
    expect(w.told()).not.toContain('login.replayed')
  })
})

describe('while somebody types', () => {
  it.each([
    ['the scope', { scopes: { supported: ['files:write'], default: ['files:write'] } }],
    ['the resource', { resource: '/elsewhere' }],
  ])('%s may go from the options: the client hears that it came to nothing', async (_, options) => {
    const w = setUp()
    const changed = setUp({ shared: w, ...options })
    let now = w
    const person = w.browser({ fetch: (...given: Parameters<typeof fetch>) => now.internet(...given) })
    const { type, pending } = await w.atThePage(person)
    now = changed
    const { leftFor } = await type(ada.fields)
    expect(changed.asked).toHaveLength(1)
    expect([leftFor?.searchParams.get('error'), leftFor?.searchParams.get('state')]).toEqual([
      'server_error',
      pending.state,
    ])
    expect(leftFor?.searchParams.has('code')).toBe(false)
    expect(changed.told()).toContain('login.failed no_longer_allowed')
    expect(changed.told()).not.toContain('grant.created')
  })

  it('the store may go down: nobody is asked for a password that would be for nothing', async () => {
    let down = false
    const w = setUp({
      storage: (inner) => failing(inner, ({ key }) => down && /^(client|candidate)/.test(key)),
    })
    const { type } = await w.atThePage()
    down = true
    expect((await ticking(w, type(ada.fields))).status).toBe(503)
    expect(w.asked).toEqual([])
    down = false
    expect((await ticking(w, type(ada.fields))).leftFor?.searchParams.has('code')).toBe(true)
  })
})

describe('what was typed before', () => {
  const withCode = {
    fields: [...directory().provider.fields, { name: 'code', label: 'Code', type: 'one-time-code' as const }],
  }

  it('is shown again but for the secrets, of which a code that is good once is one', async () => {
    const w = setUp({ form: withCode })
    const { type } = await w.atThePage()
    const wrong = await type({ username: 'ada', password: 'hunter22', code: '918273' })
    expect(wrong.status).toBe(422)
    expect(wrong.body).toContain('value="ada"')
    expect(wrong.body).not.toMatch(/hunter22|918273/)
  })

  it('is shown no further than anybody types', async () => {
    const w = setUp()
    const { type } = await w.atThePage()
    const page = await type({ username: 'u'.repeat(30_000), password })
    expect(page.status).toBe(422)
    expect(/value="(u*)"/.exec(page.body)?.[1]).toHaveLength(1024)
  })

  it.each(['username', 'password'])('may have 1024 characters, and not 1025: %s', async (field) => {
    const w = setUp()
    const { type } = await w.atThePage()
    const long = { ...ada.fields, [field]: 'x'.repeat(1024) }
    await type({ ...ada.fields, [field]: 'x'.repeat(1025) })
    expect(w.asked).toEqual([])
    await type(long)
    expect(w.asked.map(({ input }) => input)).toEqual([long])
  })
})

it('whatever is refused there is joined with the flow that it belongs to', async () => {
  const w = setUp()
  const p = await w.atThePage()
  const { correlation } = w.events.find(({ type }) => type === 'sign_in.shown') ?? {}
  expect(correlation).toEqual(expect.any(String))
  const refusals = [
    await p.type({ username: 'eve', password }),
    await p.type({ username: 'guessed', password }),
    await p.type({}),
    await sendWith(w, p, 'x', ada.fields),
    await w.browser().open(p.page.url),
  ]
  expect(refusals.map(({ status }) => status)).toEqual([422, 429, 422, 403, 403])
  expect(w.events.flatMap((event) => (event.type === 'sign_in.refused' ? [event] : []))).toEqual(
    ['invalid', 'locked', 'invalid', 'csrf', 'other_browser'].map((reason) =>
      expect.objectContaining({ provider: 'acme', reason, correlation }),
    ),
  )
})

describe('after the end of a sign-in', () => {
  it.each([
    ['the same form', ada.fields],
    ['what is wrong', { username: 'eve', password }],
    ['what brings the directory down', { username: 'outage', password }],
  ])('%s leads where it went, and the directory is not asked', async (_, fields) => {
    const w = setUp()
    const { type } = await w.atThePage()
    const first = await type(ada.fields)
    expect(first.leftFor?.searchParams.has('code')).toBe(true)
    expect((await type(fields)).leftFor?.href).toBe(first.leftFor?.href)
    expect(w.asked).toHaveLength(1)
    expect(w.told()).toContain('login.replayed')
  })

  it('that was cancelled, nobody signs in any more', async () => {
    const w = setUp()
    const { type, turnBack } = await w.atThePage()
    const cancelled = await turnBack()
    expect((await type(ada.fields)).leftFor?.href).toBe(cancelled.leftFor?.href)
    expect(w.asked).toEqual([])
  })
})

describe('a browser that leaves the form', () => {
  it('is told to ask the client with GET, whatever came of it and however often', async () => {
    const w = setUp()
    const { type, page, until } = await w.atThePage()
    const answers = [await type(ada.fields), await type(ada.fields)]
    const other = await w.atThePage()
    answers.push(await other.turnBack(), await other.turnBack())
    expect(answers.flatMap(({ hops }) => hops.map(({ method, status }) => `${method} ${status}`))).toEqual(
      Array(4).fill('POST 303'),
    )
    expect((await w.person.open(page.url, { until })).status).toBe(302)
  })

  it('of a sign-in that was answered while the directory thought is, too', async () => {
    const w = setUp()
    const { type } = await w.atThePage()
    const answers = await ticking(w, Promise.all([type(ada.fields), type(ada.fields)]))
    expect(answers.map(({ status }) => status)).toEqual([303, 303])
  })
})

it('the page says for whom it is, and bears the mark, at first and after a wrong try', async () => {
  const w = setUp()
  const { page, type } = await w.atThePage()
  for (const shown of [page, await type({ username: 'eve', password })]) {
    expect(shown.body).toContain('To continue to “<bdi>Test client</bdi>”')
    expect(shown.text).toContain('Sign in with your Acme account')
    expect(shown.body).toContain('<img class="mark" src="data:image/svg+xml,%3Csvg')
  }
})

it('each of two directories is asked for its own people, and nobody of another', async () => {
  const asked: string[] = []
  const rechecking = (name: string, stays: boolean) => ({
    id: name,
    recheck: async (sub: string) => {
      asked.push(`${name} ${sub}`)
      return stays
    },
    verify: async () => ({ sub: `of ${name}`, claims: { name } }),
  })
  const globex = { ...directory().provider, label: 'Globex', ...rechecking('globex', false) }
  const w = setUp({ form: rechecking('acme', true), others: [globex] })
  const acmes = await w.app.login(w.browser(), { provider: 'acme', ...ada })
  const globexs = await w.app.login(w.browser(), { provider: 'globex', ...ada })
  expect(await (await w.call(globexs.access_token)).json()).toMatchObject({
    extra: { subject: 'globex|of globex' },
  })
  w.clock.advance(86_401)
  expect((await w.app.refresh(acmes.refresh_token)).status).toBe(200)
  expect((await w.app.refresh(globexs.refresh_token)).body.error).toBe('invalid_grant')
  expect(asked).toEqual(['acme of acme', 'globex of globex'])
})

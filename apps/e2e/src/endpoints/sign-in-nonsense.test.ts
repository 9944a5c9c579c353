import type { FormProvider } from '@drawbridge/core/provider'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Account, ada, password, setUp, ticking } from './sign-in.fixture.ts'

type Verify = FormProvider<Account>['verify']
const identity = { sub: '1', claims: { name: 'Ada' } }

describe('a provider of forms that says', () => {
  it.each([
    ['an error that is null, beside somebody', { ...identity, error: null }],
    ['an error that is undefined, beside somebody', { ...identity, error: undefined }],
    ['a member of a name that we use ourselves', { ...identity, denied: 'no', kind: 'denied' }],
  ])('%s means somebody', async (_, verdict) => {
    const w = setUp({ verify: async () => verdict as never })
    const { type } = await w.atThePage()
    expect((await type(ada.fields)).leftFor?.searchParams.has('code')).toBe(true)
  })

  it('that an account may not enter, and not why, is no dead end', async () => {
    const w = setUp({
      async verify() {
        throw Object.assign(new Error('x'), { name: 'AccessDenied', message: undefined })
      },
    })
    const { type } = await w.atThePage()
    expect((await type(ada.fields)).leftFor?.searchParams.get('error')).toBe('access_denied')
  })
})

describe('what was typed', () => {
  it.each<[string, Verify]>([
    [
      'an error that quotes it',
      async (input) => {
        throw new Error(`bind of cn=${input.username} with "${input.password}" failed: server is busy`)
      },
    ],
    [
      'a cause that quotes it',
      async (input) => {
        throw new Error('directory', { cause: new SyntaxError(`Unexpected token in ${input.password}`) })
      },
    ],
    [
      'an error that quotes it where a line is cut',
      async (input) => {
        throw new Error('x '.repeat(143) + input.password)
      },
    ],
    [
      'an error that quotes it encoded',
      async (input) => {
        throw new Error(`GET /login?p=${encodeURIComponent(String(input.password))} failed`)
      },
    ],
    ['an answer that repeats it', async (input) => input.password as never],
  ])('is in no event and no line of the log: %s', async (_, verify) => {
    const w = setUp({ verify })
    const { type } = await w.atThePage()
    expect((await ticking(w, type(ada.fields))).status).toBeGreaterThanOrEqual(500)
    for (const told of [JSON.stringify(w.events), w.lines.join()]) {
      for (const part of password.split(' ')) expect(told).not.toContain(part)
    }
  })
})

it('an outage of the directory is joined with the flow it stopped', async () => {
  const w = setUp({
    async verify() {
      throw Object.assign(new Error('down'), { code: 'ECONNREFUSED' })
    },
  })
  const { type } = await w.atThePage()
  const { correlation } = w.events.find((event) => event.type === 'sign_in.shown') ?? {}
  const page = await type(ada.fields)
  expect(w.events.at(-1)).toMatchObject({ type: 'upstream.unavailable', detail: 'ECONNREFUSED', correlation })
  expect(page.text).toContain(correlation)
})

describe('a recheck', () => {
  async function afterADay(recheck: () => unknown) {
    const w = setUp({ recheck: recheck as never })
    const tokens = await w.app.login(w.person, ada)
    w.clock.advance(86_401)
    return { ...w, refreshed: await ticking(w, w.app.refresh(tokens.refresh_token)) }
  }

  it.each([undefined, null, 'no', { enabled: false }])(
    'that answers %j has said nothing: nobody is confirmed, nobody put out, and the operator is told',
    async (answer) => {
      const w = await afterADay(async () => answer)
      expect(w.refreshed.status).toBe(200)
      expect(w.told()).not.toContain('identity.confirmed')
      expect(w.told()).toContain('upstream.unavailable unavailable')
    },
  )

  it('that never answers is given up', async () => {
    const gaveUp = new AbortController()
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(gaveUp.signal)
    onTestFinished(() => timeout.mockRestore())
    const w = await afterADay(() => {
      queueMicrotask(() => gaveUp.abort())
      return new Promise(() => {})
    })
    expect(w.refreshed.status).toBe(200)
    expect(w.told()).toContain('upstream.unavailable unavailable')
  })

  it('that nobody can be asked for, because the provider is gone, ends after the grace', async () => {
    const w = setUp()
    const tokens = await w.app.login(w.person, ada)
    const without = setUp({ form: { id: 'other' }, shared: w })
    without.app.credentials = w.app.credentials
    w.clock.advance(2 * 86_400)
    const second = await ticking(w, without.app.refresh(tokens.refresh_token))
    expect(second.status).toBe(200)
    w.clock.advance(8 * 86_400)
    expect((await ticking(w, without.app.refresh(second.body.refresh_token))).body.error).toBe(
      'invalid_grant',
    )
  })
})

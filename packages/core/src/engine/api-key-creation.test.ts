import { describe, expect, it } from 'vitest'
import { mona, setUp } from '../api-keys.fixture.ts'

describe('a name, and a subject', () => {
  it.each([
    ['ends a line', 'CI\u0085'],
    ['ends a line in other ways', 'CI\u2028'],
    ['turns what stands behind it around', 'CI\u202e'],
    ['hides its order', 'a\u2067b'],
    ['is half a character, which is the same as any other half', 'CI\ud800'],
  ])('that %s where an operator reads it is not taken', async (_, text) => {
    const { keys } = setUp()
    await expect(keys.create({ ...mona, name: text })).rejects.toThrow(/^keys\.create\.name: holds/)
    await expect(keys.create({ ...mona, subject: text })).rejects.toThrow(/^keys\.create\.subject: holds/)
  })

  it.each(['Mönas Läptop', 'ビルド', '👩‍💻', 'می‌خواهم'])('in any language is: %s', async (name) => {
    expect((await setUp().keys.create({ ...mona, name })).name).toBe(name)
  })
})

it('who has more keys than are allowed by now gets none in the place of an old one', async () => {
  const { keys, make } = setUp({ keysPerSubject: 20 })
  for (let made = 0; made < 20; made++) await keys.create(mona)
  const fewer = make({ keysPerSubject: 5 })
  const [first, ...others] = await fewer.list(mona.subject)
  for (const { id } of others.filter(({ id }) => id < '05')) await fewer.revoke({ subject: mona.subject, id })
  await expect(fewer.create(mona)).rejects.toThrow('There are 5 API keys already')
  for (const { id } of others) await fewer.revoke({ subject: mona.subject, id })
  expect(first).toBeDefined()
  expect((await fewer.create(mona)).name).toBe('CI')
})

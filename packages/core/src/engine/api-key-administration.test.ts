import { expect, it } from 'vitest'
import { mona, setUp } from '../api-keys.fixture.ts'

it('a key that has just expired is in no list, though the store has it for another minute', async () => {
  const { keys, pass, storage } = setUp()
  await keys.create({ ...mona, expiresIn: 10 })
  pass(10)
  expect(await keys.list(mona.subject)).toEqual([])
  expect((await storage.list('api-key/')).keys).toHaveLength(1)
})

it.each([undefined, '', null, 1])('whose keys it is about has to be said, and is not %j', async (subject) => {
  const { keys } = setUp()
  await expect(keys.list(subject as string)).rejects.toThrow(/^subject: is /)
  await expect(keys.revokeAll(subject as string)).rejects.toThrow(/^subject: is /)
})

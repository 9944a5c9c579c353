import { expect, it } from 'vitest'
import { mona, setUp } from '../api-keys.fixture.ts'
import { memory } from '../storage/memory.ts'

it('one key that will not go is in the way of no other, however many there are', async () => {
  const inner = memory()
  let stuck: string | undefined
  const storage: typeof inner = {
    ...inner,
    async delete(...given) {
      if (given[0] === stuck) throw new Error('no answer')
      return inner.delete(...given)
    },
  }
  const { keys } = setUp({ storage, keysPerSubject: 40 })
  for (let made = 0; made < 40; made++) await keys.create(mona)
  stuck = (await inner.list('api-key/')).keys[0]
  await expect(keys.revokeAll(mona.subject)).rejects.toMatchObject({ name: 'Unavailable' })
  expect((await inner.list('api-key/')).keys).toEqual([stuck])
})

import { expect, it } from 'vitest'
import { mona, resource, settled, setUp } from '../api-keys.fixture.ts'
import { memory } from '../storage/memory.ts'

it('a key that never expires is looked at again within the hour, so that no stream outlives it', async () => {
  const { keys, clock } = setUp({ dangerouslyAllowNeverExpiring: true })
  const { key } = await keys.create({ ...mona, expiresIn: 'never' })
  const { token } = (await keys.verify(key, { resource })) as { token: { expiresAt: number } }
  expect(token.expiresAt).toBe(clock.now() / 1000 + 3600)
})

it('a key whose owner may not enter was not used', async () => {
  const { keys, status } = setUp({ permit: () => false })
  const { key } = await keys.create(mona)
  expect(await status(key)).toBe('not_permitted')
  await settled()
  expect((await keys.list(mona.subject))[0]?.used_at).toBeUndefined()
})

it('a store that takes no writes is asked once for the note of a use, and nobody is told', async () => {
  const inner = memory()
  let isOut = false
  let tries = 0
  const put: typeof inner.put = async (...given) => {
    if (!isOut) return inner.put(...given)
    tries++
    throw new Error('read-only')
  }
  const { keys, status, events } = setUp({ storage: { ...inner, put } })
  const { key } = await keys.create(mona)
  events.length = 0
  isOut = true
  expect(await status(key)).toBe('valid')
  await settled()
  await settled()
  expect([tries, events]).toEqual([1, []])
})

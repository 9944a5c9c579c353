import { expect, it } from 'vitest'
import { randomBytes } from '../crypto/random.ts'
import { isGenuine, newRefresh, refreshSecret } from './refresh-secret.ts'

const { refresh, r } = newRefresh(randomBytes)
const token = (generation: number, from: { seed: string; r: string }) => ({
  grant: 'owner.grant',
  generation,
  r: from.r,
  secret: refreshSecret(from.seed, from.r, generation),
})

it.each([0, 1, 1_000_000])('generation %i is known for genuine, whichever is current', (generation) => {
  expect(isGenuine(refresh, token(generation, { seed: refresh.seed, r }))).toBe(true)
})

it('and no other is: not of another grant, nor made from the record, nor under another number', () => {
  const other = newRefresh(randomBytes)
  expect(isGenuine(refresh, token(0, { seed: other.refresh.seed, r: other.r }))).toBe(false)
  expect(isGenuine(refresh, token(0, { seed: other.refresh.seed, r }))).toBe(false)
  expect(isGenuine(refresh, token(0, { seed: refresh.seed, r: refresh.r_hash }))).toBe(false)
  expect(isGenuine(refresh, { ...token(0, { seed: refresh.seed, r }), generation: 1 })).toBe(false)
})

it('the record does not hold what a token needs', () => {
  expect(JSON.stringify(refresh)).not.toContain(r)
})

import { expect, it } from 'vitest'
import type { PublishedKey } from './key-schedule.ts'
import { type RevokedKey, withRevoked } from './revoked-keys.ts'

const now = 1_800_000_000

function key(kid: string, isOurs: boolean): PublishedKey {
  const jwk = { kty: 'EC', crv: 'P-256', x: kid, y: kid, ...(isOurs && { d: 'private' }) }
  return { kid, alg: 'ES256', jwk, published_at: now } as PublishedKey
}

it('of our own keys a hundred are kept when they were revoked, and of the operator’s every one', () => {
  let revoked: readonly RevokedKey[] = []
  for (let index = 0; index < 150; index++) {
    revoked = withRevoked(revoked, key(`ours ${index}`, true), now)
    revoked = withRevoked(revoked, key(`theirs ${index}`, false), now)
  }
  const kids = revoked.map(({ kid }) => kid)
  expect(kids.filter((kid) => kid.startsWith('theirs'))).toHaveLength(150)
  const ours = kids.filter((kid) => kid.startsWith('ours'))
  expect([ours.length, ours[0], ours.at(-1)]).toEqual([100, 'ours 50', 'ours 149'])
  expect(JSON.stringify(revoked)).not.toContain('private')
})

import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { assertOver, assertRefused, assertRenewed, assertUnharmed, type FlowCase, flowCase } from './case.ts'
import { DAY, type World } from './world.ts'

export const permitCases: readonly FlowCase[] = [
  flowCase(
    'permit: is asked before there is a code, and at each re-check, and only `true` lets in',
    async (world) => {
      const { permit, clock, flow } = world
      for (const answer of [false, undefined, 'yes']) {
        permit.answer = answer
        const begun = await world.begin()
        assertRefused(await world.arrive(begun, flow.people.member), begun.pending, 'access_denied')
      }
      const denied = world.told('login.denied').map(({ reason }) => reason)
      assert.deepEqual(denied, ['not_allowed', 'not_allowed', 'not_allowed'])
      assert.equal(world.told('grant.created').length, 0, 'there was a grant')

      permit.answer = true
      const another = await world.install(flow.people.other)
      const other = lastAsked(world)
      const one = await world.install(flow.people.member)
      const member = lastAsked(world)
      for (let day = 1; day <= 2; day++) {
        clock.advance(DAY + 60)
        const { length } = permit.asked
        assertRenewed(await world.refresh(one), `day ${day}`)
        assert.ok(permit.asked.length > length, `day ${day}: it was not asked again`)
        const now = lastAsked(world)
        const isTold = Object.entries(member).some(
          ([name, value]) => isDeepStrictEqual(now[name], value) && !isDeepStrictEqual(other[name], value),
        )
        assert.ok(isTold, 'it is not told whom it is asked about')
      }

      permit.answer = undefined
      clock.advance(DAY + 60)
      assertOver(await world.refresh(one), 'who may enter no more')
      assert.equal(await world.isLetIn(one), false)
      assert.deepEqual(
        world.told('grant.ended').map(({ reason }) => reason),
        ['identity_refused'],
      )
      assert.deepEqual(world.told('upstream.unavailable'), [])
      permit.answer = true
      await assertUnharmed(world, another, 'somebody else')
    },
    'permit',
  ),
]

function lastAsked({ permit }: World): Readonly<Record<string, unknown>> {
  const claims = permit.asked.at(-1)
  assert.ok(
    typeof claims === 'object' && claims !== null,
    "it is not asked about anybody: open with `permit` of the options, or pass { without: ['permit'] }",
  )
  return claims as Record<string, unknown>
}

import assert from 'node:assert/strict'
import {
  assertLater,
  assertOver,
  assertRenewed,
  assertUnharmed,
  assertWorks,
  type FlowCase,
  flowCase,
  needed,
} from './case.ts'
import { outages } from './faults.ts'
import { DAY, type World } from './world.ts'

export const recheckCases: readonly FlowCase[] = [
  flowCase('re-check after a day: the provider is asked, and no sooner', async (world) => {
    const one = await world.install(world.flow.people.member)
    for (let day = 1; day <= 3; day++) {
      const before = world.between.asked.length
      world.clock.advance(DAY - 60)
      assertRenewed(await world.refresh(one), `day ${day}, within it`)
      assert.equal(world.between.asked.length, before, `day ${day}: the provider was asked within it`)
      world.clock.advance(120)
      assertRenewed(await world.refresh(one), `day ${day}, after it`)
      assert.ok(world.between.asked.length > before, `day ${day}: the provider was not asked after it`)
      assert.equal(world.told('identity.confirmed').length, day)
      assertWorks(await world.tool(one), `day ${day}`)
    }
  }),

  flowCase(
    're-check after a day: who may enter no more is signed out, and nobody else',
    async (world) => {
      const { one, another } = await withAnother(world)
      leave(world)
      assertRenewed(await world.refresh(one), 'within the day')
      world.clock.advance(DAY + 60)
      assertOver(await world.refresh(one), 'after the day')
      assert.equal(await world.isLetIn(one), false)
      assert.deepEqual(reasons(world), ['identity_refused'])
      await assertUnharmed(world, another, 'somebody else')
    },
    'refusal',
  ),

  flowCase(
    're-check after a day: who ended the access at the provider is signed out, and nobody else',
    async (world) => {
      const { one, another } = await withAnother(world)
      world.flow.endAccess(world.flow.people.member)
      world.clock.advance(DAY + 60)
      assertOver(await world.refresh(one), 'after the day')
      assert.equal(reasons(world).length, 1)
      await assertUnharmed(world, another, 'somebody else')
      assertWorks(await world.tool(await world.install(world.flow.people.member)), 'the next login')
    },
  ),

  ...outages.map(({ name, fault }) =>
    flowCase(`re-check after eight days of an outage: ${name}`, async (world) => {
      const one = await world.install(world.flow.people.member)
      world.between.fault = fault
      for (let day = 1; day <= 7; day++) {
        world.clock.advance(DAY)
        assertRenewed(await world.refresh(one), `day ${day} of the outage`)
      }
      world.clock.advance(DAY + 60)
      for (const time of ['first', 'second']) {
        assertLater(await world.refresh(one), `the ${time} time after eight days: an answer is needed now`)
      }
      assert.equal(world.told('grant.ended').length, 0, 'nobody is logged out')
      world.between.fault = undefined
      await assertUnharmed(world, one, 'the same refresh token, after the outage')
      assert.equal(world.told('identity.confirmed').length, 1)
    }),
  ),

  flowCase(
    're-check after an outage of eight days: who left meanwhile is signed out',
    async (world) => {
      const { one, another } = await withAnother(world)
      world.between.fault = outages[0]?.fault
      leave(world)
      world.clock.advance(8 * DAY + 60)
      assertLater(await world.refresh(one), 'during the outage')
      world.between.fault = undefined
      assertOver(await world.refresh(one), 'after the outage')
      assert.deepEqual(reasons(world), ['identity_refused'])
      await assertUnharmed(world, another, 'somebody else')
    },
    'refusal',
  ),
]

async function withAnother(world: World) {
  const { member, other } = world.flow.people
  return { one: await world.install(member), another: await world.install(other) }
}

function leave({ flow }: World): void {
  needed(flow.leave, 'leave', 'refusal')(flow.people.member)
}

function reasons(world: World): string[] {
  return world.told('grant.ended').map(({ reason }) => reason)
}

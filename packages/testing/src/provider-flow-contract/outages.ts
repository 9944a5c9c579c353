import assert from 'node:assert/strict'
import type { Fault } from './between.ts'
import { assertRefused, assertRenewed, assertUnharmed, assertWorks, type FlowCase, flowCase } from './case.ts'
import { never, outages, trickling } from './faults.ts'
import { withTimeouts } from './timeouts.ts'
import { DAY, type World } from './world.ts'

export const outageCases: readonly FlowCase[] = outages.flatMap(({ name, fault }) => [
  flowCase(`outage: ${name}, before the person gets there`, (world) => beforehand(world, fault)),
  flowCase(`outage: ${name}, at a login`, (world) => login(world, fault)),
  flowCase(`outage: ${name}, at a re-check`, (world) => recheck(world, fault)),
  flowCase(`outage: ${name}, when a tool needs the token`, (world) => tool(world, fault), 'refresh'),
])

const slowness = { 'no answer': never, 'an answer that never ends': trickling } as const

export const slowCases: readonly FlowCase[] = Object.entries(slowness).flatMap(([name, faultOf]) => {
  const slowly = (body: (world: World, fault: Fault) => Promise<void>) => (world: World) =>
    withTimeouts(async (timeouts) => {
      const unbounded: string[] = []
      await body(world, faultOf(timeouts, unbounded))
      assert.deepEqual(
        unbounded,
        [],
        'asked without a time-out: pass no signal to `call`, or AbortSignal.timeout()',
      )
    })
  return [
    flowCase(`slow: ${name}, at a login`, slowly(login)),
    flowCase(`slow: ${name}, at a re-check`, slowly(recheck)),
    flowCase(`slow: ${name}, when a tool needs the token`, slowly(tool), 'refresh'),
  ]
})

/** Only who has something to discover notices. */
async function beforehand(world: World, fault: Fault): Promise<void> {
  const { member } = world.flow.people
  world.between.fault = fault
  const begun = await world.begin()
  world.between.fault = undefined
  const { leftFor } = begun.page
  if (leftFor?.href.startsWith(begun.pending.redirect_uri)) {
    assertRefused(leftFor, begun.pending, 'temporarily_unavailable', 'server_error')
    assert.equal(world.told('upstream.unavailable').length, 1, 'the operator is told')
  } else {
    const back = await world.arrive(begun, member)
    assert.ok(back.searchParams.has('code'), `the client got ${back.search}`)
  }
  assertWorks(await world.tool(await world.install(member)), 'afterwards')
}

/** Everything, and only what is asked once the token endpoint has answered. */
const partsOf = (fault: Fault): readonly Fault[] => [
  fault,
  (passage) => (passage.leg === 'other' ? fault(passage) : passage.pass()),
]

async function login(world: World, fault: Fault): Promise<void> {
  const { member, other } = world.flow.people
  const before = await world.install(other)
  for (const part of partsOf(fault)) {
    const begun = await world.begin()
    const told = world.told('login.failed').length
    world.between.fault = part
    // What is in the way may look like an answer, and then it is for an operator to look.
    assertRefused(await world.arrive(begun, member), begun.pending, 'temporarily_unavailable', 'server_error')
    assert.equal(world.told('login.failed').length, told + 1, 'the operator is told')
    assert.equal(world.told('grant.created').length, 1, 'only the one before')
    world.between.fault = undefined
  }
  assertWorks(await world.tool(await world.install(member)), 'afterwards')
  await assertUnharmed(world, before, 'somebody else, afterwards')
}

async function recheck(world: World, fault: Fault): Promise<void> {
  const one = await world.install(world.flow.people.member)
  for (const part of partsOf(fault)) {
    const confirmed = world.told('identity.confirmed').length
    world.clock.advance(DAY + 60)
    world.between.fault = part
    assertRenewed(await world.refresh(one), 'nobody loses a sign-in to an outage')
    assert.equal(world.told('grant.ended').length, 0, 'nobody is logged out')
    world.between.fault = undefined
    await assertUnharmed(world, one, 'afterwards')
    assert.equal(world.told('identity.confirmed').length, confirmed + 1, 'the check is made up for')
  }
  assert.ok(world.told('upstream.unavailable').length > 0, 'the operator is told')
}

async function tool(world: World, fault: Fault): Promise<void> {
  const one = await world.install(world.flow.people.member)
  world.clock.advance(DAY + 60)
  world.between.fault = fault
  assert.equal((await world.tool(one)).is, 'unavailable', 'what a tool is told')
  world.between.fault = undefined
  assertWorks(await world.tool(one), 'afterwards')
  assert.equal(world.told('grant.ended').length, 0, 'nobody is logged out')
}

import assert from 'node:assert/strict'
import { assertSignedOut, assertUnharmed, assertWorks, type FlowCase, flowCase } from './case.ts'
import { outages } from './faults.ts'
import { DAY, type World } from './world.ts'

export const revocationCases: readonly FlowCase[] = [
  flowCase(
    'revocation: a sign-out ends what the provider gave, where nobody else needs it',
    async (world) => {
      const { member, other } = world.flow.people
      const [one, another] = [await world.install(member), await world.install(other)]
      const seen = await world.tool(one)
      assertWorks(seen, 'before the sign-out')
      await assertSignedOut(world, one)
      assert.equal(await world.flow.works(seen.token.access_token), false, 'its token still works there')
      assert.deepEqual(outcomes(world), ['done'])
      await assertUnharmed(world, another, 'another person')
    },
    'revoke',
  ),

  flowCase(
    'revocation: of two clients with the same scopes, the last one ends it',
    (world) => lastOne(world, world.flow.scopes.first),
    'revoke',
  ),

  flowCase(
    "revocation: of two clients with other scopes, neither ends what is the other one's",
    (world) => lastOne(world, world.flow.scopes.second),
    'revoke',
  ),

  flowCase(
    'revocation: a sign-out days later ends the refresh token, too',
    async (world) => {
      const one = await world.install(world.flow.people.member)
      world.clock.advance(2 * DAY)
      await assertSignedOut(world, one)
      assert.deepEqual(outcomes(world), ['done'])
      const { granted, renew } = world.between
      const tokens = granted.map(({ refresh_token }) => refresh_token).filter((each) => each !== undefined)
      assert.ok(tokens.length > 0, "there are no refresh tokens: pass { without: ['refresh'] }")
      for (const token of tokens) {
        assert.equal(await renew(String(token)), undefined, 'a refresh token brings another token')
      }
    },
    'revoke',
    'refresh',
  ),

  ...outages.map(({ name, fault }) =>
    flowCase(
      `revocation: a sign-out is one during an outage, too: ${name}`,
      async (world) => {
        const { member, other } = world.flow.people
        const [one, another] = [await world.install(member), await world.install(other)]
        world.between.fault = fault
        await assertSignedOut(world, one)
        world.between.fault = undefined
        await assertUnharmed(world, another, 'another person, afterwards')
        assertWorks(await world.tool(await world.install(member)), 'the next login')
      },
      'revoke',
    ),
  ),

  ...[0, 2].map((days) =>
    flowCase(
      `revocation: what somebody has ended at the provider is ended, ${days} days later`,
      async (world) => {
        const { member } = world.flow.people
        const one = await world.install(member)
        world.flow.endAccess(member)
        world.clock.advance(days * DAY)
        await assertSignedOut(world, one)
        assert.ok(
          !outcomes(world).includes('failed'),
          'the operator is told of a failure, and nothing failed',
        )
        assert.deepEqual(world.told('upstream.unavailable'), [])
        assertWorks(await world.tool(await world.install(member)), 'the next login')
      },
      'revoke',
    ),
  ),
]

/** For those who pass `without: ['revoke']`. */
export const noRevocationCase: FlowCase = flowCase(
  'there really is no revocation, and a sign-out is one all the same',
  async (world) => {
    assert.equal(world.flow.provider.revocation, 'none', "it has one: do not pass { without: ['revoke'] }")
    const { member } = world.flow.people
    const [one, two] = [await world.install(member), await world.install(member)]
    const before = world.between.asked.length
    await assertSignedOut(world, one)
    assert.equal(world.between.asked.length, before, 'the provider was asked for something')
    assert.deepEqual(outcomes(world), [])
    await assertUnharmed(world, two, 'the other client')
  },
)

/** `scope`: what the second client asks for. */
async function lastOne(world: World, scope: string): Promise<void> {
  const { provider, people, scopes } = world.flow
  const one = await world.install(people.member, scopes.first)
  const two = await world.install(people.member, scope)
  const tokens: string[] = []
  for (const each of [one, two]) {
    const seen = await world.tool(each)
    assertWorks(seen, 'before any sign-out')
    tokens.push(seen.token.access_token)
  }
  const [first = '', second = ''] = tokens
  await assertSignedOut(world, one)
  const isAlone = first !== second && provider.revocation === 'token'
  assert.deepEqual(outcomes(world), isAlone ? ['done'] : [], 'what was ended there after the first sign-out')
  assertWorks(await world.tool(two), 'the other client, after the first sign-out')
  await assertUnharmed(world, two, 'the other client, after the first sign-out')
  assert.equal(await world.flow.works(first), !isAlone, "the first client's token, after the first sign-out")
  await assertSignedOut(world, two)
  for (const token of [first, second]) {
    assert.equal(
      await world.flow.works(token),
      false,
      'a token works at the provider after the last sign-out',
    )
  }
  for (const { access_token } of world.between.granted) {
    const isOver = !(await world.flow.works(String(access_token)))
    assert.ok(isOver, 'a token that another login replaced works after the last sign-out')
  }
  assert.deepEqual(outcomes(world), isAlone ? ['done', 'done'] : ['done'], 'what was ended there in all')
}

function outcomes(world: World): string[] {
  return world.told('upstream.revoked').map(({ outcome }) => outcome)
}

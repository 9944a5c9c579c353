import assert from 'node:assert/strict'
import { assertOver, assertRenewed, assertUnharmed, assertWorks, type FlowCase, flowCase } from './case.ts'
import { keepingRefreshTokens, omittingRefreshToken, replacingRefreshTokens, saying } from './faults.ts'
import { DAY, type Installation, type World } from './world.ts'

export const refreshCases: readonly FlowCase[] = [
  flowCase(
    'refresh: two clients with their own scopes, for days, as the provider does it',
    async (world) => {
      const { member } = world.flow.people
      const { first, second } = world.flow.scopes
      const both = [await world.install(member, first), await world.install(member, second)]
      await lastForDays(world, both)
    },
    'refresh',
  ),

  flowCase(
    'refresh with rotation: each refresh token is used once',
    async (world) => {
      const misused: string[] = []
      world.between.fault = replacingRefreshTokens(misused)
      const { member } = world.flow.people
      await lastForDays(world, [await world.install(member), await world.install(member)])
      assert.deepEqual(misused, [], 'a refresh token that had been replaced')
    },
    'refresh',
  ),

  flowCase(
    'refresh without rotation: an answer without a refresh token leaves the one that is there',
    async (world) => {
      world.between.fault = keepingRefreshTokens()
      const { member } = world.flow.people
      await lastForDays(world, [await world.install(member), await world.install(member)])
    },
    'refresh',
  ),

  flowCase(
    'refresh after a later login that brought no refresh token',
    async (world) => {
      const { member } = world.flow.people
      const one = await world.install(member)
      const answers = world.between.granted.length
      world.between.fault = omittingRefreshToken()
      const two = await world.install(member)
      const wasAskedOnce = world.between.granted.length === answers + 1
      world.clock.advance(DAY + 60)
      assertWorks(await world.tool(one), 'the client of the login before')
      // Where logins have nothing in common, and the provider has nothing else to ask for, there is nothing to live on.
      if (world.flow.provider.tokens === 'per-login' && wasAskedOnce) {
        assertOver(await world.refresh(two), 'the client of the login without a refresh token')
        assertWorks(await world.tool(await world.install(member)), 'the next login')
      } else {
        assertWorks(await world.tool(two), 'the client of the login without a refresh token')
      }
    },
    'refresh',
  ),

  flowCase(
    'refresh: invalid_grant ends that sign-in, and no other',
    async (world) => {
      const { member, other } = world.flow.people
      const [one, another] = [await world.install(member), await world.install(other)]
      world.clock.advance(DAY + 60)
      world.between.fault = saying('refresh', 'invalid_grant')
      assertOver(await world.refresh(one), 'the provider says that it is over')
      assert.deepEqual(
        world.told('grant.ended').map(({ reason }) => reason),
        ['upstream_ended'],
      )
      world.between.fault = undefined
      assertWorks(await world.tool(another), 'another person')
      assertWorks(await world.tool(await world.install(member)), 'after signing in again')
    },
    'refresh',
  ),

  ...['invalid_client', 'temporarily_unavailable', 'server_error', 'words_of_its_own'].map((error) =>
    flowCase(
      `refresh: ${error} ends nobody's sign-in`,
      async (world) => {
        const one = await world.install(world.flow.people.member)
        world.clock.advance(DAY + 60)
        world.between.fault = saying('refresh', error)
        assertRenewed(await world.refresh(one), error)
        assert.equal((await world.tool(one)).is, 'unavailable', 'what a tool is told')
        assert.ok(world.told('upstream.unavailable').length > 0, 'the operator is told')
        assert.equal(world.told('grant.ended').length, 0, 'nobody is logged out')
        world.between.fault = undefined
        await assertUnharmed(world, one, 'afterwards')
      },
      'refresh',
    ),
  ),
]

/** For those who pass `without: ['refresh']`. */
export const noRefreshCase: FlowCase = flowCase('there really is no refresh token', async (world) => {
  const one = await world.install(world.flow.people.member)
  for (const { refresh_token } of world.between.granted) {
    assert.equal(refresh_token, undefined, "a sign-in brings one: do not pass { without: ['refresh'] }")
  }
  world.clock.advance(8 * DAY)
  assertWorks(await world.tool(one), 'after eight days')
})

/** Beyond what any access token lasts. */
async function lastForDays(world: World, installations: readonly Installation[]): Promise<void> {
  for (const days of [1, 7, 1]) {
    world.clock.advance(days * DAY + 60)
    for (const each of installations) {
      const nth = `client ${installations.indexOf(each) + 1}, ${days} days later`
      assertWorks(await world.tool(each), nth)
      const { length } = world.between.asked
      assertRenewed(await world.refresh(each), nth)
      assertWorks(await world.tool(each), nth)
      assert.equal(world.between.asked.length, length, `${nth}: asked again for what lasts`)
    }
  }
  assert.ok(
    world.between.asked.includes('refresh'),
    "nothing was ever refreshed: pass { without: ['refresh'] }, or let its access tokens expire",
  )
}

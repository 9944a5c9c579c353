import assert from 'node:assert/strict'
import { assertRefused, assertRenewed, assertUnharmed, assertWorks, type FlowCase, flowCase } from './case.ts'
import { type Claims, type Forgery, forging, forgingRefreshes } from './id-tokens.ts'
import { DAY } from './world.ts'

const without = (name: string) => (claims: Claims) => {
  const { [name]: gone, ...rest } = claims
  return rest
}
const withClaims = (changed: Claims) => (claims: Claims) => ({ ...claims, ...changed })
const over = ({ exp, iat, ...claims }: Claims) => ({
  ...claims,
  iat: Number(iat) - DAY,
  exp: Number(exp) - DAY,
})

/** OpenID Connect Core 3.1.3.7. */
const forgeries: Readonly<Record<string, Forgery>> = {
  'another audience': { change: withClaims({ aud: 'another-app' }) },
  'no audience': { change: without('aud') },
  'another nonce': { change: withClaims({ nonce: 'another-login' }) },
  'no nonce': { change: without('nonce') },
  'another issuer': { change: withClaims({ iss: 'https://another.test' }) },
  'an expiry that is over': { change: over },
  'no expiry': { change: without('exp') },
  'no subject': { change: without('sub') },
  'the signature of a stranger': { signer: 'stranger' },
  'no signature': { signer: 'none' },
}

export const idTokenCases: readonly FlowCase[] = [
  ...Object.entries(forgeries).map(([name, forgery]) =>
    flowCase(
      `id_token: one with ${name} lets nobody in`,
      async (world) => {
        const { member } = world.flow.people
        world.between.fault = forging({})
        const before = await world.install(member)
        const begun = await world.begin()
        world.between.fault = forging(forgery)
        assertRefused(await world.arrive(begun, member), begun.pending, 'server_error', 'access_denied')
        assert.equal(world.told('grant.created').length, 1, 'only the one before')
        const told = [...world.told('login.failed'), ...world.told('login.denied')]
        assert.equal(told.length, 1, 'the operator is told')
        world.between.fault = undefined
        await assertUnharmed(world, before, 'the login before')
      },
      'id_token',
    ),
  ),

  ...Object.entries({
    'of another person': { change: withClaims({ sub: 'another-person' }) },
    'for another audience': { change: withClaims({ aud: 'another-app' }) },
    'of another issuer': { change: withClaims({ iss: 'https://another.test' }) },
    'with the signature of a stranger': { signer: 'stranger' },
  } satisfies Record<string, Forgery>).map(([name, forgery]) =>
    flowCase(
      `id_token: one ${name} at a refresh changes nothing`,
      async (world) => {
        world.between.fault = forgingRefreshes(forgery)
        const one = await world.install(world.flow.people.member)
        const before = await world.tool(one)
        assertWorks(before, 'after the login')
        world.clock.advance(DAY + 60)
        assertRenewed(await world.refresh(one), 'a provider that errs is an outage')
        assert.notEqual((await world.tool(one)).is, 'token', 'a tool works as who the other id_token says')
        world.between.fault = undefined
        await assertUnharmed(world, one, 'afterwards')
        const after = await world.tool(one)
        assert.ok(after.is === 'token' && after.subject === before.subject, 'it is another person now')
      },
      'id_token',
      'refresh',
    ),
  ),
]

/** For those who pass `without: ['id_token']`. */
export const noIdTokenCase: FlowCase = flowCase('there really is no id_token', async (world) => {
  const { issuer, openid } = world.flow.provider
  const isChecked = issuer !== undefined && openid !== false
  assert.equal(isChecked, false, "its id_tokens are checked: do not pass { without: ['id_token'] }")
})

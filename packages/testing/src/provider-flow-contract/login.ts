import assert from 'node:assert/strict'
import { assertRefused, assertUnharmed, assertWorks, type FlowCase, flowCase, needed } from './case.ts'
import type { FlowFeature } from './flow.ts'
import type { World } from './world.ts'

export const loginCases: readonly FlowCase[] = [
  flowCase(
    'login: the client has what it asked for, and its tools a token of the provider',
    async (world) => {
      const { people, scopes, provider } = world.flow
      const { tokens, ...rest } = await world.install(people.member)
      assert.equal(tokens.scope, scopes.first, 'what the client was granted')
      const seen = await world.tool({ tokens, ...rest })
      assertWorks(seen, 'after a login')
      assert.ok(seen.token.scopes.includes(scopes.first), `the token has ${seen.token.scopes}`)
      assert.ok(seen.subject.startsWith(`${provider.id}|`), `the subject is ${seen.subject}`)
      assert.equal(world.told('grant.redeemed').length, 1)
    },
  ),

  flowCase('login: somebody is the same person in every client, and nobody else', async (world) => {
    const { member, other } = world.flow.people
    const subjects: string[] = []
    for (const person of [member, member, other]) {
      const seen = await world.tool(await world.install(person))
      assertWorks(seen, 'after a login')
      subjects.push(seen.subject)
    }
    const [first, second, third] = subjects
    assert.equal(first, second, 'two logins of one person have two subjects')
    assert.notEqual(first, third, 'two people have one subject')
  }),

  flowCase(
    'login: a second one, from another client with other scopes, leaves the first its own',
    async (world) => {
      const { people, scopes, provider } = world.flow
      assert.ok(
        !provider.scopes.default.includes(scopes.second),
        '`scopes.second` is asked for at each sign-in: name another',
      )
      const one = await world.install(people.member, scopes.first)
      const two = await world.install(people.member, scopes.second)
      assert.deepEqual([one.tokens.scope, two.tokens.scope], [scopes.first, scopes.second])
      const [first, second] = [await world.tool(one), await world.tool(two)]
      assertWorks(first, 'the first client, after the second login')
      assertWorks(second, 'the second client')
      assert.ok(first.token.scopes.includes(scopes.first), `the first has ${first.token.scopes}`)
      assert.ok(
        !first.token.scopes.includes(scopes.second),
        'the first client works with what the second asked for',
      )
      assert.ok(second.token.scopes.includes(scopes.second), `the second has ${second.token.scopes}`)
    },
  ),

  flowCase('login: a dozen more of the same person leave the first client what it has', async (world) => {
    const { member } = world.flow.people
    const one = await world.install(member)
    for (let nth = 2; nth <= 13; nth++) await world.install(member)
    assertWorks(await world.tool(one), 'the first client')
    await assertUnharmed(world, one, 'the first client')
  }),

  flowCase('login: somebody who turns back at the provider', async (world) => {
    const begun = await world.begin()
    assert.ok(begun.page.leftFor, `the consent led to ${begun.page.url}`)
    const until = (url: URL) => url.href.startsWith(begun.pending.redirect_uri)
    let page = await begun.browser.open(begun.page.leftFor, { until })
    for (let pages = 0; !page.leftFor && pages < 5; pages++) {
      const buttons = page.forms.flatMap((form) => form.buttons)
      const button = buttons.find(({ value }) => value === 'deny') ?? buttons[0]
      assert.ok(button, `there is nothing to press on ${page.url}`)
      page = await begun.browser.submit(page, button, {}, { until })
    }
    assert.ok(page.leftFor, `the client hears nothing: ${page.url} ${page.text.slice(0, 200)}`)
    assertRefused(page.leftFor, begun.pending, 'access_denied')
    assert.deepEqual(
      world.told('login.denied').map(({ reason }) => reason),
      ['cancelled'],
    )
  }),

  flowCase(
    'denial by policy: no code, no tokens, and the client is told',
    (world) => refused(world, 'refused', 'refusal'),
    'refusal',
  ),

  flowCase(
    'wrong tenant: no code, no tokens, and the client is told',
    (world) => refused(world, 'foreign', 'tenant'),
    'tenant',
  ),
]

async function refused(world: World, who: 'refused' | 'foreign', feature: FlowFeature): Promise<void> {
  const { people } = world.flow
  const person = needed(people[who], `people.${who}`, feature)
  const begun = await world.begin()
  assertRefused(await world.arrive(begun, person), begun.pending, 'access_denied')
  assert.deepEqual(
    world.told('login.denied').map(({ reason }) => reason),
    ['not_allowed'],
  )
  assert.equal(world.told('grant.created').length, 0, 'there was a grant')
  assertWorks(await world.tool(await world.install(people.member)), 'who may enter')
}

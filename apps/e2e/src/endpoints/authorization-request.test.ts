import { expect, it } from 'vitest'
import { likeGoogle, oidcWorld } from '../oidc-world.ts'

it.each([
  ['login', 'login'],
  ['select_account', 'select_account'],
  ['consent', undefined],
  ['consent select_account', 'select_account'],
  ['login select_account', 'login'],
  ['something new', undefined],
])('prompt=%s is prompt=%s for the provider: consent is ours to ask', async (prompt, sent) => {
  const { authorizations, install } = oidcWorld()
  await install({ prompt })
  expect(authorizations().map((parameters) => parameters.prompt)).toEqual([sent])
})

it('passes on whom the client expects to sign in', async () => {
  const { authorizations, install } = oidcWorld()
  await install({ login_hint: 'ada@example.com' })
  expect(authorizations()).toEqual([expect.objectContaining({ login_hint: 'ada@example.com' })])
})

it.each([
  ['longer than any address', 'a'.repeat(257)],
  ['with a line break', 'ada\r\nx'],
])('leaves out a hint %s, and signs in all the same', async (_, login_hint) => {
  const { authorizations, install } = oidcWorld()
  const { tokens } = await install({ login_hint })
  expect(tokens.access_token).toBeDefined()
  expect(authorizations()[0]).not.toHaveProperty('login_hint')
})

it("says so again in a second round, where the provider's own words for that come first", async () => {
  const { authorizations, install } = oidcWorld(likeGoogle)
  await install({ scope: 'email' })
  await install({ scope: 'email calendar', login_hint: 'ada', prompt: 'select_account' })
  expect(authorizations().map(({ login_hint, prompt }) => ({ login_hint, prompt }))).toEqual([
    { login_hint: undefined, prompt: undefined },
    { login_hint: 'ada', prompt: 'select_account' },
    { login_hint: 'ada', prompt: 'consent' },
  ])
})

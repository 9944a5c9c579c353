import { expect, it } from 'vitest'
import { likeGoogle, oidcWorld } from '../oidc-world.ts'
import { ada, setUp } from './sign-in.fixture.ts'

it('a scope of one provider is not granted to who signs in with another', async () => {
  const w = setUp({ hybrid: true, scopes: 'of the providers' })
  const own = await w.app.login(w.browser(), { provider: 'acme', ...ada })
  const others = await w.app.login(w.browser(), { provider: 'github', user: 'octocat' })
  expect([own.scope, others.scope]).toEqual(['', 'read:user'])
})

it('a scope that a provider did not grant is not granted here, and one of the operator is', async () => {
  const { install, events } = oidcWorld({
    ...likeGoogle,
    scopes: ['email', 'calendar', 'notes'],
    truth: {
      ...likeGoogle.truth,
      scopesNamed: (asked) => asked.filter((name) => !name.includes('calendar')),
    },
  })
  const { tokens } = await install({ scope: 'email calendar notes' })
  expect(tokens.scope).toBe('email notes')
  expect(events.some(({ type }) => type === 'grant.created')).toBe(true)
})

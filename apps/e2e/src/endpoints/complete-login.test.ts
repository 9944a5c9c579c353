import { expect, it } from 'vitest'
import { ada, setUp } from './sign-in.fixture.ts'

it('a scope of one provider is not granted to who signs in with another', async () => {
  const w = setUp({ hybrid: true, scopes: 'of the providers' })
  const own = await w.app.login(w.browser(), { provider: 'acme', ...ada })
  const others = await w.app.login(w.browser(), { provider: 'github', user: 'octocat' })
  expect([own.scope, others.scope]).toEqual(['', 'read:user'])
})

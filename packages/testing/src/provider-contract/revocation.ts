import assert from 'node:assert/strict'
import { assertNoSecrets, interrupted, type OpenedProvider, type ProviderCase, providerCase } from './case.ts'
import { outages } from './outages.ts'

export const revocationCases: readonly ProviderCase[] = [
  providerCase(
    'revoked tokens work no more',
    async (opened) => {
      const { tokens } = await opened.signIn('member')
      assert.equal(await works(opened, tokens), true, 'the tokens must work before')
      await opened.provider.revoke?.(tokens, opened.call)
      assert.equal(await works(opened, tokens), false)
    },
    'revoke',
  ),

  providerCase(
    'revoking what has ended already succeeds',
    async (opened) => {
      const { tokens } = await opened.signIn('member')
      await opened.provider.revoke?.(tokens, opened.call)
      await opened.provider.revoke?.(tokens, opened.call)
    },
    'revoke',
  ),

  providerCase(
    'revocation ends as much as it says',
    async (opened) => {
      const here = await opened.signIn('member')
      const there = await opened.signIn('member')
      const other = await opened.signIn('other')
      await opened.provider.revoke?.(here.tokens, opened.call)
      assert.equal(await works(opened, other.tokens), true, 'other people are not concerned')
      const { revocation } = opened.provider
      assert.equal(await works(opened, there.tokens), revocation === 'token', `revocation is '${revocation}'`)
    },
    'revoke',
  ),

  ...outages
    .filter(({ name }) => !name.startsWith('200'))
    .map(({ name, answer }) =>
      providerCase(
        `a revocation that failed says so: ${name}`,
        async (opened) => {
          const signedIn = await opened.signIn('member')
          const error = await Promise.resolve(
            opened.provider.revoke?.(signedIn.tokens, interrupted(opened.call, 1, answer)),
          ).then(
            () => assert.fail('revoke must reject'),
            (reason: unknown) => reason,
          )
          assert.ok(error instanceof Error)
          assertNoSecrets(`${error.message} ${error.stack}`, signedIn)
        },
        'revoke',
      ),
    ),
]

function works(
  { works }: OpenedProvider,
  tokens: Parameters<NonNullable<typeof works>>[0],
): Promise<boolean> {
  assert.ok(works, "the cases about revoke need `works`; without revoke, pass { without: ['revoke'] }")
  return works(tokens)
}

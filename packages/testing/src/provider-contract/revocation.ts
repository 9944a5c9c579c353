import assert from 'node:assert/strict'
import {
  ALIVE,
  alive,
  assertNoSecrets,
  ENDED,
  end,
  endWith,
  interrupted,
  type OpenedProvider,
  type ProviderCase,
  providerCase,
} from './case.ts'
import { outages } from './outages.ts'

export const revocationCases: readonly ProviderCase[] = [
  providerCase(
    'revoked tokens work no more',
    async (opened) => {
      const signedIn = await opened.signIn('member')
      assert.equal(await opened.works(signedIn.tokens), true, 'the tokens must work before')
      await end(opened, signedIn.tokens)
      assert.deepEqual(await alive(opened, signedIn), ENDED)
    },
    'revoke',
  ),

  providerCase(
    'revoking what has ended already succeeds',
    async (opened) => {
      const { tokens } = await opened.signIn('member')
      await end(opened, tokens)
      await end(opened, tokens)
    },
    'revoke',
  ),

  ...(['earlier', 'later'] as const).map((which) =>
    providerCase(
      `revocation ends as much as it says: the ${which} of two sign-ins`,
      (opened) => endOneOfTwo(opened, which),
      'revoke',
    ),
  ),

  ...outages
    .filter(({ name }) => !name.startsWith('200'))
    .map(({ name, answer }) =>
      providerCase(
        `a revocation that failed says so: ${name}`,
        async (opened) => {
          // At a revocation endpoint core itself sees to it.
          if (!opened.provider.revoke) return
          const signedIn = await opened.signIn('member')
          const error = await Promise.resolve(
            endWith(opened, signedIn.tokens, interrupted(opened.call, 1, answer)),
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

/** Two clients of one person, and one of them leaves. */
async function endOneOfTwo(opened: OpenedProvider, which: 'earlier' | 'later'): Promise<void> {
  const earlier = await opened.signIn('member')
  const later = await opened.signIn('member')
  const other = await opened.signIn('other')
  const [here, there] = which === 'earlier' ? [earlier, later] : [later, earlier]
  const wasReplaced = opened.provider.tokens === 'per-user' && !(await opened.works(there.tokens))
  await end(opened, here.tokens)
  assert.deepEqual(await alive(opened, other), ALIVE, 'other people are not concerned')
  // By the later sign-in, as 'per-user' allows.
  if (wasReplaced) return
  const { revocation } = opened.provider
  assert.deepEqual(
    await alive(opened, there),
    revocation === 'user' ? ENDED : ALIVE,
    `revocation is '${revocation}', and this is what became of the ${which === 'earlier' ? 'later' : 'earlier'} sign-in`,
  )
}

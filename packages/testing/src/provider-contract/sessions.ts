import assert from 'node:assert/strict'
import { ALIVE, alive, type OpenedProvider, type ProviderCase, providerCase, type SignedIn } from './case.ts'

/** How often somebody signs in before a provider is believed to keep all of it: GitHub keeps ten. */
const MANY = 12

/**
 * What `tokens` declares. Core keeps a connection for each login, or one that the newest login replaces; the wrong one
 * ends other clients' sessions, or leaves tokens alive that nobody knows of any more.
 */
export const sessionCases: readonly ProviderCase[] = [
  providerCase('what it declares are words that core knows', ({ provider }) => {
    const { tokens, revocation }: { tokens: string; revocation: string } = provider
    assert.ok(['per-login', 'per-user'].includes(tokens), `tokens is '${tokens}'`)
    assert.ok(['token', 'user', 'none'].includes(revocation), `revocation is '${revocation}'`)
    if (revocation !== 'none') return
    const means = provider.revoke ? 'revoke' : provider.endpoints.revocation && 'endpoints.revocation'
    assert.equal(means, undefined, "revocation is 'none', and yet there is a way: its tokens would live on")
  }),

  providerCase('the newest sign-in works, and can be renewed', async (opened) => {
    const first = await opened.signIn('member')
    const second = await opened.signIn('member')
    const { access, refresh } = await alive(opened, second)
    assert.ok(access, 'its access token does not work')
    assert.ok(refresh, 'its refresh token brings none that works')
    if (first.tokens.refresh_token !== undefined && second.tokens.refresh_token === undefined) {
      assert.ok((await alive(opened, first)).refresh, 'no new refresh token came, and the kept one has ended')
    }
  }),

  providerCase('a sign-in outlives as many others as it declares', async (opened) => {
    const first = await opened.signIn('member')
    const later: SignedIn[] = []
    for (let nth = 1; nth <= MANY; nth++) later.push(await opened.signIn('member'))
    const { tokens, revocation } = opened.provider
    if (tokens === 'per-login') {
      assert.ok(
        !later.some((each) => isKept(first, each)),
        "a later sign-in has no refresh token of its own: tokens is not 'per-login'",
      )
      await renewNewest(opened, later)
      assert.deepEqual(
        await alive(opened, first),
        ALIVE,
        `after ${MANY} more sign-ins of the same person the first has ended: tokens is not 'per-login'`,
      )
      return
    }
    // Then ending the newest ends them all, and no sign-in has tokens that nobody else needs.
    if (revocation === 'user' || later.some((each) => isKept(first, each))) return
    assert.notDeepEqual(
      await alive(opened, first),
      ALIVE,
      `after ${MANY} more sign-ins of the same person the first works as before: tokens is not 'per-user', and what ` +
        'the newest replaces would live on at the provider',
    )
  }),

  providerCase('the sign-in of another person ends nothing', async (opened) => {
    const member = await opened.signIn('member')
    for (let nth = 1; nth <= MANY; nth++) await opened.signIn('other')
    assert.deepEqual(await alive(opened, member), ALIVE)
  }),
]

/** For those who pass `without: ['revoke']`. */
export const noRevocationCase: ProviderCase = providerCase(
  'there really is no revocation',
  ({ provider }) => {
    assert.equal(provider.revoke, undefined, "it has `revoke`: do not pass { without: ['revoke'] }")
    assert.equal(provider.revocation, 'none', "revocation is declared, and there is none: say 'none'")
    assert.equal(
      provider.endpoints.revocation,
      undefined,
      "it names endpoints.revocation, which core calls: do not pass { without: ['revoke'] }",
    )
  },
)

/** A later sign-in that brought no refresh token of its own lives on the one that is kept. */
function isKept(first: SignedIn, later: SignedIn): boolean {
  const { refresh_token } = first.tokens
  return (
    refresh_token !== undefined &&
    (later.tokens.refresh_token === undefined || later.tokens.refresh_token === refresh_token)
  )
}

/** As another client would, in between. */
async function renewNewest(opened: OpenedProvider, later: readonly SignedIn[]): Promise<void> {
  const newest = later.at(-1)
  if (newest) await alive(opened, newest)
}

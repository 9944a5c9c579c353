import type { SigningAlgorithm } from '../crypto/signing-keys.ts'
import type { ListedKey, ServerKeys } from '../records/server-keys.ts'

/** What an operator does with the keys that access tokens are signed with. */
export interface SigningKeyAdmin {
  /**
   * All of them, as the store has them now.
   *
   * @throws Unavailable when the store fails
   * @example
   * const signing = (await auth.signingKeys.list()).find(({ state }) => state === 'active')
   */
  list(): Promise<readonly SigningKeySummary[]>
  /**
   * Ends a key and everything it signed: for one that somebody else may have. From one second later at the most no
   * instance takes its tokens or signs with it, `/jwks` lacks it, and another key signs. Clients are told `invalid_token`
   * (RFC 6750 3.1), refresh, and go on; nobody signs in again. Verifiers elsewhere may keep what `/jwks` said for five
   * minutes more. One of the operator's own is refused from then on, also under another `kid`.
   *
   * Resolves to false when there is no such key; to true again for one that was revoked before.
   *
   * @param kid the id of the key (RFC 7517 4.5), as in {@link SigningKeySummary} and in the header of a token
   * @throws Unavailable when the store fails: then the key may still be good, and this has to be called again
   * @example
   * for (const { kid, state } of await auth.signingKeys.list()) {
   *   if (state !== 'revoked') await auth.signingKeys.revoke(kid)
   * }
   */
  revoke(kid: string): Promise<boolean>
}

/** A signing key, as it may be shown: nothing of its private half. All times are Unix seconds. */
export interface SigningKeySummary {
  kid: string
  alg: SigningAlgorithm
  /**
   * `active`: it signs. `published`: it is in `/jwks`, and may sign next. `retired`: it signs no more, and what it signed
   * is still good. `revoked`: nothing that it signed is.
   */
  state: 'active' | 'published' | 'retired' | 'revoked'
  published_at: number
  /** Since when no instance has had a use for it. */
  unused_since?: number | undefined
  revoked_at?: number | undefined
}

export function keyAdmin({ keys }: { keys: Pick<ServerKeys, 'list' | 'revoke'> }): SigningKeyAdmin {
  return {
    list: async () => (await keys.list()).map(summary),
    revoke: (kid) => keys.revoke(kid),
  }
}

function summary(listed: ListedKey): SigningKeySummary {
  const { kid, alg, published_at } = listed.key
  const shown = { kid, alg, state: listed.state, published_at }
  if (listed.state === 'revoked') return { ...shown, revoked_at: listed.key.revoked_at }
  const { unused_since } = listed.key
  return unused_since === undefined ? shown : { ...shown, unused_since }
}

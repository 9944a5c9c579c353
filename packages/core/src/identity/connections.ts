import type { UpstreamToken } from '../auth.ts'
import { type ConnectionRecord, connectionKey } from '../records/connection.ts'
import type { UpstreamAnswer } from '../records/upstream-tokens.ts'
import { complete, extend, forget, type Obtained, type Proof, save } from './connection-login.ts'
import { freshConnections } from './connection-refresh.ts'
import { isRevokedSince, revoke } from './connection-revocation.ts'
import { identify, token } from './connection-use.ts'
import { furtherTokens } from './further-tokens.ts'
import type { Parts, Want } from './kept-connection.ts'
import type { Identity } from './provider.ts'
import { tellOutage } from './upstream-error.ts'

/** The provider's tokens, kept apart from the grants that use them. */
export interface Connections {
  /**
   * Keeps what a login obtained. Where logins share a connection the newest wins, and keeps the refresh token that is
   * there when it has none of its own. False, and nothing is kept, when the one it was promised is gone.
   */
  save(login: Obtained): Promise<boolean>
  /**
   * What {@link Connections.save} would make of it, as things stand. With `proof`, a refresh token that is there counts
   * only if it works: it is used.
   */
  complete(owner: string, id: string, kept: UpstreamAnswer, proof?: Proof): Promise<UpstreamAnswer>
  /** Moves the store's expiry on. False when the connection is gone. */
  extend(owner: string, id: string, expires_at: number): Promise<boolean>
  /**
   * The provider's access token, refreshed when it is near its end or was rejected; another one where it does not hold
   * the scopes that are wanted.
   */
  token(owner: string, id: string, want: Want): Promise<UpstreamToken>
  /** Asks the provider again who this is. Throws `AccessDenied`, {@link UpstreamEnded} or {@link Unavailable}. */
  identify(owner: string, id: string, previous: Identity, correlation: string): Promise<Identity>
  /** Forgets the connection and resolves to it, unless it is needed: asked again whenever somebody else changed it. */
  forget(owner: string, id: string, isNeeded?: () => Promise<boolean>): Promise<ConnectionRecord | undefined>
  /**
   * Ends it at the provider. Best effort (RFC 7009 2.2): our own revocation stands. Where that ends everything of the
   * user, `isNeeded` is asked just before.
   */
  revoke(
    connection: Readonly<ConnectionRecord>,
    correlation?: string,
    isNeeded?: () => Promise<boolean>,
  ): Promise<void>
  /** Whether everything of this user was ended at the provider after that (Unix milliseconds), or is just being. */
  isRevokedSince(owner: string, since: number): Promise<boolean>
}

export function connectionsIn(parts: Parts): Connections {
  const { records, clock, emit } = parts
  const further = furtherTokens({ clock, unavailable: (...outage) => tellOutage(emit, ...outage) })
  const use = { ...parts, further, fresh: freshConnections(parts) }
  const never = async () => false
  return {
    save: (login) => save(parts, login),
    complete: (owner, id, kept, proof) => complete(parts, { owner, id }, kept, proof),
    extend: (owner, id, expires_at) => extend(records, connectionKey(owner, id), expires_at),
    token: (owner, id, want) => token(use, { owner, id, ...want }),
    identify: (owner, id, previous, correlation) => identify(use, { owner, id, correlation }, previous),
    forget: (owner, id, isNeeded = never) => forget(records, connectionKey(owner, id), isNeeded),
    revoke: (connection, correlation, isNeeded = never) => revoke(parts, connection, correlation, isNeeded),
    isRevokedSince: (owner, since) => isRevokedSince(records, owner, since),
  }
}

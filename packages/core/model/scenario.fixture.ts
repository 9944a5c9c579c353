import type { GrantEnd } from '../src/events.ts'
import type { RefreshOptions } from '../src/options/options.ts'
import type { GrantRefresh } from '../src/records/grant.ts'

/**
 * What may happen to one grant. Its programs run at once, every request of theirs goes to one of several instances, and
 * the order of everything that the instances do to the store is up to whoever explores it.
 */
export interface Scenario {
  /** Default: two, configured alike. */
  instances?: readonly InstanceOptions[]
  /**
   * How many faults strike in one run: a write fails, or only seems to and takes effect at any later time; the store
   * goes away from a request; an answer is lost; an instance crashes.
   */
  faults: number
  /** Seconds by which time leaps: in this order, each once, at any moment; long ones only between requests. */
  leaps?: readonly number[]
  /** Writes that the store may lose, all of them or fewer, once: it goes back to an earlier state of the grant. */
  losesWrites?: number
  /** Default: the defaults. */
  refresh?: RefreshOptions
  /** Seconds between the redemption and the beginning. */
  age?: number
  /** False: the code is still to be redeemed. */
  redeemed?: boolean
  /** The client registered itself, and its use is to be noted. */
  registered?: boolean
  /** Present: the provider's tokens are kept, and these are its answers to who this is. */
  provider?: readonly ('allows' | 'refuses' | 'is out')[]
  /** Why the grant may end. Default: it may not. */
  ends?: readonly GrantEnd[]
  /** Somebody else may have moved on so long ago that an honest client is refused. */
  stolen?: boolean
  /** Events and answers that some run must have seen, lest the scenario shows less than it says. */
  sees: readonly string[]
  programs(deployment: Deployment): Readonly<Record<string, Program>>
}

export interface InstanceOptions {
  secret?: string | readonly string[]
  /** Seconds its clock is ahead. */
  ahead?: number
  /** It lacks a secret in use, and has to say 503. */
  uninformed?: boolean
}

export type Program = (actor: Actor) => Promise<void>

/** What programs know of the deployment and of each other. */
export interface Deployment {
  code: string
  /** What the redemption gave; empty before it. */
  first: Readonly<Tokens>
  ended(): boolean
  /** Whether somebody has given a reason to doubt the grant. */
  doubted(): boolean
  /** What whoever reads the store finds. */
  dump: Readonly<GrantRefresh>
  /** Of another grant. */
  another: Readonly<Tokens>
  /** A place for tokens that somebody honest holds. In the end they must be good, unless the grant has ended. */
  place(): Tokens
  /**
   * Presents the token to one instance after the other until there is an answer, as an honest client does, and keeps
   * what it says. To be refused while the grant is there is a violation.
   */
  refresh(actor: Actor, tokens: Tokens, first: number): Promise<void>
}

export interface Tokens {
  refresh_token: string
  access_token: string
}

export interface Actor {
  /** One request to the instance of that number. */
  ask(presented: Presented, on: number): Promise<Reply>
  /** Goes on at any later moment; so many seconds pass then, when nobody else waits for an answer. */
  pause(before: string, seconds?: number): Promise<void>
}

export type Presented = Readonly<
  | { kind: 'refresh' | 'revoke'; token: string; forged?: boolean }
  | { kind: 'redeem'; code: string }
  /** A call of the protected resource. */
  | { kind: 'use'; access_token: string }
  /** The same user completes a sign-in with the same client; default: to the same redirect URI. */
  | { kind: 'sign-in'; redirect_uri?: string }
  /** Maintenance seals the grant anew with the current secret. */
  | { kind: 'reseal' }
>

export type Answer =
  | ({ kind: 'tokens' } & Tokens)
  | { kind: 'refused'; description: string }
  | { kind: 'active' | 'inactive' | 'done' | 'unavailable' }
  | { kind: 'error'; error: string }

/** What a client sees: an answer, or none. */
export type Reply = Answer | { kind: 'lost' }

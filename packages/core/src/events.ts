import type { Clock } from './clock.ts'
import type { EgressFailure } from './egress/egress.ts'
import type { OAuthErrorCode } from './errors.ts'
import { tell } from './listener.ts'

/**
 * Everything noteworthy, as one closed list: each event by its type, with what it says. A minor release may add types,
 * reasons and members, so that a listener passes over what it does not know; only a major one renames or removes.
 *
 * The last word means the same everywhere. `refused`: a credential or a request that may not pass, and has had no effect.
 * `denied`: a person said no, or may not enter. `ignored`: no effect, and no error either, as a specification wants it.
 * `failed`: it should have worked, and a fault was in the way, ours or the provider's. `unavailable`: something was out of
 * reach, and it may be tried again. `replayed`: the same once more, answered as before.
 *
 * `reason` is a code from a closed list, fit for counting. `detail` is free text for people, made harmless. Nothing
 * here is ever a token, a code, a secret or an e-mail address. `grant` and `client_id` of a refusal are what the
 * refused credential claims, where it could not be proven.
 */
export interface DrawbridgeEvents {
  /** A client registered itself (RFC 7591). */
  'client.registered': { client_id: string; client_address?: string | undefined }
  /**
   * A registration was refused: its metadata cannot be honoured, the operator does not want it (`not_allowed`), or it came
   * without the initial access token that it needs, or with a wrong one.
   */
  'registration.refused': {
    reason: 'not_allowed' | 'token_missing' | 'token_wrong' | OAuthErrorCode
    detail: string
    client_address?: string | undefined
  }
  /**
   * A client did not prove who it is, at the token or revocation endpoint; or it may not act for itself (`grant_type`).
   */
  'client.refused': {
    reason:
      | 'unknown'
      | 'method'
      | 'secret'
      | 'secret_expired'
      | 'grant_type'
      | 'assertion'
      | 'assertion_replayed'
      | 'document'
      | 'host'
    client_id?: string | undefined
  }
  /** A client that nobody had approved made room for a newer one: very many register. */
  'client.evicted': { client_id: string }
  /** An operator made a client. */
  'client.created': { client_id: string }
  /** An operator changed a client: `fields` has the names of what is new, separated by spaces. */
  'client.changed': { client_id: string; fields: string }
  /** An operator gave a client a new secret. `keep_old`: seconds for which older ones work, too. */
  'client.secret_rotated': { client_id: string; keep_old: number }
  /** An operator removed a client. Its grants end right after, each with an event of its own. */
  'client.deleted': { client_id: string }

  /**
   * What a client publishes about itself, its metadata document or its keys, could not be had. `gone`: its host says that
   * it is no more; `budget`: too many were asked for; the others are reasons of the guarded fetch. `kept`: what was had
   * before is used instead.
   */
  'document.failed': {
    url: string
    reason: EgressFailure | 'status' | 'malformed' | 'gone' | 'budget'
    detail?: string | undefined
    kept: boolean
  }

  /** A good authorization request: a transaction begins, and with it a correlation. */
  'authorize.started': { client_id: string }
  /** An authorization request was refused, or its answer has nowhere to go any more. */
  'authorize.refused': {
    reason:
      | 'unknown_client'
      | 'client_unavailable'
      | 'client_document'
      | 'client_host'
      | 'redirect_uri'
      | OAuthErrorCode
    client_id?: string | undefined
  }
  /** The consent page was shown. */
  'consent.shown': { client_id: string }
  /** The person said yes; the browser goes to this provider. */
  'consent.approved': { client_id: string; provider: string }
  /** Nobody was asked: `dangerouslySkipConsent` is on. */
  'consent.skipped': { client_id: string; provider: string }
  /** Nobody was asked: the person who is signed in here let the same in before (`consent: 'remember'`). */
  'consent.remembered': { client_id: string; provider: string }
  /** The person said no. */
  'consent.denied': { client_id: string }
  /** A consent form or page that does not count: forged, of another site, or of a transaction that is over. */
  'consent.refused': {
    reason: 'csrf' | 'cross_site' | 'unknown_transaction' | 'unknown_client' | 'no_longer_allowed' | 'decided'
  }
  /** A browser came back from the provider and may not finish here. Costs the rightful one nothing. */
  'callback.refused': {
    reason: 'unknown_transaction' | 'other_browser' | 'other_provider' | 'issuer_mismatch'
  }
  /** A sign-in page of ours was shown. */
  'sign_in.shown': { provider: string }
  /**
   * What was typed there lets nobody in, or not now (`invalid`, `locked`); or the page or its form does not count. Costs
   * the rightful one nothing.
   */
  'sign_in.refused': {
    provider: string
    reason:
      | 'invalid'
      | 'locked'
      | 'csrf'
      | 'cross_site'
      | 'unknown_transaction'
      | 'other_browser'
      | 'other_provider'
  }
  /** The same browser came back again, and was sent where the first time led. */
  'login.replayed': { client_id?: string | undefined }
  /** The provider's answer did not become a login; the client was told. */
  'login.failed': {
    provider: string
    reason:
      | 'provider_error'
      | 'code_refused'
      | 'misconfigured'
      | 'unavailable'
      | 'unknown_client'
      | 'no_longer_allowed'
      | 'internal'
    detail?: string | undefined
  }
  /**
   * The person turned back at the provider, or the account may not enter. `other_account`: somebody else signed in than the
   * one whose consent was remembered, and is asked; `consent_ended`: that consent ended while they were at the provider.
   * `interaction_required`: the client wanted nobody to be asked anything.
   */
  'login.denied': {
    provider: string
    reason:
      | 'cancelled'
      | 'not_allowed'
      | 'other_account'
      | 'consent_ended'
      | 'interaction_required'
      | 'not_signed_in_again'
  }
  /** A person signed in, for the account page or where consent is remembered: this browser is known from now on. */
  'session.began': { provider: string; subject: string }
  /** A person signed out, or everything of theirs was ended; `capped`: they have so many that the longest unused went. */
  'session.ended': { subject: string; reason: 'signed_out' | 'administration' | 'capped' }
  /** The account page was shown to somebody who is signed in. */
  'account.shown': { subject: string }
  /** A form of the account page does not count: forged, of another site, or of a sign-in that is over or too old. */
  'account.refused': { reason: 'csrf' | 'cross_site' | 'signed_out' | 'too_old' }

  /** A login is finished: the grant exists, and its code is on the way to the client. */
  'grant.created': { grant: string; client_id: string; subject: string }
  /** The code was exchanged for tokens. */
  'grant.redeemed': { grant: string; client_id: string; subject: string }
  /**
   * Two may hold what belongs to this grant, or its client was clumsy. It ends with the next sign-in of the same user
   * and client; after a refresh, within a day at the latest.
   */
  'grant.doubted': {
    grant: string
    client_id: string
    subject: string
    reason: 'superseded' | 'streak' | 'code_replayed'
  }
  /** A grant is over, and every token that stands on it. */
  'grant.ended': { grant: string; client_id: string; subject: string; reason: GrantEnd }
  /**
   * An operator ended everything of a client, of a provider, or at all. Its grants and API keys follow, each with an event
   * of its own.
   */
  'grants.ended': {
    client_id?: string | undefined
    provider?: string | undefined
    /** Unix seconds: only what was made before. */
    before?: number | undefined
  }
  /** Somebody was given an API key. `key` is its id. */
  'api_key.created': { key: string; subject: string; resource: string }
  /** An API key is over before its time. */
  'api_key.ended': { key: string; subject: string; reason: ApiKeyEnd }
  /** A code was refused. */
  'code.refused': {
    reason:
      | 'unknown'
      | 'other_client'
      | 'client_auth'
      | 'redirect_uri'
      | 'code_verifier'
      | 'resource'
      | 'scope'
      | 'expired'
      | 'replayed'
      | 'conflict'
    grant?: string | undefined
  }

  /** A refresh token was replaced by its successor. */
  'refresh.rotated': { grant: string }
  /** A replaced refresh token came again within the window, or the current one too soon: the current one was answered. */
  'refresh.replayed': { grant: string }
  /** The same, later, to the one just replaced: the first answer must have been lost. */
  'refresh.lost_response': { grant: string }
  /** A refresh token newer than the record came: the store has lost writes. It is the current one now. */
  'refresh.adopted': { grant: string; generations: number }
  /**
   * A refresh was refused. `reused` and `identity` end the grant, `superseded` and `streak` make it doubtful. `step_up`
   * has no effect on it: the client came from a 403, and is to ask its user for more (`scopes.stepUp`).
   */
  'refresh.refused': {
    reason:
      | 'unknown'
      | 'other_client'
      | 'client_auth'
      | 'grant_type'
      | 'resource'
      | 'scope'
      | 'forged'
      | 'superseded'
      | 'streak'
      | 'reused'
      | 'ended'
      | 'expired'
      | 'identity'
      | 'step_up'
    grant?: string | undefined
  }
  /** A revocation request without effect (RFC 7009 2.2): nothing of ours, or not this client's. */
  'revocation.ignored': {
    client_id: string
    reason: 'unknown' | 'other_client' | 'forged'
    grant?: string | undefined
  }

  /** A client got a token to act for itself with (RFC 6749 4.4): no person was asked. */
  'token.issued': { resource: string; client_id: string }
  /** A request passed the gate of a resource. */
  'token.accepted': { resource: string; client_id: string; grant?: string | undefined }
  /** A request with a token did not: 401, or 403 for `insufficient_scope`. */
  'token.refused': {
    resource: string
    reason:
      | 'malformed'
      | 'expired'
      | 'signature'
      | 'unknown_key'
      | 'grant_ended'
      | 'issued_elsewhere'
      | 'other_resource'
      | 'insufficient_scope'
      | 'not_verified'
    detail?: string | undefined
    client_id?: string | undefined
    grant?: string | undefined
  }
  /**
   * A client brought a genuine token for another resource, and goes on to: `detail` says what differs, and what to do. Told
   * once an hour for each client, beside `token.refused`.
   */
  'token.misdirected': { resource: string; detail: string; client_id?: string | undefined }
  /** A token could not be checked; the request got 503. */
  'token.unchecked': { resource: string; detail: string }
  /** A verifier of tokens issued elsewhere could not decide. */
  'verifier.unavailable': { resource: string; detail: string }

  /** The provider was asked again who this is, and still lets the account in. */
  'identity.confirmed': { grant: string; provider: string }
  /** The provider's tokens were refreshed. */
  'upstream.refreshed': { provider: string; owner: string }
  /** The provider ended its authorization; only a new login helps. */
  'upstream.ended': { provider: string; owner: string }
  /** The provider could not be used now. `misconfigured`: it refuses us, so that an operator must look. */
  'upstream.unavailable': { provider: string; reason: 'unavailable' | 'misconfigured'; detail: string }
  /** The provider's tokens were revoked there, or that failed. */
  'upstream.revoked': { provider: string; outcome: 'done' | 'failed' }

  /** The store failed, also when tried again. */
  'storage.unavailable': { operation: string; detail: string }
  /**
   * A record does not open, and nothing is done with it. `damaged`: it was altered, moved or damaged in the store;
   * `newer_version`: a later release wrote it.
   */
  'storage.unreadable': { kind: string; reason: 'damaged' | 'newer_version' }
  /** The first signing key was made. */
  'keys.created': { kid: string }
  /** A signing key was published, and will sign soon. */
  'keys.rotated': { kid: string }
  /** An operator revoked a signing key, and with it everything that it signed. */
  'keys.revoked': { kid: string }
  /** A key in `signingKeys.keys` was revoked, and is not used. Told once by each instance. */
  'keys.refused': { kid: string }
  /** Something was sealed or derived with a secret that is not configured here. */
  'keys.unknown_secret': { key_id: string }

  /**
   * A page of your own (`pages`) could not be shown, and ours was in its place. `threw`: its function did; `late`: it took
   * too long; `not_a_page`: what it answered is none; `markup`, `css`: holds what no page may; `missing`: lacks what people
   * have to see, or what its form has to send.
   */
  'page.failed': {
    page: string
    reason: 'threw' | 'late' | 'not_a_page' | 'markup' | 'css' | 'missing'
    detail: string
  }

  /** At construction: an option that weakens security is on. */
  'configuration.weakened': { option: string }
  /** An endpoint refused a malformed request; anything more interesting has an event of its own instead. */
  'request.refused': { path: string; reason: OAuthErrorCode }
  /** A sender is over a limit of `limits`, and got 429. `sender`: what the key named, as a hash. */
  'request.limited': { endpoint: string; sender: string }
  /** A limit of `limits` could not be kept, so that requests pass: its key failed, or what instances share of the counts. */
  'limits.failed': { reason: 'key' | 'storage'; detail: string }
  /** An endpoint answered 503. */
  'request.unavailable': { path: string; detail: string }
  /** An endpoint answered 500: a fault of ours. */
  'request.failed': { path: string; detail: string }
}

/** Why a grant ended. */
export type GrantEnd =
  | 'revoked'
  | 'code_replayed'
  | 'refresh_reused'
  | 'doubtful'
  | 'upstream_ended'
  | 'identity_refused'
  | 'capped'
  | 'administration'
  | 'account_page'

/** Why an API key ended. `identity_refused`: the provider does not let its owner in any more. */
export type ApiKeyEnd = 'revoked' | 'administration' | 'identity_refused'

/** The names of all events. */
export type EventType = keyof DrawbridgeEvents

/** What core tells of; the time is added on the way out. */
export type Occurrence = {
  [Type in EventType]: {
    type: Type
    /**
     * Joins the events of one flow: from a client's registration to its first sign-in, and from each authorization
     * request through its grant to every request made with it. Absent where no flow is known. Refusals that name only a
     * `grant` are joined by that.
     */
    correlation?: string | undefined
    /** What the page or the answer that somebody got names, for asking the operator: the correlation where there is one. */
    reference?: string | undefined
  } & DrawbridgeEvents[Type]
}[EventType]

/** One of {@link DrawbridgeEvents}, as a listener receives it: plain JSON. */
export type DrawbridgeEvent = Occurrence & {
  /** When, in Unix milliseconds. */
  at: number
}

/** Hears of every event, at once and in order. What it throws is ignored; what takes long belongs elsewhere. */
export type EventListener = (event: DrawbridgeEvent) => void

/** The option `onEvent`: one listener, or several, which do not notice each other. */
export type EventListeners = EventListener | readonly EventListener[]

/** How core tells of something. */
export type Emit = (event: Occurrence) => void

/** A log of its own, beside the listener. */
export interface EventLog {
  /** Asked first, so that the many events nobody wants cost nothing. */
  wants(event: Occurrence): boolean
  write(event: DrawbridgeEvent): void
}

/**
 * Tells listeners and a log, which cannot break the flow they hear of. All events go through here, so this is where
 * everything in them that a stranger chose is made harmless.
 */
export function emitter(
  given: EventListeners | undefined,
  clock: Pick<Clock, 'now'>,
  log?: EventLog | undefined,
): Emit {
  const listeners = typeof given === 'function' ? [given] : [...(given ?? [])]
  if (listeners.length === 0 && !log) return () => {}
  return (occurrence) => {
    const isLogged = log?.wants(occurrence)
    if (listeners.length === 0 && !isLogged) return
    const members = Object.entries(occurrence)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, typeof value === 'string' ? harmless(value) : value])
    const event = { at: clock.now(), ...Object.fromEntries(members) } as DrawbridgeEvent
    if (isLogged) log?.write(event)
    // To each its own, since one may change what it is given.
    for (const listener of listeners) tell(listener, { ...event })
  }
}

/** Of a client_id that is a URL, or of a subject; nothing that is noteworthy is longer. */
const longestMember = 1000
// Controls (C0 and C1), format characters (bidi overrides, zero widths), line and paragraph separators, and halves of
// surrogate pairs: in a log or a terminal they forge lines, hide text and reorder it.
const disruptive = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Text that a stranger may have chosen, on one line and no longer than `limit` characters. */
export function harmless(text: string, limit: number = longestMember): string {
  const cut = text.length > limit ? `${text.slice(0, limit - 3)}...` : text
  return cut.replace(disruptive, '\ufffd')
}

/** Without e-mail addresses, and without what stands before the host of a connection string. */
export function withoutAddresses(text: string): string {
  return text.replace(/(?:"[^"]*"|[^\s"'<>(),;]+)(?:@|%40)[^\s"'<>(),;:]+/gi, '[address]')
}

const longestDetail = 300

/** What went wrong, and why, as the `detail` of an event. */
export function detailOf(error: unknown): string {
  const reasons: string[] = []
  for (let reason = error; reason instanceof Error && reasons.length < 4; reason = reason.cause) {
    reasons.push(reason.name === 'Error' ? reason.message : `${reason.name}: ${reason.message}`)
  }
  return redacted(reasons.length > 0 ? reasons.join('; ') : String(error))
}

/**
 * Text from elsewhere, fit for a log. Errors of providers, verifiers and stores may quote what they were given, so
 * that whatever could be a credential or an e-mail address is taken out; and `token`, whatever it looks like.
 */
export function redacted(text: string, token?: string): string {
  const untold = token ? text.replaceAll(token, '[token]') : text
  return withoutAddresses(untold.slice(0, 4 * longestDetail))
    .replace(/[A-Za-z0-9_+/~-]{20,}={0,2}/g, (run) =>
      /\d/.test(run) || run.length >= 40 ? '[redacted]' : run,
    )
    .slice(0, longestDetail)
}

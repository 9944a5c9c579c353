import { type Clock, unixTime } from '../clock.ts'
import { constantTimeEqual, sha256 } from '../crypto/hash.ts'
import { randomText } from '../crypto/random.ts'
import { type Sealer, UnknownSecret } from '../crypto/sealing.ts'
import { type OAuthErrorCode, Unavailable } from '../errors.ts'
import type { Emit } from '../events.ts'
import { clockSkew } from './envelope.ts'
import type { Records, Versioned } from './records.ts'
import { placeFor, readSlots, slotsOf } from './slots.ts'

/**
 * What a provider is to ask (OpenID Connect Core 3.1.2.1): sign in again, whoever is signed in; choose an account; nothing at
 * all. The consent that a client may ask for is ours.
 */
export type Prompt = 'login' | 'select_account' | 'none'

/** A checked authorization request (RFC 6749 4.1.1, RFC 7636, RFC 8707). It ends at a client's redirect URI. */
export interface AuthorizationRequest {
  page?: never
  client_id: string
  redirect_uri: string
  /** Whether the client named it, and did not leave it to what it registered (RFC 6749 4.1.3). */
  redirect_uri_named: boolean
  state?: string | undefined
  /** The effective set, computed once. */
  scopes: readonly string[]
  resource: string
  code_challenge: string
  /** For the provider. */
  prompt?: Prompt | undefined
  /** The person is asked for consent, whatever they said before: `prompt=consent`. */
  asks_consent?: boolean | undefined
  login_hint?: string | undefined
  correlation: string
}

/** A sign-in without a client: it ends at a page of ours, in a session and nothing else. */
export interface PageRequest {
  page: 'account'
  /** Where on it the person was. */
  at?: string | undefined
  prompt?: Prompt | undefined
  login_hint?: undefined
  correlation: string
}

/** What a sign-in is for. */
export type SignInRequest = AuthorizationRequest | PageRequest

/** The same on its way. */
type Pending<Request> = Request & {
  /** Unix seconds. */
  created_at: number
  expires_at: number
}

export type PendingRequest = Pending<AuthorizationRequest> | Pending<PageRequest>

/** What a browser brings: the request, and the secret that its record is known by. */
export interface Transaction {
  id: string
  id_hash: string
  request: Readonly<PendingRequest>
}

/** A request that a person decided, on its way through the provider: `transaction/<slot>`. */
export type TransactionRecord = PendingRequest & Decided

/** One that ends at a client. */
export type ClientTransaction = Pending<AuthorizationRequest> & Decided

/** What was decided of it, and what came of that. */
interface Decided {
  /** Whose: servers may share a store. */
  issuer: string
  /** SHA-256 of the id: whose record this is. */
  id_hash: string
  /** Unix seconds: when it was last decided. */
  decided_at: number
  /** What the person decided, and in which browser. */
  approval?: Approval | undefined
  /** A callback is at work. */
  attempt?: { id: string /** Unix seconds. */; began_at: number } | undefined
  /** Whose consent was remembered did not sign in, but somebody else; or it has ended since. */
  other_account?: OtherAccount | undefined
  /** Where the browser was sent at the end; kept so that a reload goes there again. */
  outcome?: Outcome | undefined
}

/** A sign-in of somebody who has to be asked before anything comes of it. */
export interface OtherAccount {
  /** SHA-256 of the binding cookie's value of their browser, for a reload of where it came to. */
  binding: string
  /** SHA-256 of the provider's code. */
  spent_code?: string | undefined
  /** The cookie of the sign-in session that began. */
  session?: string | undefined
}

/** What a login came to. */
export interface Outcome {
  /** For the client; for a page of ours, an error or nothing. */
  response?: AuthorizationResponse | undefined
  /** The cookie of the sign-in session that began. */
  session?: string | undefined
}

export interface Approval {
  provider: string
  /** SHA-256 of the binding cookie's value. */
  binding: string
  /** Our own PKCE verifier and nonce for the upstream leg. */
  code_verifier: string
  nonce: string
  /** What the provider is to ask: the client's wish, or the person's. */
  prompt?: Prompt | undefined
  /** `given` on the page; `remembered` from an earlier time; `skipped` by the operator's wish. */
  consent: 'given' | 'remembered' | 'skipped'
  /** Whose consent is remembered: nobody else's sign-in may end this. */
  subject?: string | undefined
  /** The browser was sent to the provider once more. */
  again?:
    | { /** SHA-256 of the first round's code, for a reload of where it came to. */ spent_code: string }
    | undefined
}

/** What goes back to the client: a code or an error (RFC 6749 4.1.2). */
export type AuthorizationResponse = { code: string } | { error: OAuthErrorCode; error_description: string }

/** All of them: for administration. */
export const transactionPrefix = 'transaction/'

/** Seconds that a person has for the provider, at least: a second factor may have to be found. */
const signInTime = 300
/** Records at most. Those under way should not fill more than a tenth, or one might push out another. */
const slotCount = 20_000
const keyIdSyntax = /^[\w-]{8}$/
/** What reads base64url lets white space and other alphabets pass. Pages repeat a handle in the address of their form. */
const handleSyntax = /^[\w-]+\.[\w-]+$/
const stateSyntax = /^([0-9a-z]{1,8})\.([\w-]{43})$/

/**
 * Authorization requests from `/authorize` to the callback. Until somebody decides, a request travels sealed in the URL
 * of the consent page, and nothing is stored.
 */
export interface Transactions {
  /** The handle that a request travels in. */
  begin(request: SignInRequest): string
  /** `undefined`: nothing that we sealed, or it is too late. */
  open(handle: string): Transaction | undefined
  /** A handle for the same request, to go on elsewhere, where the person is asked in any case. */
  again(transaction: Pick<Transaction, 'id' | 'request'>): string
  /** The record, once somebody has decided. */
  record(transaction: Transaction): Stored
  /**
   * Makes or changes the record: reads, decides, writes; again when somebody else was first. `change` is given the
   * record as it stands, or as it would begin, and answers with the new one, or `undefined` to leave things alone.
   */
  decide(transaction: Transaction, change: Change): Stored
  /** Finds the record again, in one read; short, since providers limit what they take (RFC 6749 4.1.1 `state`). */
  state(transaction: Transaction, record: Versioned<TransactionRecord>): string
  /** The record that such a `state` leads to. */
  find(state: string): Promise<FoundTransaction | undefined>
}

type Change = (current: Readonly<TransactionRecord>) => TransactionRecord | undefined
type Stored = Promise<Versioned<TransactionRecord> | undefined>

export interface FoundTransaction {
  id: string
  id_hash: string
  record: Versioned<TransactionRecord>
}

/** When the store may drop the record. Until then nobody takes the sealed request for undecided, whatever their clock. */
export function transactionExpiry(record: Pick<TransactionRecord, 'expires_at' | 'decided_at'>): number {
  return endOf(record) + clockSkew
}

/** The request alone, as it was before anybody decided. */
export function requestOf(record: Readonly<TransactionRecord>): PendingRequest {
  const { issuer, id_hash, decided_at, approval, attempt, other_account, outcome, ...request } = record
  return request
}

/** When a decided request is over: who decides in the last moment has the time to sign in. */
function endOf({ expires_at, decided_at }: Pick<TransactionRecord, 'expires_at' | 'decided_at'>): number {
  return Math.max(expires_at, decided_at + signInTime)
}

interface Dependencies {
  records: Records
  sealer: Sealer
  clock: Clock
  emit: Emit
  /** The server's own: what another one sealed or stored is none of its requests, whatever secret or store they share. */
  issuer: string
  /** Seconds. */
  lifetime: number
  slots?: number | undefined
}

export function transactions(dependencies: Dependencies): Transactions {
  const { records, sealer, clock, issuer, lifetime } = dependencies
  /** The seal's purpose. No storage key has a space. */
  const purpose = `authorization-request ${issuer}`
  const seal = (id: string, request: PendingRequest) => sealer.seal(purpose, JSON.stringify({ id, request }))
  return {
    begin(request) {
      const now = unixTime(clock)
      return seal(randomText(), { ...request, created_at: now, expires_at: now + lifetime })
    },
    open(handle) {
      const text = opened(handle, purpose, dependencies)
      if (text === undefined) return undefined
      const { id, request }: { id: string; request: PendingRequest } = JSON.parse(text)
      return unixTime(clock) >= request.expires_at ? undefined : { id, id_hash: sha256(id), request }
    },
    again: ({ id, request }) => seal(id, request.page ? request : { ...request, asks_consent: true }),
    record: async (transaction) => (await placesOf(transaction, dependencies)).own?.record,
    decide: (transaction, change) => decide(transaction, change, dependencies),
    state: ({ id }, { key }) => `${key.slice(transactionPrefix.length)}.${id}`,
    async find(state) {
      const [, slot, id] = stateSyntax.exec(state) ?? []
      if (slot === undefined || id === undefined) return undefined
      const record = await records.get<TransactionRecord>(transactionPrefix + slot)
      const id_hash = sha256(id)
      if (!record || !isOf(record.value, issuer, id_hash)) return undefined
      return unixTime(clock) >= endOf(record.value) ? undefined : { id, id_hash, record }
    },
  }
}

/** Sealed with a secret that is gone, or by nobody: either way the client has to ask again. */
function opened(handle: string, purpose: string, { sealer, emit }: Dependencies): string | undefined {
  if (!handleSyntax.test(handle)) return undefined
  try {
    return sealer.open(purpose, handle)
  } catch (error) {
    // Anybody can write something that looks like it; but who has an older or a newer secret elsewhere should know.
    if (error instanceof UnknownSecret && keyIdSyntax.test(error.keyId)) {
      emit({ type: 'keys.unknown_secret', key_id: error.keyId })
    }
    return undefined
  }
}

async function decide(transaction: Transaction, change: Change, dependencies: Dependencies): Stored {
  const { records, clock, issuer } = dependencies
  const { request, id_hash } = transaction
  for (let tries = 0; tries < 10; tries++) {
    const { places, own } = await placesOf(transaction, dependencies)
    const now = unixTime(clock)
    const value = change(own?.record?.value ?? { ...request, issuer, id_hash, decided_at: now })
    if (value === undefined) return own?.record
    const { key, version: ifVersion } = own ?? placeFor(places, ageIn(now))
    const version = await records.put(key, value, { ifVersion, expiresAt: transactionExpiry(value) })
    if (version !== undefined) return { key, value, version }
  }
  throw new Unavailable('transaction: too many writers')
}

async function placesOf({ id_hash }: Transaction, { records, issuer, slots = slotCount }: Dependencies) {
  const names = slotsOf(id_hash, slots)
  const places = await readSlots<TransactionRecord>(records, transactionPrefix, names)
  return { places, own: places.find(({ record }) => record && isOf(record.value, issuer, id_hash)) }
}

/** Whether a record is the one of this id, and this server's. */
function isOf(value: Readonly<TransactionRecord>, issuer: string, id_hash: string): boolean {
  return value.issuer === issuer && constantTimeEqual(value.id_hash, id_hash)
}

/** Older, in seconds, than anything. */
const longAgo = 1e12

/** What is over is needed for reloads only, and goes before what is under way. */
function ageIn(now: number): (record: Readonly<TransactionRecord>) => number {
  return (record) => now - record.decided_at + (record.outcome || now >= endOf(record) ? longAgo : 0)
}

import type { RequestContext } from '../auth.ts'
import { type Clock, unixTime } from '../clock.ts'
import { randomText } from '../crypto/random.ts'
import type { EngineAfterLogin } from '../engine/engine.ts'
import { isNamed, Unavailable } from '../errors.ts'
import { clockSkew, replace, update, type Versioned } from '../records/records.ts'
import { type TransactionRecord, transactionExpiry } from '../records/transaction.ts'
import type { Completion } from './complete-login.ts'
import { leave } from './login-end.ts'
import { living } from './remembered.ts'
import type { Server } from './server.ts'

/** What ends a login, at a provider's callback or at a sign-in page of ours. */
export type LoginServer = Server & { engine: EngineAfterLogin }

/** `undefined`: the engine signs people in by itself. */
export function loginServer(server: Server): LoginServer | undefined {
  const { engine } = server
  return engine.completeLogin && { ...server, engine }
}

/** Milliseconds between looks while another request of the same browser is at work. */
const pollEvery = 200
/** Milliseconds that a browser is kept waiting for it; shorter than the patience of most proxies. */
const patience = 30_000
/** Seconds that a callback takes at most: the provider's time, and every time-out of the store after it. */
const longestAttempt = 150
/**
 * Seconds after which a callback that began and did not finish is taken for crashed: when it is over on any clock, since
 * the provider takes its code once.
 */
const claimLifetime = longestAttempt + clockSkew
/** Milliseconds before each further try to note an outcome that the browser has got already. */
const notingDelays = [1000, 5000, 15_000, 60_000]

/**
 * `claimed`: this request is the one that works. `over`: another was. `unconsented`: another was, and the person has to be
 * asked first. `changed`: the browser has begun another sign-in.
 */
export interface Claim {
  state: 'claimed' | 'over' | 'unconsented' | 'changed'
  record: Versioned<TransactionRecord>
}

/**
 * Of several requests with the same answer, one works and the others wait for what it comes to. `undefined` when another
 * browser has approved in the meantime: then it is the one that may finish.
 *
 * @throws Unavailable when the other does not finish soon: a reload waits on
 */
export async function claim(
  { clock, records }: LoginServer,
  transaction: Versioned<TransactionRecord>,
): Promise<Claim | undefined> {
  const deadline = clock.now() + patience
  let current: Versioned<TransactionRecord> | undefined = transaction
  while (current && clock.now() <= deadline) {
    const { approval, other_account, outcome } = current.value
    const binding = (approval ?? other_account)?.binding
    if (binding !== transaction.value.approval?.binding) return undefined
    if (outcome) return { state: 'over', record: current }
    if (!approval) return { state: 'unconsented', record: current }
    if (approval?.code_verifier !== transaction.value.approval?.code_verifier) {
      return { state: 'changed', record: current }
    }
    if (!isAtWork({ clock }, current.value)) {
      const attempt = { id: randomText(9), began_at: unixTime(clock) }
      const value = { ...current.value, attempt }
      const record = await replace(records, current, value, transactionExpiry(value))
      if (record) return { state: 'claimed', record }
    } else {
      await clock.sleep(pollEvery)
    }
    current = await reread(records, transaction)
  }
  throw new Unavailable('callback: another request did not finish in time')
}

/** The record as it stands now; `undefined` when its place was given to another. */
async function reread(
  records: LoginServer['records'],
  { key, value }: Versioned<TransactionRecord>,
): Promise<Versioned<TransactionRecord> | undefined> {
  const current = await records.get<TransactionRecord>(key)
  return current?.value.id_hash === value.id_hash ? current : undefined
}

/** Sends the browser where the login came to, and notes it for a reload. */
export async function finish(
  server: LoginServer,
  request: Request,
  transaction: Versioned<TransactionRecord>,
  { after, outage, ...outcome }: Completion,
  context: RequestContext,
  status: 302 | 303,
): Promise<Response> {
  if (outage) {
    // The provider's code is spent. A reload is told what happened, if the store can keep even that.
    await settle(server, transaction, outcome).catch(() => {})
    throw outage
  }
  const noted = await settle(server, transaction, outcome).catch((error: unknown) => {
    // Nobody else can have begun anew, and the code that is stored already must not be lost with the note of it.
    if (isNamed(error, 'Unavailable') && isAtWork(server, transaction.value, longestAttempt))
      return 'later' as const
    throw error
  })
  if (noted === 'later') {
    const noting = retried(server.clock, () => settle(server, transaction, outcome)).then(after)
    const later = noting.catch(() => {
      // A reload waits, and then begins anew.
    })
    context.waitUntil?.(later)
  } else {
    await inItsTime(after, context)
    if (noted) return replay(server, request, noted, status)
  }
  return leave(server, request, transaction.value, outcome, status)
}

/**
 * Notes the outcome, if this is still the attempt that may. Resolves to the record when it is not: this one took so long
 * that a reload began anew, and there is one outcome.
 */
async function settle(
  { clock, records }: LoginServer,
  transaction: Versioned<TransactionRecord>,
  outcome: NonNullable<TransactionRecord['outcome']>,
): Promise<Versioned<TransactionRecord> | undefined> {
  const { id_hash, attempt } = transaction.value
  // Nearly always nobody has touched the record since it was claimed.
  const value = { ...transaction.value, outcome }
  if (await replace(records, transaction, value, transactionExpiry(value))) return undefined
  const deadline = clock.now() + patience
  while (clock.now() <= deadline) {
    let isOurs = true
    const current = await update<TransactionRecord>(records, transaction.key, transactionExpiry, (value) => {
      const isAnother = value.attempt?.id !== attempt?.id && isAtWork({ clock }, value)
      isOurs = value.id_hash !== id_hash || (!value.outcome && !isAnother)
      return isOurs && value.id_hash === id_hash ? { ...value, outcome } : undefined
    })
    if (isOurs) return undefined
    if (current?.value.outcome) return current
    await clock.sleep(pollEvery)
  }
  throw new Unavailable('callback: another request did not finish in time')
}

/** Does what nobody needs to wait for. */
export async function inItsTime(
  after: (() => Promise<void>) | undefined,
  context: RequestContext,
): Promise<void> {
  const later = after?.().catch(() => {
    // The next login tries again.
  })
  if (later && context.waitUntil) context.waitUntil(later)
  else await later
}

/**
 * Gives the claim back, so that the same may be tried again; also when the store is back only later. Resolves to the record as
 * it then stands; `undefined`: not now.
 *
 * @param changed what else becomes of the record
 */
export async function release(
  { clock, records }: LoginServer,
  transaction: Versioned<TransactionRecord>,
  context: RequestContext,
  changed: (value: TransactionRecord) => TransactionRecord = (value) => value,
): Promise<Versioned<TransactionRecord> | undefined> {
  const { id_hash, attempt: own } = transaction.value
  const giveBack = () =>
    update<TransactionRecord>(records, transaction.key, transactionExpiry, ({ attempt, ...value }) =>
      value.id_hash === id_hash && attempt?.id === own?.id ? changed(value) : undefined,
    )
  try {
    return await giveBack()
  } catch {
    const later = retried(clock, giveBack).catch(() => {
      // The claim runs out.
    })
    context.waitUntil?.(later)
    return undefined
  }
}

/** Does what the store refused when it is back. The work's condition is the claim, however late it comes. */
async function retried(clock: Clock, work: () => Promise<unknown>): Promise<void> {
  for (const [index, delay] of notingDelays.entries()) {
    await clock.sleep(delay)
    try {
      await work()
      return
    } catch (error) {
      if (index === notingDelays.length - 1) throw error
    }
  }
}

/** Whether a callback may still be at work. */
function isAtWork(
  { clock }: Pick<LoginServer, 'clock'>,
  { attempt }: Readonly<TransactionRecord>,
  lifetime: number = claimLifetime,
): boolean {
  return attempt !== undefined && unixTime(clock) - attempt.began_at < lifetime
}

/** A reload goes where the first request went, as long as that still leads somewhere. */
export async function replay(
  server: LoginServer,
  request: Request,
  transaction: Versioned<TransactionRecord>,
  status: 302 | 303,
): Promise<Response> {
  const { emit, engine, pages } = server
  const { value } = transaction
  const { correlation, outcome } = value
  emit({ type: 'login.replayed', client_id: value.page ? undefined : value.client_id, correlation })
  if (!outcome) return pages.for(request).done()
  if (outcome.response && 'code' in outcome.response) {
    const loaded = await engine.loadCode(outcome.response.code)
    if (!loaded || loaded.refused || loaded.redeemed) return pages.for(request).done()
  }
  const session = await living(server, outcome.session)
  return leave(server, request, value, { ...outcome, session }, status)
}

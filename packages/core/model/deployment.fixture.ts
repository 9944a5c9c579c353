import { AsyncLocalStorage } from 'node:async_hooks'
import type { RefreshOptions } from '../src/options/options.ts'
import type { GrantRecord } from '../src/records/grant.ts'
import { clockSkew } from '../src/records/records.ts'
import { treatedWorse } from './ages.fixture.ts'
import type { Chance } from './chance.fixture.ts'
import { configuration, grantStorageKey, type Instance, instance, secrets } from './instance.fixture.ts'
import { immediately, prepare, standingAt, storageOver } from './preparation.fixture.ts'
import { answerOf } from './requests.fixture.ts'
import type { Answer, Presented, Reply } from './scenario.fixture.ts'
import { type Specification, specification, type Watched } from './specification.fixture.ts'
import type { StoreOperation } from './store.fixture.ts'

/** Several instances over one store and one grant, with a clock that is moved by hand. */
export interface Deployed {
  /** What the redemption gave. */
  first: string
  /** A token made of what the store and another grant give away, of this generation. */
  forged(generation: number): string
  now(): number
  /** Moves the clock to this moment, in Unix seconds. */
  moveTo(moment: number): void
  ask(presented: Presented): Promise<Reply>
  /** The store fails over to a replica that lacks the last writes, never the redemption. */
  loseWrites(atMost: number): void
  compareAges(): Promise<void>
  spec: Specification
  violation(): string | undefined
  requests(): number
  /** Events and answers, and how often. */
  seen: ReadonlyMap<string, number>
}

export interface Weather {
  /** Probability that a write fails, or seems to. */
  failingWrites: number
  instances: number
  /** False: only counted, without the specification, which remembers everything. */
  watched?: boolean
}

const noReply = new Error('no reply from the store')

/** A grant, redeemed just now. Every request is watched by the specification, and goes to any of the instances. */
export async function deploy(
  chance: Chance,
  weather: Weather,
  refresh: RefreshOptions = {},
): Promise<Deployed> {
  const random = { bytes: chance.bytes, drawFrom: () => {} }
  const prepared = await prepare({ faults: 0, refresh, sees: [], programs: () => ({}) }, {}, random)
  const { store, grant } = prepared
  const config = configuration(refresh)
  const acting = new AsyncLocalStorage<Watched>()
  const handedOut = [prepared.first.refresh_token]
  let { now } = prepared
  let violation: string | undefined
  let requests = 0
  let lossable = 0
  const seen = new Map<string, number>()
  const see = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1)
  const watched = weather.watched ?? true
  const spec = (watched ? specification : unwatched)({
    grant,
    policy: prepared.policy,
    clockSkew,
    now: () => now,
    nothing: prepared.nothing,
    fail: (what) => {
      violation ??= what
    },
  })

  async function operate(operation: StoreOperation): Promise<unknown> {
    const request = acting.getStore()
    // Whoever asked at the same time may go first.
    for (let turns = chance.between(0, 5); turns > 0; turns--) await undefined
    const writes = operation.kind === 'put' || operation.kind === 'delete'
    const fails = writes && chance.happens(weather.failingWrites)
    if (fails && request) request.excuse = 'the store is away'
    if (fails && chance.happens(0.5)) throw noReply
    if (request && operation.kind === 'delete' && operation.key === grantStorageKey) spec.ends(request)
    const result = store.apply(operation, now)
    if (request && operation.key === grantStorageKey) tell(operation, result, request)
    if (fails) throw noReply
    return result
  }

  function tell(operation: StoreOperation, result: unknown, request: Watched): void {
    if (operation.kind === 'delete' && result === true) spec.deleted()
    if (operation.kind !== 'put' || result === undefined || !watched) return
    const { v } = JSON.parse(prepared.observer.open(grantStorageKey, operation.value)) as { v: GrantRecord }
    lossable++
    spec.wrote(v, request)
  }

  const instances = Array.from({ length: weather.instances }, (): Instance => {
    const ahead = chance.between(0, clockSkew)
    return instance({
      config,
      secret: secrets.old,
      storage: storageOver(operate),
      clock: { now: () => (now + ahead) * 1000, sleep: async () => {} },
      random: chance.bytes,
      emit: (event) => see('reason' in event ? `${event.type} ${event.reason}` : event.type),
    })
  })

  async function ask(presented: Presented): Promise<Answer> {
    const request: Watched = {
      name: `request ${++requests}`,
      presented,
      began: now,
      right: new Set(),
      excuse: undefined,
      denied: false,
    }
    const on = instances[chance.between(0, instances.length - 1)]
    if (!on) throw new Error('there is no instance')
    spec.begins(request)
    const answer = await acting.run(request, () => answerOf(on, presented))
    see(`${presented.kind}: ${answer.kind}`)
    spec.answered(request, answer)
    if (watched && answer.kind === 'tokens') handedOut.push(answer.refresh_token)
    return answer
  }

  return {
    first: prepared.first.refresh_token,
    forged: (generation) => prepared.forged(generation),
    now: () => now,
    moveTo(moment) {
      now = moment
      spec.timePasses()
    },
    ask,
    loseWrites(atMost) {
      const writes = store.lossOf(grantStorageKey, Math.min(atMost, lossable))
      if (writes === 0) return
      lossable -= writes
      see('the store loses writes')
      store.lose(grantStorageKey, writes)
      spec.lost(writes)
    },
    async compareAges() {
      const unfair = await treatedWorse(handedOut.slice(-12), store, now, (copy, token) => {
        const storage = immediately(copy, now)
        const clock = standingAt(now)
        const alone = instance({ config, secret: secrets.old, storage, clock, random: chance.bytes })
        return answerOf(alone, { kind: 'refresh', token })
      })
      if (unfair !== undefined) violation ??= `generation ${unfair} is treated worse than an older one`
    },
    spec,
    violation: () => violation,
    requests: () => requests,
    seen,
  }
}

/** Knows only whether the grant is there. */
function unwatched(): Specification {
  let ended = false
  const nothing = () => {}
  return {
    begins: nothing,
    timePasses: nothing,
    wrote: nothing,
    lost: nothing,
    deleted() {
      ended = true
    },
    ends: nothing,
    answered: nothing,
    rotations: () => 0,
    ended: () => ended,
    doubted: () => false,
    state: () => '',
  }
}

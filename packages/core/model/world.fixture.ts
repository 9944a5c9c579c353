import type { Occurrence } from '../src/events.ts'
import { AccessDenied, type Identity } from '../src/identity/provider.ts'
import { connectionKey } from '../src/records/connection.ts'
import type { GrantRecord } from '../src/records/grant.ts'
import { clockSkew } from '../src/records/records.ts'
import { treatedWorse } from './ages.fixture.ts'
import type { Run } from './explore.fixture.ts'
import { grantStorageKey, type Instance, instance, secrets } from './instance.fixture.ts'
import { immediately, type Prepared, standingAt, storageOver } from './preparation.fixture.ts'
import type { RandomStream } from './random.fixture.ts'
import { answerOf } from './requests.fixture.ts'
import type { Actor, Deployment, InstanceOptions, Presented, Reply, Tokens } from './scenario.fixture.ts'
import { specification, type Watched } from './specification.fixture.ts'
import type { ModelStore, StoreOperation } from './store.fixture.ts'

/** A process of the server, until it crashes. */
interface Process {
  name: string
  index: number
  options: InstanceOptions
  instance: Instance
  requests: Set<Request>
  /** Stands for all that its requests were told, in order. */
  past: number
}

interface Request extends Watched {
  process: Process
  random: RandomStream
  /** Stands for all that it was told: it knows nothing else. */
  past: number
  operations: number
  waitsFor: Set<Pending>
  /** The store does not answer it any more. */
  cutOff: boolean
  receive(reply: Reply): void
}

/** A program of the scenario. */
interface Participant {
  name: string
  requests: number
  /** Like a request's. */
  past: number
  finished: boolean
}

/** What somebody waits for: the store, the provider, or a later moment. */
interface Pending {
  name: string
  /** Whether it is its request's first. */
  first: boolean
  /** Seconds that pass with it, between requests. */
  seconds?: number
  request?: Request
  operation?: StoreOperation
  /** What it would make of the grant. */
  grant?: GrantRecord
  /** It has taken effect, and only the reply is under way. */
  held?: { result: unknown }
  resolve(result: unknown): void
  reject(error: Error): void
}

type Choices = Map<string, () => void>

/** Seconds. */
const longestRequest = 600
// Made once: an Error and its stack cost more than all else a request does.
const noReply = new Error('no reply from the store')

/** A run of the scenario from its beginning, in which nothing happens by itself. */
export async function begin(prepared: Prepared): Promise<Run> {
  const { scenario, broken, random, config, first, seen } = prepared
  const { leaps = [], ends = [], registered = false, losesWrites = 0 } = scenario
  const store = prepared.store.copy()
  const pending = new Set<Pending>()
  /** Writes that nobody waits for any more. */
  const late = new Set<Pending>()
  const replies: { request: Request; reply: Reply }[] = []
  const places: Tokens[] = []
  const participants: Participant[] = []
  const handedOut: Tokens[] = [first]
  let { now } = prepared
  let { faults } = scenario
  let leapt = 0
  let rotationsReported = 0
  let over = false
  let lost = false
  /** Writes since the beginning, without which the store may have to go on. */
  let lossable = 0
  let violation: string | undefined
  /** Whose code runs until everything waits again. */
  let acting: Request | undefined

  const fail = (what: string) => {
    violation ??= what
  }
  const spec = specification({
    grant: prepared.grant,
    policy: prepared.policy,
    clockSkew,
    now: () => now,
    nothing: prepared.nothing,
    fail,
  })

  function emit(event: Occurrence): void {
    seen.add('reason' in event ? `${event.type} ${event.reason}` : event.type)
    if (event.type === 'refresh.rotated') rotationsReported++
    if (event.type === 'grant.ended' && !ends.includes(event.reason)) fail(`the grant ended: ${event.reason}`)
  }

  /** A number that stands for a text. */
  function numberOf(...parts: readonly unknown[]): number {
    const text = parts.join('\n')
    const known = prepared.numbers.get(text) ?? prepared.numbers.size
    prepared.numbers.set(text, known)
    return known
  }

  const shared = () => places.map(({ refresh_token }) => refresh_token).join(' ')

  function start(index: number, options: InstanceOptions, name: string): Process {
    const { secret = secrets.old, ahead = 0 } = options
    const clock = {
      now: () => (now + ahead) * 1000,
      // What comes after is an operation, which has a moment of its own.
      sleep: async () => {},
    }
    const storage = storageOver((operation) =>
      wait(`${operation.kind} ${operation.key.split('/')[0]}`, operation),
    )
    const identify = () => wait('the provider') as Promise<Identity>
    return {
      name,
      index,
      options,
      instance: instance({
        config,
        secret,
        storage,
        clock,
        random: random.bytes,
        emit,
        broken,
        registered,
        identify,
      }),
      requests: new Set(),
      past: numberOf(name),
    }
  }

  const processes = (scenario.instances ?? [{}, {}]).map((options, index) =>
    start(index, options, `instance ${index}`),
  )

  function wait(what: string, operation?: StoreOperation): Promise<unknown> {
    const request = acting
    if (!request) throw new Error(`${what}: nobody can have asked for it`)
    if (operation) watch(request, operation)
    if (operation && request.cutOff) return Promise.reject(noReply)
    return new Promise((resolve, reject) => {
      const position = ++request.operations
      const one: Pending = {
        name: `${request.name}: ${what} (${position})`,
        first: position === 1,
        request,
        ...(operation && { operation }),
        resolve,
        reject,
      }
      pending.add(one)
      request.waitsFor.add(one)
    })
  }

  function watch(request: Request, { kind, key }: StoreOperation): void {
    if (kind !== 'put' && kind !== 'delete') return
    const { presented } = request
    if ('forged' in presented && presented.forged) fail(`${request.name} wrote ${key}`)
    if (kind === 'delete' && key === grantStorageKey) spec.ends(request)
  }

  /** From here on it is this request whose code runs, and which draws random bytes. */
  function letAct(request: Request, told: string): void {
    acting = request
    random.drawFrom(request.random)
    request.past = numberOf(request.past, told, now)
    if (registered) request.process.past = numberOf(request.process.past, told, now)
  }

  function tell(one: Pending, told: string, settle: () => void): void {
    pending.delete(one)
    if (one.request) {
      one.request.waitsFor.delete(one)
      letAct(one.request, `${one.name} ${told}`)
    }
    settle()
  }

  const reply = (one: Pending, result: unknown) =>
    tell(one, JSON.stringify(result) ?? 'nothing', () => one.resolve(result))

  function takeEffect({ operation, grant, request }: Pending): unknown {
    if (!operation) return undefined
    const result = store.apply(operation, now)
    if (operation.key === grantStorageKey) {
      if (operation.kind === 'put' && result !== undefined) lossable++
      if (operation.kind === 'put' && result !== undefined && grant && request) spec.wrote(grant, request)
      if (operation.kind === 'delete' && result === true) spec.deleted()
    }
    return result
  }

  function ask(participant: Participant, presented: Presented, on: number): Promise<Reply> {
    const process = processes[on]
    if (!process) throw new Error(`there is no instance ${on}`)
    const { uninformed } = process.options
    const name = `${participant.name}, ${presented.kind} ${++participant.requests}`
    return new Promise((resolve) => {
      const request: Request = {
        name,
        presented,
        began: now,
        right: new Set(),
        excuse: uninformed ? 'it lacks a secret' : undefined,
        denied: false,
        process,
        random: { name, drawn: 0 },
        past: numberOf(process.name, name, JSON.stringify(presented)),
        operations: 0,
        waitsFor: new Set(),
        cutOff: false,
        receive(reply) {
          participant.past = numberOf(participant.past, JSON.stringify(reply), shared(), now)
          resolve(reply)
        },
      }
      process.requests.add(request)
      spec.begins(request)
      letAct(request, 'begins')
      void answerOf(process.instance, presented).then((answer) => {
        process.requests.delete(request)
        seen.add(`${presented.kind}: ${answer.kind}`)
        spec.answered(request, answer)
        if (answer.kind === 'tokens') handedOut.push(answer)
        replies.push({ request, reply: answer })
      })
    })
  }

  function pause(participant: Participant, before: string, seconds = 0): Promise<void> {
    return new Promise((resolve, reject) => {
      pending.add({
        name: `${participant.name} ${before}`,
        first: true,
        seconds,
        resolve() {
          now += seconds
          if (seconds > 0) spec.timePasses()
          participant.past = numberOf(participant.past, before, shared(), now)
          resolve()
        },
        reject,
      })
    })
  }

  const deployment: Deployment = {
    code: prepared.code,
    first,
    ended: spec.ended,
    doubted: spec.doubted,
    dump: prepared.grant.refresh ?? { seed: '', r_hash: '', generation: 0, replaced_at: [] },
    another: prepared.another,
    place() {
      const place = { ...first }
      places.push(place)
      return place
    },
    async refresh(actor, tokens, firstInstance) {
      for (let on = firstInstance; ; on++) {
        const { refresh_token } = tokens
        const reply = await actor.ask({ kind: 'refresh', token: refresh_token }, on % processes.length)
        if (reply.kind === 'lost' || reply.kind === 'unavailable') continue
        if (reply.kind === 'tokens') {
          Object.assign(tokens, { refresh_token: reply.refresh_token, access_token: reply.access_token })
        } else if (!spec.ended() && !scenario.stolen) {
          fail('an honest client was refused')
        }
        return
      }
    },
  }

  function crash(process: Process): void {
    for (const request of process.requests) {
      for (const one of request.waitsFor) {
        pending.delete(one)
        if (writes(one)) late.add(one)
      }
      replies.push({ request, reply: { kind: 'lost' } })
    }
    processes[process.index] = start(process.index, process.options, `instance ${process.index}, again`)
  }

  /** Adds a choice that takes one of the faults. */
  function addFault(choices: Choices, name: string, strike: () => void): void {
    if (faults === 0) return
    choices.set(name, () => {
      faults--
      strike()
    })
  }

  function choicesOfReply(choices: Choices, { request, reply }: (typeof replies)[number]): void {
    const receive = (what: Reply) => () => {
      replies.shift()
      request.receive(what)
    }
    choices.set(`${request.name}: the client receives ${reply.kind}`, receive(reply))
    if (reply.kind !== 'lost')
      addFault(choices, `${request.name}: ${reply.kind} is lost`, receive({ kind: 'lost' }))
  }

  function choicesOfStore(choices: Choices, one: Pending, request: Request): void {
    const { name, held } = one
    if (held) {
      choices.set(`${name} replies`, () => reply(one, held.result))
      return
    }
    choices.set(name, () => reply(one, takeEffect(one)))
    // What follows a reply has a moment of its own, so that only time makes it matter when a reply comes; and what
    // follows a write does not look at the clock.
    const nextLeap = leaps[leapt] ?? Number.POSITIVE_INFINITY
    if (nextLeap <= longestRequest && !writes(one)) {
      choices.set(`${name} has not replied yet`, () => {
        one.held = { result: takeEffect(one) }
      })
    }
    if (writes(one)) {
      addFault(choices, `${name} fails, or seems to`, () => {
        late.add(one)
        tell(one, 'fails', () => one.reject(noReply))
      })
    }
    // At a later read it is as if the instance crashed.
    if (writes(one) || one.first) {
      addFault(choices, `${name} is where the store goes away`, () => {
        if (writes(one)) late.add(one)
        request.cutOff = true
        request.excuse = 'the store is away'
        tell(one, 'goes away', () => one.reject(noReply))
      })
    }
  }

  function choicesOfProvider(choices: Choices, one: Pending, request: Request): void {
    for (const answer of scenario.provider ?? []) {
      choices.set(`${one.name} ${answer}`, () =>
        tell(one, answer, () => {
          request.denied = answer === 'refuses'
          if (answer === 'allows') one.resolve({ sub: '1', claims: {} } satisfies Identity)
          else one.reject(answer === 'refuses' ? new AccessDenied('Not any more.') : new Error('out'))
        }),
      )
    }
  }

  function choices(): Choices {
    const found: Choices = new Map()
    if (over || violation !== undefined) return found
    const [next] = replies
    // Nobody else cares when a client receives its answer, and what it does then has a moment of its own.
    if (next) {
      choicesOfReply(found, next)
      return found
    }
    const idle = processes.every(({ requests }) => requests.size === 0)
    for (const one of pending) {
      const { request, operation } = one
      if (request && operation) choicesOfStore(found, one, request)
      else if (request) choicesOfProvider(found, one, request)
      else if (!one.seconds || idle) found.set(one.name, () => tell(one, '', () => one.resolve(undefined)))
    }
    for (const one of late) {
      if (!matters(one)) continue
      found.set(`${one.name} takes effect late`, () => {
        late.delete(one)
        takeEffect(one)
        seen.add(`late ${one.operation?.kind}`)
      })
    }
    for (const process of processes) {
      if (process.requests.size > 0) addFault(found, `${process.name} crashes`, () => crash(process))
    }
    const losses = lost ? 0 : store.lossOf(grantStorageKey, Math.min(losesWrites, lossable))
    for (let writes = 1; writes <= losses; writes++) {
      found.set(`the store loses ${writes} writes`, () => {
        lost = true
        seen.add('the store loses writes')
        store.lose(grantStorageKey, writes)
        spec.lost(writes)
      })
    }
    const leap = leaps[leapt]
    if (leap !== undefined && (idle || leap <= longestRequest)) {
      found.set(`${leap} seconds pass`, () => {
        leapt++
        now += leap
        spec.timePasses()
      })
    }
    if (participants.every(({ finished }) => finished)) {
      found.set('that is all', () => {
        over = true
      })
    }
    return found
  }

  const matters = ({ operation }: Pending) => operation !== undefined && store.matters(operation, now)

  async function settle(): Promise<void> {
    await everyPromiseContinued()
    for (let turn = 0; !everybodyWaits(); turn++) {
      if (turn === 1000) throw new Error(`${acting?.name} waits for something that the model does not lead`)
      await new Promise((resolve) => setImmediate(resolve))
    }
    acting = undefined
    for (const one of pending) {
      const { operation, grant } = one
      if (operation?.kind === 'put' && operation.key === grantStorageKey && !grant) {
        one.grant = opened(operation.value)
      }
    }
  }

  const everybodyWaits = () =>
    processes.every(({ requests }) => [...requests].every(({ waitsFor }) => waitsFor.size > 0))

  function opened(sealed: string): GrantRecord {
    const known = prepared.grants.get(sealed)
    if (known) return known
    const { v } = JSON.parse(prepared.observer.open(grantStorageKey, sealed)) as { v: GrantRecord }
    prepared.grants.set(sealed, v)
    return v
  }

  /** Everything has happened: what do the tokens do now? */
  async function conclude(): Promise<void> {
    await compareAges()
    if (rotationsReported > spec.rotations()) fail('one rotation was reported twice')
    const theirs = scenario.stolen && !spec.ended() ? [] : spec.ended() ? handedOut : places
    const expected = spec.ended() ? ['refused', 'inactive'] : ['tokens', 'active']
    const { records, answer } = witness(store)
    for (const { refresh_token, access_token } of theirs) {
      if (refresh_token === '') continue
      const refreshed = await answer({ kind: 'refresh', token: refresh_token })
      const used = await answer({ kind: 'use', access_token })
      const got = [refreshed.kind, used.kind]
      if (got.join() !== expected.join()) fail(`in the end tokens are ${got} instead of ${expected}`)
    }
    const { owner, connection } = prepared.grant
    if (spec.ended() && connection !== undefined && faults === scenario.faults) {
      const left = await records.get(connectionKey(owner, connection))
      if (left) fail('the grant has ended, and its connection is left')
    }
  }

  async function compareAges(): Promise<void> {
    const unfair = await treatedWorse(
      handedOut.map(({ refresh_token }) => refresh_token),
      store,
      now,
      (copy, token) => witness(copy).answer({ kind: 'refresh', token }),
    )
    if (unfair !== undefined) fail(`generation ${unfair} is treated worse than an older one`)
  }

  /** An instance that is alone, and that nobody watches. */
  function witness(over: ModelStore) {
    random.drawFrom({ name: 'conclusion', drawn: 0 })
    const alone = instance({
      config,
      secret: [secrets.old, secrets.new],
      storage: immediately(over, now),
      clock: standingAt(now),
      random: random.bytes,
      broken: { ...(broken.random && { random: broken.random }) },
      identify: async () => ({ sub: '1', claims: {} }),
    })
    return { records: alone.records, answer: (presented: Presented) => answerOf(alone, presented) }
  }

  function state(): string {
    return [
      over,
      now,
      faults,
      lost || lossable,
      rotationsReported,
      store.state(),
      spec.state(),
      shared(),
      // Requests of one process have in common when the client was last noted as in use; and a cache of what each
      // version holds, which changes nothing.
      ...(registered ? processes.map(({ past }) => past) : []),
      ...processes.flatMap(({ requests }) => [...requests].map(({ past }) => past)),
      ...participants.map(({ past, finished }) => (finished ? 'finished' : past)),
      ...[...pending].flatMap(({ name, held }) => (held ? `${name} ${JSON.stringify(held)}` : [])).sort(),
      ...[...late].flatMap((one) => (matters(one) ? one.name : [])).sort(),
      ...replies.map(({ request, reply }) => `${request.name} ${JSON.stringify(reply)}`),
    ].join('\n')
  }

  for (const [name, program] of Object.entries(scenario.programs(deployment))) {
    const participant: Participant = { name, requests: 0, past: numberOf(name), finished: false }
    participants.push(participant)
    const actor: Actor = {
      ask: (presented, on) => ask(participant, presented, on),
      pause: (before, seconds) => pause(participant, before, seconds),
    }
    void program(actor).then(
      () => {
        participant.finished = true
      },
      (error) => fail(`${name} broke: ${error}`),
    )
    // One at a time, so that whoever asks for something is known.
    await settle()
  }
  return { choices, settle, state, conclude, violation: () => violation }
}

function writes({ operation, held }: Pending): boolean {
  return !held && (operation?.kind === 'put' || operation?.kind === 'delete')
}

/** Resolves when every promise that can be continued has been: Node turns to its ticks after its promises. */
function everyPromiseContinued(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve)
  })
}

import type { RefreshPolicy } from '../src/engine/refresh-history.ts'
import { parseRefreshToken } from '../src/engine/token-format.ts'
import type { GrantRecord } from '../src/records/grant.ts'
import type { Answer, Presented } from './scenario.fixture.ts'

/** A request under way, as the specification follows it. */
export interface Watched {
  readonly name: string
  readonly presented: Presented
  /** Unix seconds. */
  readonly began: number
  /** Every answer that was right at some moment since it began. */
  readonly right: Set<string>
  /** Why it may be answered 503. */
  excuse: string | undefined
  /** The provider refused the person. */
  denied: boolean
}

/**
 * One grant as RFC 9700 4.14.2 wants it and as users are promised: who holds which token, since when it is replaced, by
 * the one true time. It remembers every token there ever was, and knows nothing of how the engine remembers. A request
 * may be answered as was right at some moment while it was under way, and not otherwise. Where the clocks of instances
 * leave open whether a limit is reached, either answer is right.
 */
export interface Specification {
  begins(request: Watched): void
  timePasses(): void
  /** What a request wrote has taken effect in the store. */
  wrote(grant: Readonly<GrantRecord>, by: Watched): void
  /** The store has lost so many of the last writes to the grant. */
  lost(writes: number): void
  deleted(): void
  /** The request is about to end the grant. */
  ends(request: Watched): void
  answered(request: Watched, answer: Answer): void
  /** Generations made. */
  rotations(): number
  ended(): boolean
  doubted(): boolean
  state(): string
}

/** A moment, known as well as can be: between the beginning of a request and the end of its work. Unix seconds. */
interface Moment {
  earliest: number
  latest: number
}

/** What the store may lose. */
interface Known {
  generation: number
  /** When each generation was replaced by the next one. */
  replaced: ReadonlyMap<number, Moment>
  /** For each generation, what answers it gave, late, to holders of the one before. */
  late: ReadonlyMap<number, Late>
  redeemed: (Moment & { by: string }) | undefined
  doubt: (Moment & { limited: boolean }) | undefined
}

interface Late {
  /** Requests that may have been given one. */
  possible: readonly string[]
  /** When that was first possible, and last. */
  since: number
  until: number
  /** When one was given without any doubt: the first, and the last. */
  certain?: { since: number; until: number }
}

const day = 86_400
/** Seconds after its redemption for which a repeated code may be a retry. */
const retriedCode = 60
/** Rotations within the window after which the current token is answered again. */
const held = 8

export function specification(options: {
  grant: Readonly<GrantRecord>
  policy: RefreshPolicy
  /** Seconds by which clocks of instances differ at most. */
  clockSkew: number
  /** The true time, in Unix seconds. */
  now(): number
  /** What is said of a token that leads to nothing. */
  nothing: string
  /** Tells what must not happen, and did. */
  fail(what: string): void
}): Specification {
  const { policy, clockSkew: skew, now, nothing, fail } = options
  const underWay = new Set<Watched>()
  /** The one token of each generation, for ever. */
  const tokens = new Map<number, string>()
  /** Sign-ins that began when the grant was doubtful. */
  const foundDoubt = new Set<Watched>()
  const past: Known[] = []
  /** When each generation was first replaced, whether the store still knows of it or not. */
  const everReplaced = new Map<number, number>()
  let known: Known = {
    generation: -1,
    replaced: new Map(),
    late: new Map(),
    redeemed: undefined,
    doubt: undefined,
  }
  let rotations = 0
  let lostWrites = false
  let ended = false

  const mayBeOver = (moment: Moment, limit: number) => now() - moment.earliest > limit
  const mustBeOver = ({ latest }: Moment, limit: number) => now() - latest > limit + 2 * skew
  const doubtMayBeOver = () => known.doubt?.limited === true && now() - known.doubt.earliest >= day - skew
  const doubtMustBeOver = () => known.doubt?.limited === true && now() - known.doubt.latest >= day + 2 * skew

  /** `doubted`: refused, and the grant is doubtful. `ended`: refused, and with it the grant ends. */
  function rightNow(request: Watched): string[] {
    const { presented } = request
    if (presented.kind === 'revoke' || presented.kind === 'reseal') return ['done']
    if (presented.kind === 'sign-in')
      return known.doubt && !presented.redirect_uri ? ['done', 'ended'] : ['done']
    const over = presented.kind === 'use' ? 'inactive' : 'refused'
    if (ended || doubtMustBeOver()) return [over]
    const right = rightIfThere(request)
    return doubtMayBeOver() ? [...right, over] : right
  }

  function rightIfThere(request: Watched): string[] {
    const { presented } = request
    if (presented.kind === 'use') return ['active']
    if (presented.kind === 'redeem') return rightRedemption(request)
    if (presented.kind !== 'refresh') return []
    if (presented.forged) return ['refused']
    const generation = generationOf(presented.token)
    const behind = known.generation - generation
    if (behind < 0) return []
    if (behind === 0) return mayBeHeld() ? [current()] : []
    const replaced = known.replaced.get(generation)
    if (!replaced) return []
    return behind === 1 ? rightJustReplaced(request, replaced) : rightOlder(generation, replaced)
  }

  const current = () => `tokens ${known.generation}`

  function rightRedemption(request: Watched): string[] {
    const { redeemed } = known
    // It has to change the grant first.
    if (!redeemed) return []
    // Its own redemption is no replay, even where it cannot see at first whose it was.
    if (redeemed.by === request.name) return ['tokens 0']
    return [
      ...(mustBeOver(redeemed, retriedCode) ? [] : ['doubted']),
      ...(mayBeOver(redeemed, retriedCode) ? ['ended'] : []),
    ]
  }

  /** Answered again only while so many rotations were made in so short a time, or when the operator wants fewer. */
  function mayBeHeld(): boolean {
    const { generation, replaced } = known
    const first = replaced.get(generation - held)
    const last = replaced.get(generation - 1)
    return (
      (first !== undefined &&
        now() - whenLearnt(generation - held, first).latest <= policy.window + 3 * skew) ||
      (last !== undefined && policy.rotateEvery > 0 && now() - last.latest < policy.rotateEvery + skew)
    )
  }

  /** Whoever has the token before the current one may have lost an answer, once in a while. */
  function rightJustReplaced(request: Watched, replaced: Moment): string[] {
    const { window, lostResponse } = policy
    if (!mayBeOver(replaced, window)) return [current()]
    const generation = known.generation
    const withinWindow = !mustBeOver(replaced, window)
    const before = known.late.get(generation)
    const others = before?.possible.some((name) => name !== request.name) ?? false
    const streak = streakBefore(generation)
    const inAllowance = !mustBeOver(replaced, lostResponse) && (others || !streak.mustBeOver)
    if (withinWindow || inAllowance) noteLate(request)
    const mayBeRefused = mayBeOver(replaced, lostResponse) || (streak.mayBeOver && !before?.certain)
    return [...(withinWindow || inAllowance ? [current()] : []), ...(mayBeRefused ? ['doubted'] : [])]
  }

  /** Two who hold tokens of one grant, unless the successor was handed out a moment ago. */
  function rightOlder(generation: number, replaced: Moment): string[] {
    const learnt = whenLearnt(generation, replaced)
    return [
      ...(mustBeOver(learnt, policy.window) ? [] : [current()]),
      ...(mayBeOver(learnt, policy.window) ? ['ended'] : []),
    ]
  }

  /** When the last of its holders that was answered in time was told of the successor. */
  function whenLearnt(generation: number, replaced: Moment): Moment {
    const late = known.late.get(generation + 1)
    return {
      earliest: Math.max(replaced.earliest, late?.certain?.until ?? 0),
      latest: Math.max(replaced.latest, late?.until ?? 0),
    }
  }

  /** Late answers in consecutive generations, up to the one before. */
  function streakBefore(generation: number): { mayBeOver: boolean; mustBeOver: boolean } {
    let possible = 0
    let certain = 0
    let since = { possible: now(), certain: now() }
    let unbroken = true
    for (let of = generation - 1; ; of--) {
      const late = known.late.get(of)
      if (!late) break
      possible++
      since = { ...since, possible: late.since }
      if (!late.certain) unbroken = false
      if (!unbroken || !late.certain) continue
      certain++
      since = { ...since, certain: late.certain.since }
    }
    const { streak, streakCount } = policy
    return {
      mayBeOver: possible >= streakCount && now() - since.possible > streak,
      mustBeOver: certain >= streakCount && now() - since.certain > streak + 2 * skew,
    }
  }

  function noteLate({ name }: Watched): void {
    const of = known.generation
    const before = known.late.get(of)
    const possible = before?.possible.includes(name) ? before.possible : [...(before?.possible ?? []), name]
    const late: Late = { since: now(), ...before, until: now(), possible }
    known = { ...known, late: new Map(known.late).set(of, late) }
  }

  /** The answer arrived, so that whoever else has the old token may have it from there. */
  function noteCertainlyLate({ began }: Watched, generation: number): void {
    const replaced = known.replaced.get(generation - 1)
    const late = known.late.get(generation)
    if (!replaced || !late || began - replaced.latest <= policy.window + 2 * skew) return
    const certain = { since: now(), ...late.certain, until: began }
    known = { ...known, late: new Map(known.late).set(generation, { ...late, certain }) }
  }

  function look(): void {
    for (const request of underWay) for (const right of rightNow(request)) request.right.add(right)
  }

  function follow(grant: Readonly<GrantRecord>, by?: Watched): void {
    const { code, refresh, doubt } = grant
    const moment = { earliest: by?.began ?? now(), latest: now() }
    if (!known.redeemed && code.redeemed_at !== undefined) {
      known = { ...known, redeemed: { ...moment, by: by?.name ?? '' } }
    }
    if (known.doubt && !doubt) fail(`${by?.name} forgot that the grant is doubtful`)
    // After a refresh for a day at most; after a code that came twice until a sign-in.
    const limited = by?.presented.kind === 'refresh'
    if (doubt && (!known.doubt || (limited && !known.doubt.limited && by.right.has('doubted')))) {
      if (!by?.right.has('doubted')) fail(`${by?.name} doubted the grant without a reason`)
      known = { ...known, doubt: { ...moment, limited } }
    }
    if (refresh) followRefresh(refresh.generation, moment, by)
  }

  function followRefresh(generation: number, moment: Moment, by?: Watched): void {
    const before = known.generation
    if (generation === before) return
    const presented =
      by?.presented.kind === 'refresh' && !by.presented.forged ? generationOf(by.presented.token) : Number.NaN
    const first = before === -1 && generation === 0
    const next = generation === before + 1 && presented === before
    const adopted = lostWrites && presented > before && generation - presented <= 1 && generation >= presented
    if (!first && !next && !adopted) fail(`${by?.name} made ${generation} of ${before}`)
    const replaced = new Map(known.replaced)
    if (!first) {
      for (let one = before; one < generation; one++) {
        // Nobody honest is so many behind within the window, so that what the store forgot of it need not be made good.
        const earliest = one < presented - held ? (everReplaced.get(one) ?? moment.earliest) : moment.earliest
        replaced.set(one, { ...moment, earliest })
        if (!everReplaced.has(one)) everReplaced.set(one, moment.earliest)
      }
    }
    const late = new Map([...known.late].filter(([one]) => one <= before))
    known = { ...known, generation, replaced, late }
    if (!first) rotations++
    by?.right.add(current())
  }

  function answeredTokens({ name, right, denied, presented }: Watched, refresh_token: string): void {
    const got = generationOf(refresh_token)
    const before = tokens.get(got)
    if (before !== undefined && before !== refresh_token) fail(`there are two tokens of generation ${got}`)
    tokens.set(got, refresh_token)
    if (denied) fail(`${name} was answered, and the provider had refused the person`)
    if (!right.has(`tokens ${got}`)) fail(`${name} was answered tokens ${got} instead of ${list(right)}`)
    if (presented.kind === 'refresh' && generationOf(presented.token) > got) fail(`${name} was set back`)
  }

  function answeredRefused({ name, right, presented }: Watched, description: string): void {
    if ('forged' in presented && presented.forged && description !== nothing) {
      fail(`${name} was told that it is near: ${description}`)
    }
    const isOver = ended && (right.has('ended') || right.has('doubted'))
    if (right.has('refused') || isOver || (right.has('doubted') && known.doubt)) return
    if (right.has('ended')) fail(`${name} showed two holders, and the grant goes on`)
    else if (right.has('doubted')) fail(`${name} was refused, and the grant is not doubtful`)
    else fail(`${name} was refused instead of ${list(right)}`)
  }

  follow(options.grant)

  return {
    begins(request) {
      underWay.add(request)
      const { presented } = request
      if (presented.kind === 'sign-in' && !presented.redirect_uri && known.doubt) foundDoubt.add(request)
      look()
    },
    timePasses: look,
    wrote(grant, by) {
      // What has ended stays so, whatever the store says by now.
      if (ended) return
      past.push(known)
      follow(grant, by)
      look()
    },
    lost(writes) {
      lostWrites = true
      known = past.splice(-writes)[0] ?? known
      look()
    },
    deleted() {
      ended = true
      look()
    },
    ends({ name, presented, right, denied }) {
      const revokes = presented.kind === 'revoke' && !presented.forged
      const isDue = right.has('ended') || doubtMayBeOver()
      if (!revokes && !denied && !isDue) fail(`${name} ended the grant without a reason`)
    },
    answered(request, answer) {
      underWay.delete(request)
      const { name, presented, right, excuse } = request
      if (answer.kind === 'unavailable') {
        if (excuse === undefined) fail(`${name} was answered 503 for nothing`)
      } else if (answer.kind === 'error') {
        fail(`${name} was answered ${answer.error}`)
      } else if (answer.kind === 'tokens') {
        answeredTokens(request, answer.refresh_token)
        const got = generationOf(answer.refresh_token)
        if (presented.kind === 'refresh' && generationOf(presented.token) === got - 1)
          noteCertainlyLate(request, got)
      } else if (answer.kind === 'refused') {
        answeredRefused(request, answer.description)
      } else if (!right.has(answer.kind)) {
        fail(`${name} was answered ${answer.kind} instead of ${list(right)}`)
      } else if (presented.kind === 'revoke' && !presented.forged && !ended && !doubtMayBeOver()) {
        fail(`${name} was answered 200, and the grant is still there`)
      } else if (foundDoubt.has(request) && !ended && !doubtMayBeOver()) {
        fail(`${name} was a sign-in, and the grant is still doubtful`)
      }
    },
    rotations: () => rotations,
    ended: () => ended,
    doubted: () => known.doubt !== undefined,
    state: () =>
      JSON.stringify([
        ended,
        known.generation,
        [...known.replaced],
        lostWrites && [...everReplaced],
        [...known.late],
        known.redeemed,
        known.doubt,
        [...tokens].sort(),
        [...foundDoubt].map(({ name }) => name),
        [...underWay]
          .map(({ name, began, right, excuse, denied }) => [name, began, list(right), excuse, denied])
          .sort(),
      ]),
  }
}

function generationOf(refresh_token: string): number {
  return parseRefreshToken(refresh_token)?.generation ?? Number.NaN
}

function list(right: ReadonlySet<string>): string {
  return [...right].sort().join(' or ') || 'nothing'
}

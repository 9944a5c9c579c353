import type { GrantRecord } from '../../records/grant.ts'
import { parseRefreshToken } from '../token-format.ts'
import type { Answer, Presented } from './scenario.fixture.ts'

/** A request under way, as the specification follows it. */
export interface Watched {
  readonly name: string
  readonly presented: Presented
  /** Unix seconds, on the instance that has it. */
  now(): number
  /** Every answer that was right at some moment since it began. */
  readonly right: Set<string>
  /** Why it may be answered 503. */
  excuse: string | undefined
  /** The provider refused the person. */
  denied: boolean
}

/**
 * One grant as the design and RFC 9700 4.14 want it, where everything happens at once. A request may be answered as was
 * right at some moment while it was under way, and not otherwise.
 */
export interface Specification {
  begins(request: Watched): void
  timePasses(): void
  /** What a request wrote has taken effect in the store. */
  wrote(grant: Readonly<GrantRecord>, by: Watched | undefined): void
  deleted(): void
  /** The request is about to end the grant. */
  ends(request: Watched): void
  answered(request: Watched, answer: Answer): void
  /** Generations made. */
  rotations(): number
  ended(): boolean
  state(): string
}

export function specification(options: {
  grant: Readonly<GrantRecord>
  /** Seconds, these three. */
  refreshWindow: number
  lostResponse: number
  clockSkew: number
  /** Tells what must not happen, and did. */
  fail(what: string): void
}): Specification {
  const { refreshWindow, lostResponse, clockSkew, fail } = options
  const underWay = new Set<Watched>()
  /** When each generation was made. */
  const madeAt = new Map<number, number>()
  /** The one token of each generation. */
  const tokens = new Map<number, string>()
  let generation = -1
  let hash = ''
  let redeemedAt: number | undefined
  let redeemedBy: Watched | undefined
  let ended = false

  /** `undefined`: it has to change the grant first. `ended`: refused, and with it the grant ends. */
  function rightNow(request: Watched): string | undefined {
    const { presented } = request
    switch (presented.kind) {
      case 'revoke':
      case 'reseal':
        return 'done'
      case 'use':
        return ended ? 'inactive' : 'active'
      case 'redeem':
        if (ended) return 'refused'
        if (redeemedAt === undefined) return undefined
        // Its own redemption is no replay, even where it cannot see at first whose it was.
        if (request === redeemedBy) return 'tokens 0'
        return request.now() - redeemedAt > clockSkew ? 'ended' : 'refused'
      case 'refresh':
        return ended || presented.forged ? 'refused' : rightRefresh(presented.token, request.now())
    }
  }

  function rightRefresh(token: string, at: number): string | undefined {
    const presented = generationOf(token)
    const distance = generation - presented
    if (distance <= 0) return undefined
    const age = at - (madeAt.get(presented + 1) ?? Number.NaN)
    if (distance === 1) return age <= lostResponse ? `tokens ${generation}` : 'refused'
    return age <= refreshWindow + clockSkew ? `tokens ${generation}` : 'ended'
  }

  function look(): void {
    for (const request of underWay) {
      const right = rightNow(request)
      if (right !== undefined) request.right.add(right)
    }
  }

  function rotated(to: number, at: number): void {
    madeAt.set(to, at)
    // Whoever made it may say so, however long ago it looked at the clock.
    for (const { presented, right } of underWay) {
      if (presented.kind === 'refresh' && generationOf(presented.token) === to - 1) right.add(`tokens ${to}`)
    }
  }

  function follow({ code, refresh }: Readonly<GrantRecord>, by?: Watched): void {
    if (redeemedAt === undefined && code.redeemed_at !== undefined) {
      redeemedAt = code.redeemed_at
      redeemedBy = by
    }
    if (!refresh) return
    if (refresh.generation === generation) {
      if (refresh.current_hash !== hash) fail(`generation ${generation} was made twice`)
      return
    }
    if (refresh.generation !== generation + 1) fail(`${generation} was followed by ${refresh.generation}`)
    generation = refresh.generation
    hash = refresh.current_hash
    const last = refresh.rotations.at(-1)
    if (last) rotated(generation, last.at)
  }

  function answeredTokens({ name, right, denied }: Watched, refresh_token: string): void {
    const got = generationOf(refresh_token)
    const known = tokens.get(got)
    if (known !== undefined && known !== refresh_token) fail(`there are two tokens of generation ${got}`)
    tokens.set(got, refresh_token)
    if (denied) fail(`${name} was answered, and the provider had refused the person`)
    if (!right.has(`tokens ${got}`)) fail(`${name} was answered tokens ${got} instead of ${list(right)}`)
  }

  follow(options.grant)

  return {
    begins(request) {
      underWay.add(request)
      look()
    },
    timePasses: look,
    wrote(grant, by) {
      // What has ended stays so, whatever the store says by now.
      if (ended) return
      follow(grant, by)
      look()
    },
    deleted() {
      ended = true
      look()
    },
    ends({ name, presented, right, denied }) {
      const revokes = presented.kind === 'revoke' && !presented.forged
      if (!revokes && !denied && !right.has('ended')) fail(`${name} ended the grant without a reason`)
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
      } else if (answer.kind === 'refused') {
        if (!right.has('refused') && !right.has('ended'))
          fail(`${name} was refused instead of ${list(right)}`)
        if (!right.has('refused') && !ended) fail(`${name} showed two holders, and the grant goes on`)
      } else if (!right.has(answer.kind)) {
        fail(`${name} was answered ${answer.kind} instead of ${list(right)}`)
      } else if (presented.kind === 'revoke' && !presented.forged && !ended) {
        fail(`${name} was answered 200, and the grant is still there`)
      }
    },
    rotations: () => madeAt.size,
    ended: () => ended,
    state: () =>
      [
        ended,
        hash,
        redeemedAt,
        redeemedBy?.name,
        [...madeAt].sort(),
        [...tokens].sort(),
        [...underWay]
          .map(({ name, right, excuse, denied }) => `${name} ${list(right)} ${excuse} ${denied}`)
          .sort(),
      ].join(),
  }
}

function generationOf(refresh_token: string): number {
  return parseRefreshToken(refresh_token)?.generation ?? Number.NaN
}

function list(right: ReadonlySet<string>): string {
  return [...right].sort().join(' or ') || 'nothing'
}

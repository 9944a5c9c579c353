import type { GrantRecord } from '../../records/grant.ts'
import { parseRefreshToken } from '../token-format.ts'
import type { Answer } from './world.fixture.ts'

/** What a request presents. */
export type Presented =
  | { kind: 'refresh'; token: string }
  | { kind: 'code'; code: string }
  | { kind: 'revoke'; token: string }
  | { kind: 'use'; access_token: string }

/** A request under way, as the specification follows it. */
export interface Watched {
  readonly name: string
  readonly presented: Presented
  /** It was made up: it is refused, and changes nothing. */
  readonly forged: boolean
  /** Every answer that was right at some moment since the request began. */
  readonly right: Set<string>
  /** Why it may be answered 503. */
  excuse: string | undefined
  /** The provider said no while it waited. */
  denied: boolean
}

export interface Specification {
  begins(request: Watched): void
  /** Time has passed. */
  timePasses(): void
  /** What took effect in the store. */
  wrote(record: GrantRecord): void
  deleted(): void
  /** The request was answered. */
  answered(request: Watched, answer: Answer): void
  rotations(): number
  ended(): boolean
  state(): string
}

/**
 * One grant as design and RFC 9700 4.14 want it, where everything happens at once. A request may be answered as was
 * right at any one moment while it was under way, and not otherwise.
 */
export function specification(options: {
  begin: Readonly<GrantRecord>
  /** Unix seconds, as the instance reads them that this request went to. */
  now(request: Watched): number
  refreshWindow: number
  lostResponse: number
  /** Seconds by which clocks may differ. */
  skew: number
  fail(what: string): void
}): Specification {
  const { now, refreshWindow, lostResponse, skew, fail } = options
  const underWay = new Set<Watched>()
  /** When each generation was rotated to. */
  const rotatedAt = new Map<number, number>()
  /** The one token of each generation. */
  const tokens = new Map<number, string>()
  let { hash, generation } = { hash: '', generation: -1 }
  let redeemedAt: number | undefined
  let ended = false

  function rightNow(request: Watched): string | undefined {
    const { presented } = request
    if (presented.kind === 'revoke') return undefined
    if (presented.kind === 'use') return ended ? 'inactive' : 'active'
    if (ended || request.forged) return 'refused'
    if (presented.kind === 'code') {
      if (redeemedAt === undefined) return undefined
      return now(request) - redeemedAt > skew ? 'ended' : 'refused'
    }
    const from = parseRefreshToken(presented.token)?.generation ?? -1
    const distance = generation - from
    // It must rotate first.
    if (distance <= 0) return undefined
    const age = now(request) - (rotatedAt.get(from + 1) ?? Number.NaN)
    if (distance === 1) {
      return age <= Math.max(refreshWindow, lostResponse) ? `tokens ${generation}` : 'refused'
    }
    return age <= refreshWindow + skew ? `tokens ${generation}` : 'ended'
  }

  function look(): void {
    for (const request of underWay) {
      const right = rightNow(request)
      if (right !== undefined) request.right.add(right)
    }
  }

  function wrote(record: GrantRecord): void {
    const { code, refresh } = record
    if (code.redeemed_at !== undefined && redeemedAt === undefined) {
      redeemedAt = code.redeemed_at
      for (const request of underWay) if (request.presented.kind === 'code') request.right.add('tokens 0')
    }
    if (!refresh) return
    const last = refresh.rotations.at(-1)
    if (refresh.generation === generation) {
      if (refresh.current_hash !== hash) fail(`generation ${generation} was made twice`)
    } else if (generation >= 0 && refresh.generation !== generation + 1) {
      fail(`generation ${generation} was followed by ${refresh.generation}`)
    }
    hash = refresh.current_hash
    generation = refresh.generation
    if (last) rotatedAt.set(last.generation, last.at)
  }

  for (const rotation of options.begin.refresh?.rotations ?? [])
    rotatedAt.set(rotation.generation, rotation.at)
  wrote(options.begin)

  function oneTokenPerGeneration(token: string): number {
    const parsed = parseRefreshToken(token)
    if (!parsed) {
      fail(`a refresh token that is none: ${token}`)
      return -1
    }
    const known = tokens.get(parsed.generation)
    if (known !== undefined && known !== token) fail(`two tokens of generation ${parsed.generation}`)
    tokens.set(parsed.generation, token)
    return parsed.generation
  }

  return {
    begins(request) {
      underWay.add(request)
      look()
    },
    timePasses: look,
    wrote(record) {
      // Once ended, ended for ever, whatever the store now says.
      if (ended) return
      wrote(record)
      look()
    },
    deleted() {
      ended = true
      look()
    },
    answered(request, answer) {
      underWay.delete(request)
      const { name, right, presented } = request
      const expected = `${name} was answered ${describe(answer)}; right would have been ${[...right].join(' or ')}`
      if (answer.kind === 'unavailable') {
        if (request.excuse === undefined) fail(`${name} was answered 503 without a reason`)
        return
      }
      if (answer.kind === 'error') {
        fail(`${name} was answered ${answer.error}`)
        return
      }
      if (presented.kind === 'revoke') {
        if (answer.kind !== 'revoked') fail(expected)
        if (!ended && !request.forged) fail(`${name} was answered 200, and the grant is still there`)
        return
      }
      if (answer.kind === 'tokens') {
        if (request.denied) fail(`${name} was answered although the provider refused the person`)
        if (!right.has(`tokens ${oneTokenPerGeneration(answer.refresh_token)}`)) fail(expected)
        return
      }
      if (answer.kind === 'refused') {
        if (!right.has('refused') && !right.has('ended')) fail(expected)
        else if (!right.has('refused') && !ended) fail(`${name} showed two holders, and the grant goes on`)
        return
      }
      if (!right.has(answer.kind)) fail(expected)
    },
    rotations: () => rotatedAt.size,
    ended: () => ended,
    state: () =>
      [
        ended,
        generation,
        hash,
        redeemedAt,
        ...rotatedAt,
        ...tokens,
        ...[...underWay]
          .map(({ name, right, excuse, denied }) => [name, ...[...right].sort(), excuse, denied].join())
          .sort(),
      ].join(' '),
  }
}

function describe(answer: Answer): string {
  if (answer.kind !== 'tokens') return answer.kind
  return `tokens ${parseRefreshToken(answer.refresh_token)?.generation}`
}

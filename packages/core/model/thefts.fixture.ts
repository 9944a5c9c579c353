import type { Program, Scenario } from './scenario.fixture.ts'

type Programs = Scenario['programs']

const hour = 3600

/** The client refreshes twice. The thief has a copy of its first token, and when greedy uses what that brings, too. */
function thief({ greedy }: { greedy: boolean }): Programs {
  return ({ place, refresh, first, ended }) => {
    const tokens = place()
    return {
      async client(actor) {
        await refresh(actor, tokens, 0)
        if (ended()) return
        await actor.pause('refreshes again')
        await refresh(actor, tokens, 0)
      },
      async thief(actor) {
        await actor.pause('presents what it copied')
        const reply = await actor.ask({ kind: 'refresh', token: first.refresh_token }, 1)
        if (!greedy || reply.kind !== 'tokens') return
        await actor.pause('presents what that brought')
        await actor.ask({ kind: 'refresh', token: reply.refresh_token }, 0)
      },
    }
  }
}

/** The thief refreshes again and again, each time after so many seconds, and then the client comes with what it has. */
function rotating(waits: readonly number[], back: number): Programs {
  return ({ place, refresh }) => {
    const tokens = place()
    const stolen = { ...tokens }
    return {
      async thief(actor) {
        for (const [time, seconds] of waits.entries()) {
          if (seconds > 0) await actor.pause(`waits (${time})`, seconds)
          await refresh(actor, stolen, time % 2)
        }
      },
      async client(actor) {
        await actor.pause('is back', back)
        await refresh(actor, tokens, 1)
      },
    }
  }
}

/** Two take turns: each comes only after the other has moved on, `apart` seconds later, and is late every time. */
function turns(times: number, apart: number, between: number): Programs {
  return ({ place, refresh, ended, doubted }) => {
    const tokens = place()
    const stolen = { ...tokens }
    const both: Program = async (actor) => {
      for (let time = 0; time < times && !doubted(); time++) {
        await refresh(actor, tokens, 0)
        await actor.pause(`is late (${time})`, apart)
        await refresh(actor, stolen, 1)
        await actor.pause(`is away (${time})`, between)
      }
      if (!doubted() || ended()) return
      await actor.pause('waits for a day', 24 * hour + 121)
      await refresh(actor, tokens, 0)
      await actor.ask({ kind: 'use', access_token: tokens.access_token }, 1)
    }
    return { both }
  }
}

/** Somebody else has a copy of a refresh token. */
export const thefts = {
  'a thief with a copied token': {
    faults: 0,
    leaps: [241, 3000],
    ends: ['refresh_reused'],
    sees: [
      'refresh.replayed',
      'refresh.lost_response',
      'refresh.refused reused',
      'grant.ended refresh_reused',
    ],
    programs: thief({ greedy: true }),
  },
  'a thief with a copied token, and a client that is away for long': {
    faults: 0,
    leaps: [241, 3721],
    stolen: true,
    ends: ['refresh_reused'],
    sees: [
      'refresh.replayed',
      'refresh.lost_response',
      'refresh.refused superseded',
      'refresh.refused reused',
      'grant.ended refresh_reused',
    ],
    programs: thief({ greedy: true }),
  },
  'a thief with a copied token, while instances crash': {
    faults: 1,
    leaps: [601],
    ends: ['refresh_reused'],
    sees: ['refresh.refused reused', 'grant.ended refresh_reused', 'late put', 'late delete'],
    programs: thief({ greedy: false }),
  },
  'a thief that rotates many times at once': {
    faults: 0,
    instances: [{}, { ahead: 60 }],
    stolen: true,
    ends: ['refresh_reused'],
    sees: ['refresh.rotated', 'refresh.replayed', 'refresh.refused reused', 'grant.ended refresh_reused'],
    programs: rotating(Array(10).fill(0), 241),
  },
  'a thief that rotates for long': {
    faults: 0,
    instances: [{ ahead: 60 }, {}],
    stolen: true,
    ends: ['refresh_reused'],
    sees: ['refresh.rotated', 'refresh.refused reused', 'grant.ended refresh_reused'],
    programs: rotating(Array(20).fill(121), 0),
  },
  'a thief that rotates many times just before the client is back': {
    faults: 0,
    stolen: true,
    ends: ['refresh_reused'],
    sees: ['refresh.rotated', 'refresh.refused reused', 'grant.ended refresh_reused'],
    programs: rotating([0, 301, ...Array(9).fill(0)], 1),
  },
  'two who take turns within the hour': {
    faults: 0,
    instances: [{}, { ahead: 60 }],
    stolen: true,
    ends: ['doubtful'],
    sees: ['refresh.lost_response', 'refresh.refused streak', 'grant.doubted streak', 'use: inactive'],
    programs: turns(40, 1800, 1800),
  },
  'two who take turns once a day': {
    faults: 0,
    instances: [{ ahead: 60 }, {}],
    stolen: true,
    ends: ['doubtful'],
    sees: ['refresh.lost_response', 'refresh.refused streak', 'grant.doubted streak', 'use: inactive'],
    programs: turns(12, 3000, 20 * hour),
  },
} as const satisfies Readonly<Record<string, Scenario>>

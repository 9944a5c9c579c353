import type { Scenario } from './scenario.fixture.ts'

type Programs = Scenario['programs']

const day = 86_400

/** The client comes back with a token that somebody replaced long ago, and then the user signs in again. */
function superseded({ signIn }: { signIn: 'here' | 'elsewhere' | 'never' }): Programs {
  return ({ place, refresh, first }) => {
    const tokens = place()
    return {
      async thief(actor) {
        const stolen = { ...tokens }
        await refresh(actor, stolen, 0)
        await actor.pause('goes on')
        await refresh(actor, stolen, 1)
      },
      async client(actor) {
        await actor.pause('presents a token of long ago')
        await actor.ask({ kind: 'refresh', token: first.refresh_token }, 1)
        if (signIn === 'here') await actor.ask({ kind: 'sign-in' }, 0)
        if (signIn === 'elsewhere') {
          await actor.ask({ kind: 'sign-in', redirect_uri: 'https://other.test/callback' }, 0)
        }
      },
    }
  }
}

/** A code comes twice at once, and its grant is doubtful until the user signs in again, however long that takes. */
function replayedCode({ signIn }: { signIn: boolean }): Programs {
  return ({ place, refresh, code }) => {
    const tokens = place()
    return {
      async client(actor) {
        await actor.ask({ kind: 'redeem', code }, 1)
        await actor.pause('is away', 2 * day)
        await refresh(actor, tokens, 0)
      },
      async user(actor) {
        if (!signIn) return
        await actor.pause('signs in')
        await actor.ask({ kind: 'sign-in' }, 1)
      },
    }
  }
}

/** A grant of which somebody else may hold a part goes on for a while, and no longer. */
export const doubts = {
  'a doubtful grant, and a day': {
    faults: 1,
    leaps: [3721, day + 121],
    stolen: true,
    ends: ['refresh_reused', 'doubtful'],
    sees: ['refresh.refused superseded', 'grant.doubted superseded', 'refresh: refused', 'late put'],
    programs: superseded({ signIn: 'never' }),
  },
  'a doubtful grant, and a sign-in': {
    faults: 0,
    leaps: [3721],
    stolen: true,
    ends: ['refresh_reused', 'doubtful'],
    sees: ['grant.doubted superseded', 'grant.ended doubtful', 'sign-in: done'],
    programs: superseded({ signIn: 'here' }),
  },
  'a doubtful grant, and a sign-in elsewhere': {
    faults: 0,
    leaps: [3721],
    stolen: true,
    ends: ['refresh_reused'],
    sees: ['grant.doubted superseded', 'sign-in: done', 'refresh.rotated'],
    programs: superseded({ signIn: 'elsewhere' }),
  },
  'a code presented twice, and days': {
    faults: 0,
    sees: ['grant.doubted code_replayed', 'refresh.rotated'],
    programs: replayedCode({ signIn: false }),
  },
  'a code presented twice, and a sign-in': {
    faults: 0,
    ends: ['doubtful'],
    sees: ['grant.doubted code_replayed', 'grant.ended doubtful'],
    programs: replayedCode({ signIn: true }),
  },
} as const satisfies Readonly<Record<string, Scenario>>

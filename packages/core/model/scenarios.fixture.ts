import { refreshSecret } from '../src/engine/refresh-secret.ts'
import { formatRefreshToken, parseRefreshToken } from '../src/engine/token-format.ts'
import { doubts } from './doubts.fixture.ts'
import { secrets } from './instance.fixture.ts'
import { losses } from './losses.fixture.ts'
import type { Program, Scenario } from './scenario.fixture.ts'
import { thefts } from './thefts.fixture.ts'

type Programs = Scenario['programs']

const day = 86_400

/** One client that presents one token several times at once. */
function atOnce(requests: number): Programs {
  return ({ place, refresh }) => {
    const tokens = place()
    const program =
      (index: number): Program =>
      (actor) =>
        refresh(actor, tokens, index % 2)
    return Object.fromEntries(['A', 'B', 'C'].slice(0, requests).map((name, index) => [name, program(index)]))
  }
}

/** One process refreshes ten times in two minutes. The other has read the first token, and presents it in that time. */
const manyAtOnce: Programs = ({ place, refresh }) => {
  const tokens = place()
  const slow = place()
  return {
    async quick(actor) {
      for (let time = 0; time < 8; time++) await refresh(actor, tokens, 0)
      await actor.pause('is done for now', 62)
      for (let time = 0; time < 2; time++) await refresh(actor, tokens, 1)
      await actor.pause('is done again', 57)
    },
    async slow(actor) {
      await actor.pause('gets up')
      await refresh(actor, slow, 1)
    },
  }
}

/** Two processes of one client, with one file of tokens between them and no lock. */
function sharedFile(rounds: { A: number; B: number }): Programs {
  return ({ place, refresh }) => {
    const file = place()
    const client =
      (instance: number, times: number): Program =>
      async (actor) => {
        for (let time = 0; time < times; time++) {
          await actor.pause('reads the file')
          const tokens = { ...file }
          await refresh(actor, tokens, instance)
          await actor.pause('writes the file')
          Object.assign(file, tokens)
        }
      }
    return { A: client(0, rounds.A), B: client(1, rounds.B) }
  }
}

/** A client refreshes; somebody revokes until told that it is done, and then tries what there is. */
function revocation(by: 'refresh_token' | 'access_token'): Programs {
  return ({ place, refresh, first }) => {
    const tokens = place()
    return {
      client: (actor) => refresh(actor, tokens, 0),
      async user(actor) {
        for (let on = 1; ; on++) {
          const reply = await actor.ask({ kind: 'revoke', token: first[by] }, on % 2)
          if (reply.kind === 'done') break
        }
        await actor.ask({ kind: 'refresh', token: tokens.refresh_token }, 0)
        await actor.ask({ kind: 'use', access_token: first.access_token }, 0)
      },
    }
  }
}

/**
 * A client refreshes while somebody refreshes, or revokes, with tokens that were never issued: guessed; made of an older
 * token; made of all that the store and the server's secret give away; made of a token of another grant.
 */
const forgery: Programs = ({ place, refresh, first, dump, another }) => {
  const tokens = place()
  const genuine = parseRefreshToken(first.refresh_token)
  const foreign = parseRefreshToken(another.refresh_token)
  if (!genuine || !foreign) throw new Error('a first refresh token is none')
  const r = 'x'.repeat(22)
  const forged = [
    { ...genuine, secret: 'x'.repeat(43) },
    { ...genuine, generation: 1 },
    { ...genuine, generation: 5, secret: 'x'.repeat(43) },
    { ...genuine, r, secret: refreshSecret(dump.seed, r, 0) },
    {
      ...genuine,
      generation: 1,
      r: dump.r_hash.slice(0, 22),
      secret: refreshSecret(dump.seed, dump.r_hash.slice(0, 22), 1),
    },
    { ...foreign, grant: genuine.grant },
  ].map(formatRefreshToken)
  return {
    client: (actor) => refresh(actor, tokens, 0),
    async forger(actor) {
      for (const token of forged) {
        await actor.ask({ kind: 'refresh', token, forged: true }, 1)
        await actor.ask({ kind: 'revoke', token, forged: true }, 1)
      }
    },
  }
}

const replayedCode: Programs = ({ place, refresh, code }) => {
  const tokens = place()
  return {
    client: (actor) => refresh(actor, tokens, 0),
    async replayer(actor) {
      await actor.pause('presents the code again')
      await actor.ask({ kind: 'redeem', code }, 1)
    },
  }
}

/** Two windows of one client redeem one code. */
const twoRedemptions: Programs = ({ place, code }) => {
  const tokens = place()
  const client =
    (first: number): Program =>
    async (actor) => {
      for (let on = first; ; on++) {
        const reply = await actor.ask({ kind: 'redeem', code }, on % 2)
        if (reply.kind === 'lost' || reply.kind === 'unavailable') continue
        if (reply.kind === 'tokens') Object.assign(tokens, reply)
        return
      }
    }
  return { 'client A': client(0), 'client B': client(1) }
}

function maintenance({ second }: { second: number }): Programs {
  return ({ place, refresh }) => {
    const tokens = place()
    return {
      A: (actor) => refresh(actor, tokens, 0),
      B: (actor) => refresh(actor, tokens, second),
      async maintenance(actor) {
        await actor.ask({ kind: 'reseal' }, 1)
      },
    }
  }
}

/** Each begins with one grant whose code is redeemed, unless it says otherwise. */
export const scenarios = {
  ...thefts,
  ...doubts,
  ...losses,
  'two refreshes at once': {
    faults: 2,
    sees: ['refresh: tokens', 'refresh: unavailable', 'refresh.rotated', 'refresh.replayed', 'late put'],
    programs: atOnce(2),
  },
  'three refreshes at once': {
    faults: 1,
    sees: ['refresh.rotated', 'refresh.replayed', 'late put'],
    programs: atOnce(3),
  },
  'three refreshes at once while time passes, and clocks differ': {
    faults: 0,
    leaps: [119],
    instances: [{}, { ahead: 60 }],
    sees: ['refresh.rotated', 'refresh.replayed'],
    programs: atOnce(3),
  },
  'two refreshes at once of a client whose use is noted': {
    faults: 0,
    registered: true,
    sees: ['refresh.rotated', 'refresh.replayed'],
    programs: atOnce(2),
  },
  'a client that keeps its token for a while': {
    faults: 0,
    refresh: { rotateEvery: 90 },
    leaps: [100],
    instances: [{}, { ahead: 60 }],
    sees: ['refresh.rotated', 'refresh.replayed'],
    programs: sharedFile({ A: 2, B: 1 }),
  },
  'a client that rotates many times at once, and has a slow process': {
    faults: 0,
    instances: [{}, { ahead: 60 }],
    sees: ['refresh.rotated', 'refresh.replayed'],
    programs: manyAtOnce,
  },
  'a client that loses answers for most of an hour': {
    faults: 2,
    leaps: [241, 3300],
    sees: ['refresh.rotated', 'refresh.replayed', 'refresh.lost_response', 'late put'],
    programs: atOnce(1),
  },
  'two clients with one file': {
    faults: 1,
    sees: ['refresh.rotated', 'refresh.replayed', 'late put'],
    programs: sharedFile({ A: 1, B: 1 }),
  },
  'two clients with one file, again and again': {
    faults: 0,
    sees: ['refresh.rotated', 'refresh.replayed'],
    programs: sharedFile({ A: 2, B: 2 }),
  },
  'two clients with one file while time passes, and clocks differ': {
    faults: 0,
    leaps: [100],
    instances: [{}, { ahead: 60 }],
    sees: ['refresh.rotated', 'refresh.replayed'],
    programs: sharedFile({ A: 2, B: 1 }),
  },
  'a refresh while the refresh token is revoked': {
    faults: 2,
    ends: ['revoked'],
    sees: ['refresh: tokens', 'refresh: refused', 'use: inactive', 'late put', 'late delete'],
    programs: revocation('refresh_token'),
  },
  'a refresh while the access token is revoked': {
    faults: 1,
    ends: ['revoked'],
    sees: ['refresh: tokens', 'refresh: refused', 'use: inactive', 'late put', 'late delete'],
    programs: revocation('access_token'),
  },
  'a revocation while a refresh keeps the connection longer': {
    faults: 0,
    provider: ['allows'],
    ends: ['revoked'],
    sees: ['refresh: tokens', 'refresh: refused', 'grant.ended revoked'],
    programs: revocation('refresh_token'),
  },
  'a revocation while the identity is checked': {
    faults: 0,
    age: day + 1,
    provider: ['allows', 'refuses', 'is out'],
    ends: ['revoked', 'identity_refused'],
    sees: ['refresh: tokens', 'refresh: refused', 'grant.ended revoked', 'grant.ended identity_refused'],
    programs: revocation('refresh_token'),
  },
  'tokens that were never issued': {
    faults: 1,
    sees: ['refresh: refused', 'refresh.refused forged', 'revoke: done'],
    programs: forgery,
  },
  'two redemptions of one code': {
    faults: 2,
    redeemed: false,
    sees: ['redeem: tokens', 'redeem: refused', 'code.refused replayed', 'late put'],
    programs: twoRedemptions,
  },
  'a code presented again at once': {
    faults: 1,
    instances: [{}, { ahead: 60 }],
    sees: ['redeem: refused', 'code.refused replayed', 'grant.doubted code_replayed', 'refresh: tokens'],
    programs: replayedCode,
  },
  'a code presented again at any time': {
    faults: 1,
    leaps: [181],
    ends: ['code_replayed'],
    sees: ['redeem: refused', 'grant.ended code_replayed', 'refresh: refused', 'late delete'],
    programs: replayedCode,
  },
  'instances that seal with different secrets': {
    faults: 1,
    instances: [{ secret: [secrets.old, secrets.new] }, { secret: [secrets.new, secrets.old] }],
    sees: ['refresh.rotated', 'refresh.replayed', 'reseal: done', 'late put'],
    programs: maintenance({ second: 1 }),
  },
  'an instance that was not given the new secret': {
    faults: 1,
    instances: [{ secret: [secrets.old], uninformed: true }, { secret: [secrets.new, secrets.old] }],
    sees: ['keys.unknown_secret', 'refresh: unavailable', 'refresh: tokens'],
    programs: atOnce(2),
  },
  'an instance from which the old secret was taken too early': {
    faults: 0,
    leaps: [121],
    instances: [
      { secret: [secrets.old, secrets.new] },
      { secret: [secrets.new, secrets.old] },
      { secret: [secrets.new], uninformed: true },
    ],
    sees: ['keys.unknown_secret', 'refresh: unavailable', 'reseal: done'],
    programs: maintenance({ second: 2 }),
  },
  'two refreshes at once when the identity is due': {
    faults: 0,
    age: day + 1,
    provider: ['allows', 'is out'],
    sees: ['upstream.unavailable unavailable', 'refresh.rotated', 'refresh.replayed'],
    programs: atOnce(2),
  },
  'an instance crashes while it checks the identity': {
    faults: 1,
    leaps: [61],
    age: day + 1,
    provider: ['allows'],
    sees: ['refresh.rotated', 'late put', 'late delete'],
    programs: atOnce(1),
  },
  'the provider refuses the person': {
    faults: 0,
    age: day + 1,
    provider: ['allows', 'refuses'],
    ends: ['identity_refused'],
    sees: ['grant.ended identity_refused', 'refresh: tokens', 'refresh: refused'],
    programs: atOnce(2),
  },
  'the provider refuses the person, while instances crash': {
    faults: 1,
    age: day + 1,
    provider: ['refuses'],
    ends: ['identity_refused'],
    sees: ['grant.ended identity_refused', 'refresh: tokens', 'refresh: refused', 'late delete'],
    programs: atOnce(2),
  },
} as const satisfies Readonly<Record<string, Scenario>>

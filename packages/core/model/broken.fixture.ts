import { vi } from 'vitest'
import { sha256 } from '../src/crypto/hash.ts'
import type * as Doubt from '../src/engine/doubt.ts'
import type * as RefreshHistory from '../src/engine/refresh-history.ts'
import type * as RefreshSecret from '../src/engine/refresh-secret.ts'
import type { GrantRecord } from '../src/records/grant.ts'
import type { Records } from '../src/records/records.ts'
import { type Broken, grantStorageKey } from './instance.fixture.ts'
import type { scenarios } from './scenarios.fixture.ts'

export type Parts = Partial<
  Pick<typeof RefreshHistory, 'judge' | 'noted' | 'adopted' | 'mustHold' | 'rotated'> &
    Pick<typeof RefreshSecret, 'isGenuine' | 'newRefresh' | 'refreshSecret'> &
    Pick<typeof Doubt, 'doubtGrant'>
>

const history = await vi.importActual<typeof RefreshHistory>('../src/engine/refresh-history.ts')
const secret = await vi.importActual<typeof RefreshSecret>('../src/engine/refresh-secret.ts')
const doubt = await vi.importActual<typeof Doubt>('../src/engine/doubt.ts')

const believingDeletes = (real: Records): Records => ({
  ...real,
  delete: (key, ifVersion) => real.delete(key, ifVersion).catch(() => true),
})
const believingWrites = (real: Records): Records => ({
  ...real,
  put: (key, value, options) => real.put(key, value, options).catch(() => 'a version'),
})
const withoutReading = (real: Records): Records => {
  const read = new Map<string, Promise<unknown>>()
  return {
    ...real,
    get<T>(key: string) {
      const known = read.get(key) ?? real.get<T>(key)
      read.set(key, known)
      return known as ReturnType<typeof real.get<T>>
    },
  }
}
const notingAnyway = (real: Records): Records => ({
  ...real,
  async put(key, value, options) {
    const { streak, generation } = (value as Partial<GrantRecord>).refresh ?? {}
    const isNote = key === grantStorageKey && streak?.generation === generation
    const ifVersion = isNote ? ((await real.get(key))?.version ?? null) : options.ifVersion
    return real.put(key, value, { ...options, ifVersion })
  },
})

type Variant = [
  what: string,
  where: keyof typeof scenarios,
  broken: Broken & { parts?: Parts },
  violation: RegExp,
]

export const variants: Variant[] = [
  [
    'a store that writes without looking: what was revoked comes back',
    'a refresh while the refresh token is revoked',
    { unconditionalWrites: true },
    /answered tokens 1 instead of refused|answered active|in the end tokens are/,
  ],
  [
    'a store that writes without looking: two rotations of one token',
    'two refreshes at once',
    { unconditionalWrites: true },
    /reported twice/,
  ],
  [
    'no window',
    'three refreshes at once while time passes, and clocks differ',
    { refresh: { window: 0, lostResponse: 0 } },
    /without a reason/,
  ],
  [
    'no allowance for lost answers',
    'a client that loses answers for most of an hour',
    { refresh: { lostResponse: 0 } },
    /without a reason/,
  ],
  [
    'a window that is too short for clocks that differ',
    'two clients with one file while time passes, and clocks differ',
    { refresh: { window: 90 } },
    /ended the grant without a reason/,
  ],
  [
    'a window that takes no account of clocks that differ',
    'two clients with one file while time passes, and clocks differ',
    {
      parts: {
        judge: (refresh, generation, policy, now) =>
          history.judge(refresh, generation, { ...policy, window: policy.window - 60 }, now),
      },
    },
    /ended the grant without a reason/,
  ],
  [
    'a window in which thieves are never noticed',
    'a thief with a copied token',
    { refresh: { window: 86_400 } },
    /thief, refresh 1 was answered tokens 2 instead of ended/,
  ],
  [
    'the times of eight rotations, and what is older looks recent',
    'a thief that rotates many times just before the client is back',
    {
      parts: {
        mustHold: () => false,
        judge(refresh, generation, policy, now) {
          const remembered = Math.max(generation, refresh.generation - refresh.replaced_at.length)
          return history.judge(refresh, remembered, policy, now)
        },
      },
    },
    /client, refresh 1 was answered tokens \d+ instead of ended/,
  ],
  [
    'times forgotten while they are young',
    'a client that rotates many times at once, and has a slow process',
    { parts: { mustHold: () => false } },
    /in the end tokens are refused|ended the grant without a reason/,
  ],
  [
    'times forgotten as soon as the window is over by one clock',
    'a client that rotates many times at once, and has a slow process',
    {
      parts: {
        mustHold: (refresh, policy, now) =>
          history.mustHold(refresh, { ...policy, window: policy.window - 120 }, now),
      },
    },
    /in the end tokens are refused|ended the grant without a reason/,
  ],
  [
    'a token that is never replaced',
    'two clients with one file',
    { parts: { mustHold: () => true } },
    /was answered tokens 0 instead of/,
  ],
  [
    'older tokens that fare better than newer ones',
    'a thief with a copied token',
    {
      parts: {
        judge(refresh, generation, policy, now) {
          const verdict = history.judge(refresh, generation, policy, now)
          return verdict.kind === 'reused' ? { kind: 'late', noted: true } : verdict
        },
      },
    },
    /was answered tokens 2 instead of ended/,
  ],
  [
    'a strict window for the last replaced token, and a loose one for older ones',
    'a thief with a copied token',
    {
      parts: {
        judge(refresh, generation, policy, now) {
          const behind = refresh.generation - generation
          return history.judge(refresh, generation, { ...policy, window: behind > 1 ? 600 : 0 }, now)
        },
      },
    },
    /is treated worse than an older one|was answered tokens 2 instead of ended/,
  ],
  [
    'a streak that begins anew with each late answer',
    'two who take turns within the hour',
    {
      parts: {
        noted: (refresh, now) => history.noted({ ...refresh, streak: undefined }, now),
      },
    },
    /was answered tokens \d+ instead of doubted/,
  ],
  [
    'a streak that is never over',
    'two who take turns once a day',
    {
      parts: {
        judge(refresh, generation, policy, now) {
          const verdict = history.judge(refresh, generation, policy, now)
          return verdict.kind === 'streak' ? { kind: 'late', noted: false } : verdict
        },
      },
    },
    /was answered tokens \d+ instead of doubted/,
  ],
  [
    'a streak that is over by the count alone',
    'two who take turns within the hour',
    {
      parts: {
        judge: (refresh, generation, policy, now) =>
          history.judge(refresh, generation, { ...policy, streak: 0 }, now),
      },
    },
    /without a reason/,
  ],
  [
    'a streak that is over by the time alone',
    'two who take turns once a day',
    {
      parts: {
        judge: (refresh, generation, policy, now) =>
          history.judge(refresh, generation, { ...policy, streakCount: 1 }, now),
      },
    },
    /without a reason/,
  ],
  [
    'late answers of which other processes do not learn',
    'a lost answer, and a process that is a little slower',
    { parts: { rotated: (refresh, now) => history.adopted(refresh, refresh.generation + 1, now) } },
    /ended the grant without a reason/,
  ],
  [
    'a late answer noted without a condition',
    'a thief with a copied token',
    { records: notingAnyway },
    /made 1 of 2/,
  ],
  [
    'a refusal that leaves no doubt',
    'a doubtful grant, and a day',
    { parts: { doubtGrant: async () => true } },
    /was refused, and the grant is not doubtful/,
  ],
  [
    'a doubt that never ends',
    'a doubtful grant, and a day',
    { parts: { doubtGrant: (to, grant, _, now) => doubt.doubtGrant(to, grant, 'code_replayed', now) } },
    /was answered tokens \d+ instead of refused/,
  ],
  [
    'a doubt that a sign-in does not end',
    'a doubtful grant, and a sign-in',
    { records: (real) => ({ ...real, list: async () => ({ keys: [] }) }) },
    /was a sign-in, and the grant is still doubtful/,
  ],
  [
    'a code that comes twice, and nothing follows',
    'a code presented again at once',
    { parts: { doubtGrant: async () => true } },
    /was refused, and the grant is not doubtful/,
  ],
  [
    'a code that comes twice, and the grant is over a day later',
    'a code presented twice, and days',
    { parts: { doubtGrant: (to, grant, _, now) => doubt.doubtGrant(to, grant, 'superseded', now) } },
    /was refused instead of|ended the grant without a reason/,
  ],
  [
    'a replayed code that ends nothing',
    'a code presented again at any time',
    { records: (real) => ({ ...real, delete: async () => true }) },
    /showed two holders, and the grant goes on/,
  ],
  [
    'a token ahead of the record is a forgery',
    'a store that loses its last writes',
    {
      parts: {
        isGenuine: (refresh, token) =>
          token.generation <= refresh.generation && secret.isGenuine(refresh, token),
      },
    },
    /is treated worse than an older one|was refused instead of/,
  ],
  [
    'a token ahead of the record is a second holder',
    'a store that loses its last writes',
    {
      parts: {
        judge(refresh, generation, policy, now) {
          const verdict = history.judge(refresh, generation, policy, now)
          return verdict.kind === 'ahead' ? { kind: 'reused' } : verdict
        },
      },
    },
    /is treated worse than an older one|ended the grant without a reason/,
  ],
  [
    'what a store forgot was replaced long ago',
    'a store that loses its last writes',
    {
      parts: {
        adopted(refresh, generation, now) {
          const after = history.adopted(refresh, generation, now)
          const skipped = generation - refresh.generation
          const times = after.replaced_at.slice(0, -skipped)
          return { ...after, replaced_at: [...times, ...Array<number>(skipped).fill(times.at(-1) ?? 0)] }
        },
      },
    },
    /without a reason/,
  ],
  [
    'a refresh token made of what is stored: r is not looked at',
    'tokens that were never issued',
    {
      parts: {
        isGenuine: ({ seed }, { r, generation, secret: shown }) =>
          shown === secret.refreshSecret(seed, r, generation),
      },
    },
    /forger, refresh \d+ (wrote|was answered tokens)|there are two tokens/,
  ],
  [
    'a refresh token made of what is stored: r is',
    'tokens that were never issued',
    {
      parts: {
        newRefresh(random) {
          const { refresh, r } = secret.newRefresh(random)
          return { refresh: { ...refresh, r_hash: r }, r }
        },
        isGenuine: ({ seed, r_hash }, { r, generation, secret: shown }) =>
          r === r_hash && shown === secret.refreshSecret(seed, r, generation),
      },
    },
    /forger, refresh \d+ (wrote|was answered tokens)|there are two tokens/,
  ],
  [
    'a refresh token made of an older one: the secret is not looked at',
    'tokens that were never issued',
    { parts: { isGenuine: ({ r_hash }, { r }) => sha256(r) === r_hash } },
    /forger, refresh \d+ (wrote|was answered tokens)|there are two tokens/,
  ],
  [
    'a refresh token made of another grant’s: one seed for all of them',
    'tokens that were never issued',
    { random: () => (length) => new Uint8Array(length) },
    /forger, refresh \d+ (wrote|was answered tokens)|there are two tokens/,
  ],
  [
    'a delete without a reply that is taken for done',
    'a refresh while the refresh token is revoked',
    { records: believingDeletes },
    /answered 200, and the grant is still there/,
  ],
  [
    'a write without a reply that is taken for done',
    'two refreshes at once',
    { records: believingWrites },
    /was answered tokens . instead of nothing/,
  ],
  [
    'grants read once and then from memory',
    'a refresh while the access token is revoked',
    { records: withoutReading },
    /answered active instead of inactive|answered 503 for nothing/,
  ],
  [
    'successors that only their maker can derive',
    'two refreshes at once',
    {
      parts: {
        refreshSecret: (seed, r, generation) =>
          secret.refreshSecret(seed, r, generation === 0 ? 0 : generation + Math.random()),
      },
    },
    /there are two tokens of generation 1|in the end tokens are/,
  ],
]

/** What a soak counts, in the order in which it is printed. */
export const soakRows = [
  'users',
  'installations',
  'logins',
  'logins that had to be tried again',
  'calls',
  'calls that need the provider',
  'access tokens that had expired',
  'refreshes',
  'parallel refreshes of one token',
  'answers lost on their way',
  'replays of a replaced token',
  'revocations',
  'looks at revoked tokens',
  '503s with Retry-After',
  'broken connections',
  'kills',
  'restarts of processes',
  'faults of the store',
  'outages of the provider',
  'jumps of the clock',
  'secrets replaced',
  'records sealed anew',
  'signing keys rotated',
  'identity checks',
  'upstream refreshes',
  "lost with a provider's answer to a killed process",
  'sessions lost',
] as const

export type Row = (typeof soakRows)[number]

export interface Report<Rows extends string> {
  /** `redis, 25 s, seed 7` */
  title: string
  counts: Readonly<Record<Rows, number>>
  /** Events of the instances, by type and reason. Those of the last moment before a kill are missing. */
  events: Readonly<Record<string, number>>
  /** What must not happen, in words. */
  violations: readonly string[]
}

export type SoakReport = Report<Row>

/** Where everybody in a soak writes down what they see. */
export interface Ledger<Rows extends string = Row> {
  count(row: Rows, times?: number): void
  event(name: string): void
  violation(what: string): void
  /** For whoever watches. */
  note(what: string): void
  report(title: string): Report<Rows>
}

/** @param now in milliseconds, for the times of what is written down */
export function ledger<Rows extends string>(
  rows: readonly Rows[],
  onProgress: (line: string) => void = () => {},
  now: () => number = Date.now,
): Ledger<Rows> {
  const counts = Object.fromEntries(rows.map((row) => [row, 0])) as Record<Rows, number>
  const events: Record<string, number> = {}
  const violations: string[] = []
  const begun = now()
  const timed = (what: string) => `${((now() - begun) / 1000).toFixed(1)} s: ${what}`
  return {
    count(row, times = 1) {
      counts[row] += times
    },
    event(name) {
      events[name] = (events[name] ?? 0) + 1
    },
    violation(what) {
      violations.push(timed(what))
      onProgress(timed(`! ${what}`))
    },
    note: (what) => onProgress(timed(what)),
    report: (title) => ({ title, counts: { ...counts }, events: { ...events }, violations: [...violations] }),
  }
}

export function printed<Rows extends string>({ title, counts, events, violations }: Report<Rows>): string {
  const rows = Object.keys(counts) as Rows[]
  const width = Math.max(...rows.map((row) => row.length))
  const table = rows.map((row) => `  ${row.padEnd(width)}  ${String(counts[row]).padStart(7)}`)
  const names = Object.keys(events).sort()
  return [
    '',
    title,
    ...table,
    '  events',
    ...names.map((name) => `    ${name.padEnd(width - 2)}  ${String(events[name]).padStart(7)}`),
    ...(violations.length === 0
      ? ['  nothing that must not happen']
      : violations.map((line) => `  ! ${line}`)),
    '',
  ].join('\n')
}

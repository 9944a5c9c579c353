/** What a soak counts, in the order in which it is printed. */
const rows = [
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

export type Row = (typeof rows)[number]

export interface SoakReport {
  /** `redis, 25 s, seed 7` */
  title: string
  counts: Readonly<Record<Row, number>>
  /** Events of the instances, by type and reason. Those of the last moment before a kill are missing. */
  events: Readonly<Record<string, number>>
  /** What must not happen, in words. */
  violations: readonly string[]
}

/** Where everybody in a soak writes down what they see. */
export interface Ledger {
  count(row: Row, times?: number): void
  event(name: string): void
  violation(what: string): void
  /** For whoever watches. */
  note(what: string): void
  report(title: string): SoakReport
}

export function ledger(onProgress: (line: string) => void = () => {}): Ledger {
  const counts = Object.fromEntries(rows.map((row) => [row, 0])) as Record<Row, number>
  const events: Record<string, number> = {}
  const violations: string[] = []
  const begun = Date.now()
  const timed = (what: string) => `${((Date.now() - begun) / 1000).toFixed(1)} s: ${what}`
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

export function printed({ title, counts, events, violations }: SoakReport): string {
  const width = Math.max(...rows.map((row) => row.length))
  const table = rows.map((row) => `  ${row.padEnd(width)}  ${String(counts[row]).padStart(7)}`)
  const names = Object.keys(events).sort()
  return [
    '',
    `Soak: ${title}`,
    ...table,
    '  events',
    ...names.map((name) => `    ${name.padEnd(width - 2)}  ${String(events[name]).padStart(7)}`),
    ...(violations.length === 0
      ? ['  nothing that must not happen']
      : violations.map((line) => `  ! ${line}`)),
    '',
  ].join('\n')
}

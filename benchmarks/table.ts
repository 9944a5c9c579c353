import { type Flow, flows, type Subject } from './subjects.ts'

/** One round of one server. */
export interface Measurement {
  /** Of a {@link Subject}. */
  id: string
  flow: Flow
  perSecond: number
  /** Milliseconds of processor time that the server took for each. */
  serverMs: number
  /** How much of one processor the server and the driver had. */
  serverShare: number
  driverShare: number
}

/** The middle one; between two, their mean. `NaN` of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** How far the slowest and the fastest round are from the median, as a share of it. */
export function spread(values: readonly number[]): number {
  const middle = median(values)
  return Math.max(...values.map((value) => Math.abs(value - middle))) / middle
}

/**
 * The flows of a login, in Markdown: for each server the median of its rounds, how many times as fast the first server
 * is, and the processor time it took. What a server does not do stands in its row.
 *
 * @param rows the first is what the others are compared with
 */
export function flowTable(
  rows: readonly Subject[],
  shown: readonly Flow[],
  measured: readonly Measurement[],
): string {
  const of = series(measured)
  const [first] = rows
  const columns = shown.filter((flow) => rows.some(({ id }) => of(id, flow).length > 0))
  if (!first || columns.length === 0) return ''
  const cell = (subject: Subject, flow: Flow) => {
    const values = of(subject.id, flow)
    if (values.length === 0) return '-'
    const rate = median(values.map(({ perSecond }) => perSecond))
    const ratio = median(of(first.id, flow).map(({ perSecond }) => perSecond)) / rate
    const cost = median(values.map(({ serverMs }) => serverMs))
    const compared = subject === first || Number.isNaN(ratio) ? '' : `, x${ratio.toFixed(2)}`
    return `${shownRate(rate)}${compared} (${cost.toFixed(2)} ms)`
  }
  return markdown(
    ['per second', ...columns.map((flow) => flows[flow]), 'does less (and more)'],
    rows
      .filter(({ id }) => columns.some((flow) => of(id, flow).length > 0))
      .map((subject) => [
        subject.title,
        ...columns.map((flow) => cell(subject, flow)),
        [subject.less.join('; '), subject.more && `(and ${subject.more.join('; ')})`]
          .filter(Boolean)
          .join(' '),
      ]),
  )
}

/**
 * What a gate costs, in Markdown: each server beside the same framework or SDK without it, and the share of the bare
 * rate that is left.
 */
export function pairTable(
  pairs: readonly (readonly [gated: Subject, bare: Subject])[],
  shown: readonly Flow[],
  measured: readonly Measurement[],
): string {
  const of = series(measured)
  const rows = shown.flatMap((flow) =>
    pairs.flatMap(([gated, bare]) => {
      const [with_, without] = [of(gated.id, flow), of(bare.id, flow)]
      if (with_.length === 0 || without.length === 0) return []
      const rates = [with_, without].map((values) => median(values.map(({ perSecond }) => perSecond)))
      const [guarded = Number.NaN, alone = Number.NaN] = rates
      const processor = (values: readonly Measurement[]) => median(values.map(({ serverMs }) => serverMs))
      const cost = (values: readonly Measurement[]) => `${(processor(values) * 1000).toFixed(0)} µs`
      return [
        [
          flows[flow],
          gated.title,
          `${shownRate(guarded)} (${cost(with_)})`,
          `${shownRate(alone)} (${cost(without)})`,
          `${(guarded / alone).toFixed(2)} (${(processor(without) / processor(with_)).toFixed(2)})`,
        ],
      ]
    }),
  )
  return rows.length === 0
    ? ''
    : markdown(['per second', '', 'behind the gate', 'alone', 'of it left (by processor time)'], rows)
}

/** The largest {@link spread} of any server and flow: differences below it say nothing. */
export function noise(measured: readonly Measurement[]): number {
  const keys = new Map<string, number[]>()
  for (const { id, flow, perSecond } of measured) {
    const key = `${id} ${flow}`
    keys.set(key, [...(keys.get(key) ?? []), perSecond])
  }
  return Math.max(0, ...[...keys.values()].map(spread))
}

/** Names what could have been faster with a faster client: there the driver was busy all the time, and the server was not. */
export function driverLimits(measured: readonly Measurement[]): string[] {
  const limited = measured.filter(({ driverShare, serverShare }) => driverShare > 0.9 && serverShare < 0.9)
  if (limited.length === 0) return []
  const names = [...new Set(limited.map(({ id, flow }) => `${id} (${flow})`))]
  return [
    `The driver was the limit, at least in one round, and the server could do more: ${names.join(', ')}.`,
  ]
}

function series(measured: readonly Measurement[]): (id: string, flow: Flow) => Measurement[] {
  return (id, flow) => measured.filter((each) => each.id === id && each.flow === flow)
}

function shownRate(rate: number): string {
  return rate >= 100 ? Math.round(rate).toLocaleString('en') : rate.toFixed(1)
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}

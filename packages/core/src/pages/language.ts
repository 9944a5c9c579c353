import { isLanguageTag, type Words } from '../syntax/words.ts'
import type { Messages } from './messages.ts'

/** Characters of a header, and ranges in it, that are read. Browsers send a handful. */
const longestHeader = 1000
const mostRanges = 30

/**
 * The languages of a server in the order that a browser prefers them (RFC 9110 12.5.4, RFC 4647 3.4). The server's own, the
 * first, stands where the browser asks for nothing that there is, and is always among them.
 */
export function preferred(
  languages: readonly Messages[],
  acceptLanguage: string | null,
): readonly Messages[] {
  const ranges = rangesOf(acceptLanguage ?? '')
  const matches = ({ range }: Range) => matching(languages, range, ({ lang }) => lang)
  const named = new Set(ranges.filter(({ range }) => range !== '*').flatMap(matches))
  const found = ranges
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .flatMap((range) => (range.range === '*' ? languages.filter((each) => !named.has(each)) : matches(range)))
    .filter(({ lang }) => !isRefused(lang, ranges))
  return [...new Set([...found, ...languages.slice(0, 1)])]
}

interface Range {
  /** In lower case. */
  range: string
  weight: number
}

/** What of the header is written as RFC 9110 has it. The rest says nothing. */
function rangesOf(header: string): readonly Range[] {
  const read = header.slice(0, longestHeader)
  // A range that was cut off would be another one.
  const entries = read === header ? read.split(',') : read.split(',').slice(0, -1)
  return entries.slice(0, mostRanges).flatMap((entry) => {
    const [range = '', weight, ...more] = entry
      .toLowerCase()
      .split(';')
      .map((part) => part.trim())
    const q = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.exec(weight ?? 'q=1')?.[1]
    const isRange = range === '*' || /^[a-z]{1,8}(?:-[a-z0-9]{1,8})*$/.test(range)
    return isRange && q !== undefined && more.length === 0 ? [{ range, weight: Number(q) }] : []
  })
}

/** Whether the narrowest of the ranges that it is within says so. `*` refuses nothing that another range asks for. */
function isRefused(lang: string, ranges: readonly Range[]): boolean {
  const tag = `${lang.toLowerCase()}-`
  const [narrowest] = ranges
    .filter(({ range }) => tag.startsWith(`${range}-`))
    .sort((a, b) => b.range.length - a.range.length)
  return narrowest?.weight === 0
}

/**
 * What a reader of that language can read, the closest first: whoever asks for `de-AT` reads `de`, and whoever asks for
 * `pt` reads `pt-BR`. Another script is another language to them: `zh-TW` is `zh-Hant`, and never `zh`.
 */
function matching<Item>(
  items: readonly Item[],
  range: string,
  langOf: (item: Item) => string,
  read = written,
): readonly Item[] {
  const asked = read(range)
  if (!asked) return []
  const distance = (lang: string): number => {
    const tag = lang.toLowerCase()
    // RFC 4647 3.4: less and less of the range.
    if (`${range}-`.startsWith(`${tag}-`)) return range.length - tag.length
    return range.length + (writtenHere(lang)?.region === asked.region ? 0 : 1)
  }
  return items
    .filter((item) => {
      const its = writtenHere(langOf(item))
      return its?.language === asked.language && its.script === asked.script
    })
    .sort((a, b) => distance(langOf(a)) - distance(langOf(b)))
}

/** With the script and region that it most likely means (UTS 35, Likely Subtags). */
function written(tag: string): Intl.Locale | undefined {
  return isLanguageTag(tag) ? new Intl.Locale(tag).maximize() : undefined
}

const here = new Map<string, Intl.Locale | undefined>()

/** The same of a tag that was configured. There are few of these, and each is read for every text on a page. */
function writtenHere(tag: string): Intl.Locale | undefined {
  const known = here.get(tag)
  if (known || here.has(tag)) return known
  const read = written(tag)
  here.set(tag, read)
  return read
}

/** What there is of a text in a language. `usual`: the one that a bare text is in. */
export function wordsIn(
  words: Words | undefined,
  { lang }: Pick<Messages, 'lang'>,
  usual: Pick<Messages, 'lang'>,
): string | undefined {
  const all = typeof words === 'string' ? { [usual.lang]: words } : words
  const [closest] = matching(Object.entries(all ?? {}), lang.toLowerCase(), ([of]) => of, writtenHere)
  return closest?.[1]
}

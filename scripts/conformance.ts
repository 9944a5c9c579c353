import { parseModule } from './source.ts'

/** A requirement of docs/conformance.md, what must hold of docs/threats.md, or a mistake of docs/guides/troubleshooting.md. */
export interface Row {
  /** The heading above its table. */
  section: string
  requirement: string
  /** The last cell: links to test files, each followed by titles, or a reason. */
  answer: string
  /** Files that the cells between link to. */
  links: readonly string[]
}

const reason = /\b(Not tested|Not kept|Not concerned): \S.{9}/

export function tableRows(markdown: string): Row[] {
  const rows: Row[] = []
  let section = ''
  let isBody = false
  for (const line of markdown.split('\n')) {
    section = /^#+ (.*)/.exec(line)?.[1] ?? section
    if (!line.startsWith('|')) isBody = false
    else if (/^\|[-|: ]+\|$/.test(line)) isBody = true
    else if (isBody) {
      const cells = line.slice(1, -1).split('|')
      const answer = cells.at(-1)?.trim() ?? ''
      const between = cells.slice(1, -1).join('|')
      const links = [...between.matchAll(/\]\((?:\.\.\/)+([^)#]+)(?:#[^)]*)?\)/g)].map(
        ([, path = '']) => path,
      )
      rows.push({ section, requirement: cells[0]?.trim() ?? '', answer, links })
    }
  }
  return rows
}

/**
 * What is wrong with a row: a link to what is not there, or its answer. Titles are code spans right after the link to their file: the name of a test or
 * of a group of tests, or of one case of a table of tests.
 *
 * @param read gives a file's text by its path below the root, or undefined where there is none
 */
export function unfounded(row: Row, read: (path: string) => string | undefined): string[] {
  const name = `${row.section}: "${row.requirement}"`
  const lost = row.links
    .filter((path) => read(path) === undefined)
    .map((path) => `${name} names ${path}, which is not there`)
  const named = [...row.answer.matchAll(/\]\((?:\.\.\/)+([^)]+)\)((?:,? `[^`]+`)*)/g)]
  if (named.length === 0) {
    return reason.test(row.answer) ? lost : [...lost, `${name} has neither a test nor a reason`]
  }
  const unnamed = named.flatMap(([, path = '', spans = '']) => {
    const titles = [...spans.matchAll(/`([^`]+)`/g)].map(([, title = '']) => title)
    if (titles.length === 0) return [`${name} names no test of ${path}`]
    const text = read(path)
    if (text === undefined) return [`${name} names ${path}, which is not there`]
    const there = new Set(textsOf(path, text))
    return titles
      .filter((title) => !there.has(title))
      .map((title) => `${name} names "${title}", which is not in ${path}`)
  })
  return [...lost, ...unnamed]
}

const known = new Map<string, readonly string[]>()

function textsOf(path: string, source: string): readonly string[] {
  const texts = known.get(path) ?? parseModule(path, source).texts.map(({ text }) => text)
  known.set(path, texts)
  return texts
}

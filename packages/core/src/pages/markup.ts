import { webUrl } from '../syntax/web-url.ts'
import { PageFault } from './page-fault.ts'

/** Markup that was understood: an element, or text without references. */
export type Node = string | Element

export interface Element {
  name: string
  /** Without references. One without a value has an empty one. */
  attributes: ReadonlyMap<string, string>
  children: readonly Node[]
}

/**
 * What an element may be inside, and hold. `flow`: among other blocks, and holds anything; `text`: the same, but holds
 * text and inline elements only, and so does `inline`; `rule` and `void` hold nothing.
 */
type Kind = 'flow' | 'text' | 'inline' | 'rule' | 'void'

// What is here, nested as it may be, every HTML parser reads alike: no element closes another one or is moved elsewhere. So
// there are no tables, no svg, no select, and no p around a block. It also is all a page of ours needs.
const kinds: Readonly<Record<string, Kind>> = {
  ...named('flow', 'address article aside blockquote dd details div dl dt fieldset figcaption figure footer'),
  ...named('flow', 'form header li main nav ol section ul'),
  ...named('text', 'h1 h2 h3 h4 h5 h6 legend p summary'),
  ...named('inline', 'a abbr b bdi button cite code del dfn em i ins kbd label mark q s samp small span'),
  ...named('inline', 'strong sub sup time u var'),
  ...named('rule', 'hr'),
  ...named('void', 'br img input wbr'),
}

/** Where an element has to stand directly, if not anywhere. */
const parents: Readonly<Record<string, readonly string[]>> = {
  ...{ li: ['ul', 'ol'], dt: ['dl', 'div'], dd: ['dl', 'div'] },
  ...{ summary: ['details'], legend: ['fieldset'], figcaption: ['figure'] },
}

/** What may not stand around an element, however far out. */
const never: Readonly<Record<string, readonly string[]>> = {
  ...{ a: ['a', 'button', 'label'], button: ['a', 'button', 'label'], label: ['a', 'button', 'label'] },
  ...{ input: ['a', 'button'], form: ['form'] },
}

const everywhere = new Set(words('class dir hidden id inert lang role tabindex title translate'))

const attributesOf: Readonly<Record<string, ReadonlySet<string>>> = {
  a: new Set(words('href rel target')),
  button: new Set(words('autofocus formnovalidate name type value')),
  details: new Set(['open']),
  form: new Set(words('action autocomplete method novalidate')),
  img: new Set(words('alt height src width')),
  input: new Set(
    words(
      'autocapitalize autocomplete autofocus checked inputmode maxlength minlength name placeholder readonly required size spellcheck type value',
    ),
  ),
  label: new Set(['for']),
  ol: new Set(words('reversed start')),
  time: new Set(['datetime']),
}

const longest = 200_000
const deepest = 100

/**
 * Reads markup that somebody else wrote, and only such as every browser reads in the same way: what it comes to is what
 * people get.
 *
 * @param links addresses that may be linked to whatever they are
 * @throws {PageFault} for anything that cannot stand on a page, or may be read in two ways
 */
export function readMarkup(text: string, links: ReadonlySet<string>): readonly Node[] {
  if (text.length > longest) throw fault(`it has ${text.length} characters; ${longest} are the most`)
  const root = { name: '', children: [] as Node[] }
  const open: { name: string; children: Node[] }[] = [root]
  const top = () => open[open.length - 1] ?? root
  let at = 0
  while (at < text.length) {
    const comment = matchAt(/<!--(?!-?>)(?:(?!--)[\s\S])*-->/y, text, at)
    const plain = matchAt(/[^<]+/y, text, at)
    const end = matchAt(/<\/([a-zA-Z][a-zA-Z0-9]*)\s*>/y, text, at)
    if (plain) top().children.push(decoded(plain[0]))
    else if (end) {
      const closed = open.pop()
      if (closed?.name !== end[1]?.toLowerCase() || open.length === 0) {
        throw fault(`</${end[1]}> closes ${closed?.name ? `<${closed.name}>` : 'nothing'}`)
      }
    } else if (!comment) {
      const tag = readTag(text, at)
      if (!tag) throw fault(`this is no tag: ${excerpt(text, at)}`)
      const element = { ...tag, children: [] as Node[] }
      checkPlace(
        element.name,
        open.map(({ name }) => name),
      )
      checkAttributes(element, links)
      top().children.push(element)
      const holdsNothing = kinds[tag.name] === 'void' || kinds[tag.name] === 'rule'
      if (!holdsNothing) open.push(element)
      if (open.length > deepest) throw fault(`its elements are more than ${deepest} deep`)
      if (tag.isClosed && !holdsNothing) throw fault(`<${tag.name}/> is not closed by its slash`)
      at = tag.end
      continue
    }
    at += (comment ?? plain ?? end)?.[0].length ?? 1
  }
  if (open.length > 1) throw fault(`<${top().name}> is not closed`)
  return root.children
}

/** The start tags of a few elements, in markup of our own, where a `<` always begins a tag. */
export function startTags(text: string, names: readonly string[]): readonly Omit<Element, 'children'>[] {
  return [...text.matchAll(/<[a-z]/g)].flatMap(({ index }) => {
    const tag = readTag(text, index)
    return tag && names.includes(tag.name) ? [tag] : []
  })
}

/** What was read, as markup that says the same. */
export function writeMarkup(nodes: readonly Node[]): string {
  return nodes
    .map((node) => {
      if (typeof node === 'string') return escaped(node)
      const attributes = [...node.attributes].filter(([name]) => name !== 'rel' || node.name !== 'a')
      const written = attributes.map(([name, value]) => ` ${name}="${escaped(value)}"`).join('')
      const kind = kinds[node.name]
      const start = `<${node.name}${written}${node.name === 'a' ? ' rel="noopener noreferrer"' : ''}>`
      return kind === 'void' || kind === 'rule'
        ? start
        : `${start}${writeMarkup(node.children)}</${node.name}>`
    })
    .join('')
}

/** Whether an element keeps what is in it from people, by itself: styles may, too, and nobody here knows. */
export function isHidden({ name, attributes }: Element): boolean {
  return (
    attributes.has('hidden') ||
    attributes.has('inert') ||
    attributes.get('aria-hidden')?.trim().toLowerCase() === 'true' ||
    (name === 'input' && attributes.get('type')?.toLowerCase() === 'hidden')
  )
}

/** What an element shows without being opened. */
export function visibleChildren({ name, attributes, children }: Element): readonly Node[] {
  const isClosed = name === 'details' && !attributes.has('open')
  return isClosed
    ? children.filter((child) => typeof child !== 'string' && child.name === 'summary').slice(0, 1)
    : children
}

/** The text that people see in an element. */
export function visibleText(node: Node): string {
  if (typeof node === 'string') return node
  return isHidden(node) ? '' : visibleChildren(node).map(visibleText).join('')
}

interface Tag {
  name: string
  attributes: ReadonlyMap<string, string>
  isClosed: boolean
  end: number
}

function readTag(text: string, start: number): Tag | undefined {
  const name = matchAt(/<([a-zA-Z][a-zA-Z0-9-]*)/y, text, start)
  if (!name) return undefined
  const attributes = new Map<string, string>()
  let at = start + name[0].length
  for (;;) {
    const end = matchAt(/\s*(\/?)>/y, text, at)
    if (end) {
      return {
        name: (name[1] ?? '').toLowerCase(),
        attributes,
        isClosed: end[1] === '/',
        end: at + end[0].length,
      }
    }
    const attribute = matchAt(/\s+([^\s"'<>/=\0]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'))?(?=[\s/>])/y, text, at)
    if (!attribute) throw fault(`put the values of attributes between quotes: ${excerpt(text, start)}`)
    const key = (attribute[1] ?? '').toLowerCase()
    if (attributes.has(key)) throw fault(`it has the attribute ${key} twice: ${excerpt(text, start)}`)
    attributes.set(key, decoded(attribute[2] ?? attribute[3] ?? ''))
    at += attribute[0].length
  }
}

function checkPlace(name: string, around: readonly string[]): void {
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
  if (!kind) throw fault(`<${name}> cannot be on a page${instead[name] ?? ''}`)
  const parent = around.at(-1) ?? ''
  const parentKind = kinds[parent]
  const isBlock = kind === 'flow' || kind === 'text' || kind === 'rule'
  if (isBlock && parentKind !== undefined && parentKind !== 'flow') {
    throw fault(`<${name}> cannot be in <${parent}>, which browsers would close before it`)
  }
  const fitting = Object.hasOwn(parents, name) ? parents[name] : undefined
  const inGroup = parent !== 'div' || around.at(-2) === 'dl'
  if (fitting && (!fitting.includes(parent) || !inGroup)) {
    throw fault(`<${name}> has to be directly in <${fitting[0]}>`)
  }
  const outer = Object.hasOwn(never, name) && never[name]?.find((one) => around.includes(one))
  if (outer) throw fault(`<${name}> cannot be in <${outer}>`)
}

const instead: Readonly<Record<string, string>> = {
  script: ': no script runs there',
  style: ': give your styles as `css`',
  link: ': give your styles as `css`',
  svg: ': show it with `mark({ svg })`',
  table: ': use a list',
}

function checkAttributes({ name, attributes }: Tag, links: ReadonlySet<string>): void {
  for (const [key, value] of attributes) {
    const isKnown = everywhere.has(key) || /^(aria|data)-[a-z0-9-]+$/.test(key)
    if (!isKnown && !(Object.hasOwn(attributesOf, name) && attributesOf[name]?.has(key))) {
      const why =
        key === 'style' ? ': give your styles as `css`' : key.startsWith('on') ? ': no script runs there' : ''
      throw fault(`<${name}> cannot have the attribute ${key}${why}`)
    }
    if (key === 'href' && !links.has(value) && !isLink(value)) {
      throw fault(`a page cannot link to ${JSON.stringify(value.split(/[?#]/)[0]?.slice(0, 80))}`)
    }
    if (key === 'src' && !/^data:image\/[a-z0-9.+-]+[;,]/i.test(value)) {
      throw fault('images are data: URLs, as `mark({ svg })` makes of an SVG; no others are loaded')
    }
    if (key === 'target' && value !== '_blank') throw fault('the only target of a link is _blank')
  }
}

/** The web, mail, a page of this server, a place on this page. */
function isLink(href: string): boolean {
  return webUrl(href) !== undefined || /^(#|mailto:[^\s]+$|\/(?![/\\]))[^\s\\\p{Cc}]*$/iu.test(href)
}

const references: Readonly<Record<string, string>> = {
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0', shy: '\u00ad' },
  ...{ hellip: '…', ndash: '–', mdash: '—', middot: '·', bull: '•', times: '×', copy: '©', reg: '®' },
  ...{ larr: '←', rarr: '→', lsquo: '‘', rsquo: '’', ldquo: '“', rdquo: '”', laquo: '«', raquo: '»' },
}

/** An ampersand that begins nothing stands for itself, as {@link writeMarkup} then says. */
function decoded(text: string): string {
  if (text.includes('\0')) throw fault('it holds a NUL')
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|([a-z][a-z0-9]*));/gi, (all, decimal, hex, name) => {
    const code = name ? undefined : Number.parseInt(decimal ?? hex, decimal ? 10 : 16)
    const isCharacter =
      code !== undefined && code > 0 && code <= 0x10_ff_ff && (code < 0xd8_00 || code > 0xdf_ff)
    const character = isCharacter
      ? String.fromCodePoint(code)
      : Object.hasOwn(references, name ?? '')
        ? references[name]
        : undefined
    if (character === undefined) throw fault(`write the character itself in the place of ${all.slice(0, 40)}`)
    return character
  })
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

/** Of what was written, never the value of an attribute: that of a form's token is a secret. */
function excerpt(text: string, at: number): string {
  return JSON.stringify(text.slice(at, at + 40).split(/["'=]/)[0])
}

function fault(message: string): PageFault {
  return new PageFault('markup', message)
}

function named(kind: Kind, names: string): Record<string, Kind> {
  return Object.fromEntries(words(names).map((name) => [name, kind]))
}

function words(text: string): string[] {
  return text.split(' ')
}

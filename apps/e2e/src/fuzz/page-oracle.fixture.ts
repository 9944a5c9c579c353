import { createHash } from 'node:crypto'
import { type DefaultTreeAdapterTypes, parse } from 'parse5'
import type { Answer } from './subject.fixture.ts'
import { markAttribute, markElement } from './texts.fixture.ts'

// What our pages are made of. Anything else in one came from somebody else.
const elements = new Set(
  'html head meta title link style body header span img main div h1 h2 p dl dt dd b strong bdi code time section ul li form input button label footer details summary a svg path rect circle'.split(
    ' ',
  ),
)
const attributes = new Set(
  'lang dir charset name content rel href class src alt id method action autocomplete type value inputmode required autocapitalize spellcheck autofocus formnovalidate form role datetime target readonly aria-labelledby'.split(
    ' ',
  ),
)
const formActions = /^https:\/\/mcp\.test\/(account|(consent\?transaction=|sign-in\/acme\?state=)[\w.%~-]+)$/

/** What is wrong with a page, seen as a browser sees it. */
export function pageFaults({ headers, text }: Answer): string[] {
  const faults: string[] = []
  const styles: string[] = []
  // Of a page that goes on by itself: where that leads is looked at like any redirect.
  const onward = headers.get('location')
  walk(parse(text), (element) => {
    const { tagName, attrs } = element
    if (!elements.has(tagName)) faults.push(`the page has an element ${tagName}`)
    if (tagName.includes(markElement)) faults.push('text of a client became an element')
    for (const { name, value } of attrs) {
      if (name === markAttribute) faults.push('text of a client became an attribute')
      const goesOn = onward !== null && tagName === 'meta' && name === 'http-equiv' && value === 'refresh'
      if (!attributes.has(name) && !goesOn) faults.push(`${tagName} has an attribute ${name}`)
      const wrong = value === onward && tagName === 'a' ? undefined : target(tagName, name, value)
      if (wrong) faults.push(`${tagName} has ${name}=${value.slice(0, 200)}: ${wrong}`)
    }
    if (tagName === 'style') {
      const [first] = element.childNodes
      styles.push(first && 'value' in first ? first.value : '')
    }
  })
  return [...faults, ...headerFaults(headers, styles)]
}

function target(tagName: string, name: string, value: string): string | undefined {
  if (tagName === 'link' && name === 'href') return value.startsWith('data:') ? undefined : 'no icon of ours'
  if (name === 'href') return /^https?:\/\//.test(value) ? undefined : 'a link that leads to no website'
  if (name === 'src') return /^(https?:\/\/|data:image\/)/.test(value) ? undefined : 'no image'
  if (name === 'action') return formActions.test(value) ? undefined : 'a form that is not sent to us'
  return undefined
}

const wanted: Readonly<Record<string, string>> = {
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'content-type': 'text/html; charset=utf-8',
}

function headerFaults(headers: Headers, styles: readonly string[]): string[] {
  const faults = Object.entries(wanted).flatMap(([name, value]) =>
    headers.get(name) === value ? [] : [`a page with ${name}: ${headers.get(name)}`],
  )
  const hashes = styles.map((css) => `'sha256-${createHash('sha256').update(css).digest('base64')}'`)
  const policy = `default-src 'none'; style-src ${hashes.join(' ')}; img-src data:; frame-ancestors 'none'; base-uri 'none'`
  const found = headers.get('content-security-policy')
  if (found !== policy) faults.push(`a page with content-security-policy: ${found}`)
  return faults
}

function walk(
  node: DefaultTreeAdapterTypes.Node,
  visit: (element: DefaultTreeAdapterTypes.Element) => void,
): void {
  if ('tagName' in node) visit(node)
  if ('childNodes' in node) for (const child of node.childNodes) walk(child, visit)
}

/** Whether a page shows text that would be markup, were it not escaped. */
export function showsMarks({ text }: Answer): boolean {
  return text.includes(`&lt;${markElement}`) || text.includes(`&quot; ${markAttribute}`)
}

import type { Clock } from '../clock.ts'
import { detailOf, type Emit, redacted } from '../events.ts'
import { inWords } from '../known-options.ts'
import { isThenable } from '../listener.ts'
import { isHtml, render, trusted } from './html.ts'
import { frame, type Page, type Shell } from './layout.ts'
import { readMarkup, writeMarkup } from './markup.ts'
import type { Messages } from './messages.ts'
import type { OwnPages, PageContext, PageName, Rendered } from './own-pages.ts'
import { checkPage, ownControls } from './page-check.ts'
import { PageFault } from './page-fault.ts'
import { factsIn, plainData, type ShownData } from './plain-data.ts'
import { displayText } from './text.ts'

/** Milliseconds that a page may take. */
const longestWait = 5000

const longestCss = 200_000

/** Resolves to the operator's own page, or to ours where there is none, or none that can be shown. */
export type Renderer = <Name extends PageName>(
  name: Name,
  shell: Shell,
  data: ShownData[Name],
  ours: Page,
) => Promise<Page>

/**
 * Has pages made by the operator's functions, which get plain data and give markup and styles: what a response is beside
 * these stays ours, and so does what a form sends. Whatever is wrong with such a page costs nobody their way: they get ours.
 */
export function renderer(pages: OwnPages, { emit, clock }: { emit: Emit; clock: Clock }): Renderer {
  return async (name, shell, data, ours) => {
    const make = pages[name]
    if (!make) return ours
    try {
      const { forms, links } = ownControls(render(ours.body))
      const [form] = forms
      const plain = plainData[name](shell, data, {
        action: form?.action ?? '',
        fields: form?.fields.map((field) => ({ ...field })) ?? [],
      })
      const facts = factsIn(plain)
      const rendered = checkedShape(await answerOf(() => make(frozen(plain), contextOf(shell)), clock))
      const nodes = readMarkup(render(rendered.body), links)
      checkPage(nodes, { forms, facts })
      return {
        ...ours,
        title: displayText(rendered.title, 200),
        // What was checked, and not what was written: no browser can read anything else out of it.
        body: trusted(writeMarkup(nodes)),
        isWhole: true,
        css: checkedCss(rendered.css),
      }
    } catch (error) {
      const isFault = error instanceof PageFault
      emit({
        type: 'page.failed',
        page: name,
        reason: isFault ? error.reason : 'threw',
        detail: isFault ? redacted(error.message) : detailOf(error),
      })
      return ours
    }
  }
}

/** What a function answers, in time. */
async function answerOf(make: () => unknown, clock: Clock): Promise<unknown> {
  const answer = make()
  if (!isThenable(answer)) return answer
  const late = Symbol('late')
  const first = await Promise.race([answer, clock.sleep(longestWait).then(() => late)])
  if (first !== late) return first
  throw new PageFault('late', `it was not there after ${longestWait / 1000} seconds`)
}

function checkedShape(given: unknown): Rendered {
  const { title, body, css } = Object(given) as Readonly<Record<string, unknown>>
  if (!isHtml(body)) {
    const got =
      typeof given === 'object' && given !== null ? `its body is ${inWords(body)}` : `it is ${inWords(given)}`
    throw new PageFault('not_a_page', `${got}: return { title, body: html\`...\` }`)
  }
  if (typeof title !== 'string' || displayText(title) === '')
    throw new PageFault('not_a_page', 'it has no title')
  if (css !== undefined && typeof css !== 'string') {
    throw new PageFault('not_a_page', `its css is ${inWords(css)}, and not a text`)
  }
  return { title, body, css }
}

/** Styles as a browser reads them, so that it comes to the same hash. */
function checkedCss(css: string | undefined): string | undefined {
  if (css === undefined) return undefined
  if (css.length > longestCss)
    throw new PageFault('css', `it has ${css.length} characters; ${longestCss} are the most`)
  if (/<\/style/i.test(css)) throw new PageFault('css', 'it holds </style, which would end it')
  return css.replace(/\r\n?/g, '\n').replaceAll('\0', '\ufffd')
}

const copies = new WeakMap<Messages, Messages>()

function contextOf(shell: Shell): PageContext {
  const { issuer, logo } = shell
  let messages = copies.get(shell.messages)
  if (!messages) {
    messages = frozen(copyOf(shell.messages))
    copies.set(shell.messages, messages)
  }
  const { lang, dir } = messages
  const name = displayText(shell.name)
  const context: PageContext = {
    ...{ lang, dir, messages, name, issuer, logo },
    frame: (content) => frame(shell, content),
  }
  return Object.freeze(context)
}

/** Words of ours are for every page: nobody changes them through what they were given. */
function copyOf(messages: Messages): Messages {
  const members = Object.entries(messages).map(([name, value]) => [
    name,
    typeof value === 'object' ? { ...value } : value,
  ])
  return Object.fromEntries(members) as Messages
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const member of Object.values(value)) frozen(member)
  return Object.freeze(value)
}

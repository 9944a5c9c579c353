import { type Element, isHidden, type Node, startTags, visibleChildren, visibleText } from './markup.ts'
import type { Fact, FormData } from './page-data.ts'
import { PageFault } from './page-fault.ts'

/** A form of our own page: what a page in its place has to send, and all that it may. */
export interface OwnForm extends FormData {
  /** Buttons, as {@link keyOf} names and values. */
  buttons: ReadonlySet<string>
  /** What is typed, by name and type. */
  inputs: ReadonlySet<string>
  /** What may be ticked. */
  checkboxes: ReadonlySet<string>
}

/** The forms of a page of ours, and where it links to. Whatever else our pages come to ask for is then known here. */
export function ownControls(markup: string): { forms: readonly OwnForm[]; links: ReadonlySet<string> } {
  const tags = startTags(markup, ['a', 'form', 'input', 'button'])
  const forms = tags
    .filter(({ name }) => name === 'form')
    .map(({ attributes }) => ({
      id: attributes.get('id'),
      action: attributes.get('action') ?? '',
      fields: [] as { name: string; value: string }[],
      buttons: new Set<string>(),
      inputs: new Set<string>(),
      checkboxes: new Set<string>(),
    }))
  let begun = 0
  for (const { name, attributes } of tags) {
    if (name === 'form') begun++
    const id = attributes.get('form')
    const form = id === undefined ? forms[begun - 1] : forms.find((one) => one.id === id)
    const control = attributes.get('name')
    if (!form || name === 'a') continue
    if (name === 'button') form.buttons.add(keyOf(control, attributes.get('value')))
    if (name !== 'input' || control === undefined) continue
    const type = attributes.get('type') ?? 'text'
    const value = attributes.get('value') ?? ''
    if (type === 'hidden') form.fields.push({ name: control, value })
    else if (type === 'checkbox') form.checkboxes.add(keyOf(control, value))
    else form.inputs.add(keyOf(control, type))
  }
  const links = tags.flatMap(({ name, attributes }) => (name === 'a' ? [attributes.get('href') ?? ''] : []))
  return { forms, links: new Set(links) }
}

/**
 * Checks that a page sends what ours would, and shows what people have to see. By the elements alone, since texts are
 * chosen by strangers: one can be called "Cancel".
 *
 * @throws {PageFault} naming what is missing, or what is there and may not be
 */
export function checkPage(
  nodes: readonly Node[],
  { forms, facts }: { forms: readonly OwnForm[]; facts: readonly Fact[] },
): void {
  checkForms(nodes, forms)
  checkFacts(nodes, facts)
}

function checkForms(nodes: readonly Node[], ours: readonly OwnForm[]): void {
  const found = new Map(ours.map((form) => [form, new Set<string>()]))
  for (const element of elementsIn(nodes)) {
    if (element.name !== 'form') continue
    const own = matching(element, ours)
    const controls = elementsIn(element.children)
    for (const control of controls) checkControl(control, own)
    checkRepeated(controls)
    const seen = elementsIn(element.children, true).filter(isControl).map(controlKey)
    const untyped = [...own.inputs].find((key) => !seen.includes(key))
    if (untyped !== undefined) throw missing(`the form lacks the field ${said(untyped)}: use field()`)
    if (elementsIn(nodes, true).includes(element)) for (const key of seen) found.get(own)?.add(key)
  }
  const inForms = new Set(
    elementsIn(nodes).flatMap((element) => (element.name === 'form' ? elementsIn(element.children) : [])),
  )
  const stray = elementsIn(nodes).find(
    (element) => isControl(element) && !inForms.has(element) && !isForReading(element),
  )
  if (stray) throw new PageFault('markup', `<${stray.name}> is outside of a form, where it does nothing`)
  for (const [form, seen] of found) {
    if (elementsIn(nodes).every(({ name }) => name !== 'form')) {
      throw missing('it has no form: use form(page.form, ...)')
    }
    const absent = [...form.buttons].find((key) => !seen.has(key))
    if (absent !== undefined) throw missing(`the form lacks the button ${said(absent)}: use button()`)
  }
}

/** Which of our forms this one is: by where it goes, and what it sends unseen. */
function matching({ attributes, children }: Element, ours: readonly OwnForm[]): OwnForm {
  const action = attributes.get('action') ?? ''
  const there = ours.filter((form) => form.action === action)
  if (there.length === 0 || attributes.get('method')?.toLowerCase() !== 'post') {
    throw new PageFault(
      'markup',
      'a form may post to where ours does, and nowhere else: use form(page.form, ...)',
    )
  }
  const hidden = elementsIn(children).filter(isHiddenInput).map(hiddenKey).sort()
  const own = there.find(({ fields }) => {
    const expected = fields.map(({ name, value }) => keyOf(name, value)).sort()
    return expected.length === hidden.length && expected.every((key, index) => key === hidden[index])
  })
  if (!own)
    throw missing('the form does not have the hidden fields of ours, and no others: use form(page.form, ...)')
  return own
}

function checkControl(element: Element, own: OwnForm): void {
  if (!isControl(element) || isHiddenInput(element) || isForReading(element)) return
  const { name, attributes } = element
  const key = controlKey(element)
  const isOurs = name === 'button' ? own.buttons.has(key) : own.inputs.has(key) || own.checkboxes.has(key)
  if (!isOurs) throw new PageFault('markup', `the form has a <${name}> that ours has not: ${said(key)}`)
  checkFocus(element, key)
  if (name !== 'button') return
  if (!['submit', undefined].includes(attributes.get('type')?.toLowerCase())) {
    throw new PageFault('markup', `the button ${said(key)} sends nothing: leave its type out`)
  }
  if (visibleText(element).trim() === '') throw missing(`the button ${said(key)} has no words on it`)
}

/** Only what turns back may be there twice. Another one more, and somebody's name was let in as markup. */
function checkRepeated(controls: readonly Element[]): void {
  const seen = new Set<string>()
  for (const key of controls.filter(({ name }) => name === 'button').map(controlKey)) {
    if (seen.has(key) && key !== keyOf('decision', 'deny')) {
      throw new PageFault('markup', `the form has the button ${said(key)} more than once`)
    }
    seen.add(key)
  }
}

/**
 * Whoever opens a page may choose where its focus is, by the fragment of its address, and have a person hold Enter: what
 * that would press, a button or the first one of its form, cannot be begun at.
 */
function checkFocus({ name, attributes }: Element, key: string): void {
  const isPressed = name === 'button' || attributes.get('type')?.toLowerCase() === 'checkbox'
  const begun = isPressed && ['id', 'autofocus'].find((attribute) => attributes.has(attribute))
  if (!begun) return
  const fix = begun === 'id' ? 'name it by a class, and put a check box into its label' : 'leave it out'
  throw new PageFault('markup', `Enter would press what has ${begun}: ${said(key)}; ${fix}`)
}

function isControl({ name }: Element): boolean {
  return name === 'button' || name === 'input'
}

function isHiddenInput({ name, attributes }: Element): boolean {
  return name === 'input' && attributes.get('type')?.toLowerCase() === 'hidden'
}

/** An address to copy: it has no name, so that it is never sent. */
function isForReading({ name, attributes }: Element): boolean {
  const type = attributes.get('type') ?? 'text'
  return name === 'input' && type === 'text' && attributes.has('readonly') && !attributes.has('name')
}

function controlKey(element: Element): string {
  const { name, attributes } = element
  if (name === 'button') return keyOf(attributes.get('name'), attributes.get('value'))
  const type = attributes.get('type')?.toLowerCase() ?? 'text'
  return keyOf(attributes.get('name'), type === 'checkbox' ? attributes.get('value') : type)
}

function hiddenKey({ attributes }: Element): string {
  return keyOf(attributes.get('name'), attributes.get('value') ?? '')
}

function keyOf(name: string | undefined, value: string | undefined): string {
  return JSON.stringify(name === undefined ? [] : [name, value ?? ''])
}

function said(key: string): string {
  const [name, value] = JSON.parse(key) as string[]
  return name === undefined ? 'without a name' : `${name}=${value}`
}

/** Each fact as often as it is to be said, and nothing else in its place. */
function checkFacts(nodes: readonly Node[], facts: readonly Fact[]): void {
  const told = elementsIn(nodes, true).flatMap((element) => {
    const fact = element.attributes.get('data-fact')
    return fact === undefined ? [] : [{ fact, text: oneLine(visibleText(element)) }]
  })
  const due = counted(facts)
  const said = counted(told)
  for (const one of told) {
    if (due.has(factKey(one))) continue
    throw missing(
      `data-fact="${one.fact}" says ${JSON.stringify(one.text.slice(0, 60))}, which is not what it is`,
    )
  }
  for (const fact of facts) {
    const key = factKey(fact)
    if ((said.get(key) ?? 0) >= (due.get(key) ?? 0)) continue
    throw missing(`it does not say ${factWords[fact.fact]}: use shown()`)
  }
}

/** Counted once: people choose how many clients there are on a page, and clients how many scopes. */
function counted(facts: readonly { fact: string; text: string }[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const fact of facts) counts.set(factKey(fact), (counts.get(factKey(fact)) ?? 0) + 1)
  return counts
}

function factKey({ fact, text }: { fact: string; text: string }): string {
  return `${fact} ${oneLine(text)}`
}

const factWords: Readonly<Record<Fact['fact'], string>> = {
  client: 'which client it is about',
  standing: 'how far the name of the client can be believed',
  destination: 'where the answer goes',
  scope: 'all that the client will be able to do',
  warning: 'what people are to be warned of',
  reference: 'the reference by which you find it in the log',
}

/** All elements in document order, or those that are not hidden by themselves or by one around them. */
function elementsIn(nodes: readonly Node[], visible = false): readonly Element[] {
  return nodes.flatMap((node) => {
    if (typeof node === 'string' || (visible && isHidden(node))) return []
    return [node, ...elementsIn(visible ? visibleChildren(node) : node.children, visible)]
  })
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

function missing(message: string): PageFault {
  return new PageFault('missing', message)
}

/** A form as a page shows it. */
export interface Form {
  method: 'get' | 'post'
  /** Absolute. */
  action: string
  /** What is sent besides the button: hidden and visible fields with their present values. */
  fields: [name: string, value: string][]
  /** Buttons that submit it, in the order of the page. */
  buttons: Button[]
}

export interface Button {
  name: string
  value: string
  /** What a person reads on it. */
  text: string
  /** The button's own `formaction`, absolute; instead of the form's. */
  action?: string | undefined
}

/**
 * The forms of an HTML page: inputs, buttons and text areas inside `<form>`. For pages made for this; not an HTML
 * parser.
 */
export function parseForms(html: string, url: string): Form[] {
  const visible = html.replace(/<!--[\s\S]*?-->|<(script|style)\b[\s\S]*?<\/\1>/gi, '')
  return [...visible.matchAll(element('form', '([\\s\\S]*?)</form>'))].map(([, tag = '', content = '']) => {
    const form = attributesOf(tag)
    const absolute = (action: string | undefined) => new URL(action || url, url).href
    return {
      method: form.method?.toLowerCase() === 'post' ? 'post' : 'get',
      action: absolute(form.action),
      ...controls(content, absolute),
    }
  })
}

function controls(html: string, absolute: (action: string) => string): Pick<Form, 'fields' | 'buttons'> {
  const fields: Form['fields'] = []
  const buttons: Button[] = []
  const button = ({ name = '', value = '', formaction }: Attributes, text: string) =>
    buttons.push({ name, value, text, ...(formaction && { action: absolute(formaction) }) })

  for (const [, tag = ''] of html.matchAll(element('input'))) {
    const input = attributesOf(tag)
    const type = input.type?.toLowerCase() ?? 'text'
    if ('disabled' in input || type === 'button' || type === 'reset') continue
    if (type === 'submit') button(input, input.value ?? 'Submit')
    else if (!input.name) continue
    else if (type !== 'checkbox' && type !== 'radio') fields.push([input.name, input.value ?? ''])
    else if ('checked' in input) fields.push([input.name, input.value ?? 'on'])
  }
  for (const [, tag = '', text = ''] of html.matchAll(element('textarea', '([\\s\\S]*?)</textarea>'))) {
    const { name } = attributesOf(tag)
    if (name) fields.push([name, decode(text)])
  }
  for (const [, tag = '', content = ''] of html.matchAll(element('button', '([\\s\\S]*?)</button>'))) {
    const attributes = attributesOf(tag)
    if ('disabled' in attributes || /^(button|reset)$/i.test(attributes.type ?? '')) continue
    button(attributes, textOf(content))
  }
  return { fields, buttons }
}

/** What a person reads: without tags, with white space collapsed. */
export function textOf(html: string): string {
  return decode(
    html
      .replace(/<(script|style)\b[\s\S]*?<\/\1>|<[^>]*>/gi, ' ')
      .replace(/\s+/g, ' ')
      .trim(),
  )
}

/** Where a page goes on to by itself at once (HTML, shared declarative refresh steps). */
export function refreshOf(html: string): string | undefined {
  for (const [, tag = ''] of html.matchAll(element('meta'))) {
    const meta = attributesOf(tag)
    if (meta['http-equiv']?.toLowerCase() !== 'refresh') continue
    const [, quoted, bare] =
      /^\s*0*\s*[;,]\s*(?:url\s*=\s*)?(?:(["'].*)|(.*))$/is.exec(meta.content ?? '') ?? []
    return quoted === undefined ? bare?.trim() : quoted.slice(1).split(quoted.charAt(0))[0]
  }
  return undefined
}

function element(name: string, content = ''): RegExp {
  return new RegExp(`<${name}\\b((?:[^"'>]|"[^"]*"|'[^']*')*)>${content}`, 'gi')
}

type Attributes = Record<string, string | undefined>

function attributesOf(tag: string): Attributes {
  const pattern = /([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?/g
  return Object.fromEntries(
    [...tag.matchAll(pattern)].map(([, name = '', double, single, bare]) => [
      name.toLowerCase(),
      decode(double ?? single ?? bare ?? ''),
    ]),
  )
}

const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
}

function decode(text: string): string {
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|([a-z]+));/gi, (all, hex, decimal, name) => {
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16))
    if (decimal) return String.fromCodePoint(Number(decimal))
    return NAMED[name.toLowerCase()] ?? all
  })
}

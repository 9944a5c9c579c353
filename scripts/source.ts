import { posix } from 'node:path'
import { type Node, parseSync, Visitor } from 'oxc-parser'

/**
 * A module as the architecture rules see it. Parsed with oxc-parser: it is the one maintained parser here that reads
 * TypeScript by itself, where dependency-cruiser needs the JavaScript API that TypeScript 7 no longer has.
 */
export interface Module {
  /** Below the root: `packages/core/src/http/forms.ts`. */
  path: string
  imports: readonly Import[]
  calls: readonly Call[]
  /** Member expressions as written: `crypto.subtle.digest`. */
  members: readonly { text: string; line: number }[]
  /** String literals and the fixed parts of templates. */
  texts: readonly { text: string; line: number }[]
  names: readonly { text: string; line: number }[]
  /** How many lines hold code, and not only comments or nothing. */
  lines: number
}

export interface Import {
  specifier: string
  /** Relative specifiers, resolved: `packages/core/src/clock.ts`. */
  target: string | undefined
  /** Nothing of it is left in the JavaScript. */
  typeOnly: boolean
  /** `import * as z`. */
  namespace: boolean
  line: number
}

/** A method call: `request.json()`. */
export interface Call {
  /** Source text of what the method belongs to. */
  receiver: string
  method: string
  argumentCount: number
  line: number
}

/** Throws when the source does not parse. */
export function parseModule(path: string, source: string): Module {
  const { program, comments, errors } = parseSync(path, source, { sourceType: 'module' })
  if (errors[0]) throw new Error(`${path}: ${errors[0].message}`)

  const line = lineFinder(source)
  const text = (node: { start: number; end: number }) => source.slice(node.start, node.end)
  const imports: Import[] = []
  const calls: Call[] = []
  const members: Module['members'][number][] = []
  const texts: Module['texts'][number][] = []
  const names: Module['names'][number][] = []

  function imported(node: Node, from: string, typeOnly: boolean, namespace = false) {
    const target = from.startsWith('.') ? posix.join(posix.dirname(path), from) : undefined
    imports.push({ specifier: from, target, typeOnly, namespace, line: line(node) })
  }

  new Visitor({
    ImportDeclaration(node) {
      const kinds = node.specifiers.map((specifier) =>
        specifier.type === 'ImportSpecifier' ? specifier.importKind : 'value',
      )
      const typeOnly =
        node.importKind === 'type' || (kinds.length > 0 && kinds.every((kind) => kind === 'type'))
      imported(
        node,
        node.source.value,
        typeOnly,
        node.specifiers.some(({ type }) => type === 'ImportNamespaceSpecifier'),
      )
    },
    ExportNamedDeclaration(node) {
      if (node.source) imported(node, node.source.value, node.exportKind === 'type')
    },
    ExportAllDeclaration(node) {
      imported(node, node.source.value, node.exportKind === 'type', true)
    },
    ImportExpression(node) {
      imported(
        node,
        node.source.type === 'Literal' ? String(node.source.value) : text(node.source),
        false,
        true,
      )
    },
    TSImportType(node) {
      imported(node, node.source.value, true)
    },
    CallExpression(node) {
      const { callee } = node
      if (callee.type !== 'MemberExpression') return
      const method = callee.computed
        ? text(callee.property).replace(/^['"`]|['"`]$/g, '')
        : text(callee.property)
      calls.push({
        receiver: text(callee.object),
        method,
        argumentCount: node.arguments.length,
        line: line(node),
      })
    },
    MemberExpression(node) {
      members.push({ text: text(node), line: line(node) })
    },
    Literal(node) {
      if (typeof node.value === 'string') texts.push({ text: node.value, line: line(node) })
    },
    TemplateElement(node) {
      texts.push({ text: node.value.raw, line: line(node) })
    },
    Identifier(node) {
      names.push({ text: node.name, line: line(node) })
    },
  }).visit(program)

  return { path, imports, calls, members, texts, names, lines: codeLines(source, comments) }
}

function codeLines(source: string, comments: readonly { start: number; end: number }[]): number {
  let code = ''
  let at = 0
  for (const { start, end } of comments) {
    code += source.slice(at, start)
    at = end
  }
  return (code + source.slice(at)).split('\n').filter((text) => text.trim() !== '').length
}

function lineFinder(source: string): (node: { start: number }) => number {
  const starts = [0]
  for (let at = source.indexOf('\n'); at !== -1; at = source.indexOf('\n', at + 1)) starts.push(at + 1)
  return ({ start }) => {
    let low = 0
    let high = starts.length
    while (low + 1 < high) {
      const middle = (low + high) >> 1
      if ((starts[middle] ?? 0) <= start) low = middle
      else high = middle
    }
    return low + 1
  }
}

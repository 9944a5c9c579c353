import { isObject, messagesIn } from './json-rpc.ts'

/** What a message of a client is about, as far as a gate cares. The names are those of the MCP specification. */
export type Operation =
  /** Uses a component. `args` is absent where it only asks about it, as completion does. */
  | { kind: 'tool' | 'prompt'; name: string; args?: Readonly<Record<string, unknown>> | undefined }
  | { kind: 'resource'; uri: string; uses: boolean }
  /** Learns what there is. */
  | { kind: 'discovery' }
  /** Does nothing to anybody: a ping, or that a request is no longer waited for. */
  | { kind: 'harmless' }
  /** Whatever else, also what nobody knows. */
  | { kind: 'other' }

const discovery: ReadonlySet<unknown> = new Set([
  'initialize',
  'notifications/initialized',
  'server/discover',
  'tools/list',
  'resources/list',
  'resources/templates/list',
  'prompts/list',
])

const harmless: ReadonlySet<unknown> = new Set(['ping', 'notifications/cancelled'])

/** What `subscriptions/listen` can be for. */
const subscribed: ReadonlySet<string> = new Set([
  'toolsListChanged',
  'promptsListChanged',
  'resourcesListChanged',
  'resourceSubscriptions',
])

const other: Operation = { kind: 'other' }

/** All that the messages in a parsed body do. What is no message at all is `other`. */
export function operationsIn(body: unknown): Operation[] {
  const operations = messagesIn(body).flatMap(operationsOf)
  const all = Array.isArray(body) ? body : [body]
  return all.every(isObject) && operations.length > 0 ? operations : [...operations, other]
}

function operationsOf({ method, params: given }: { method?: unknown; params?: unknown }): Operation[] {
  if (discovery.has(method)) return [{ kind: 'discovery' }]
  if (harmless.has(method)) return [{ kind: 'harmless' }]
  const params = isObject(given) ? given : {}
  switch (method) {
    case 'tools/call':
      // As a task, the work outlives its request.
      return [named('tool', params.name, argumentsOf(params)), ...('task' in params ? [other] : [])]
    case 'prompts/get':
      return [named('prompt', params.name, argumentsOf(params))]
    case 'resources/read':
    case 'resources/subscribe':
    case 'resources/unsubscribe':
      return [resource(params.uri, true)]
    case 'completion/complete':
      return referenced(params.ref)
    case 'subscriptions/listen':
      return [{ kind: 'discovery' }, ...listened(params.notifications)]
    default:
      return [other]
  }
}

function named(
  kind: 'tool' | 'prompt',
  name: unknown,
  args?: Readonly<Record<string, unknown>> | undefined,
): Operation {
  return typeof name === 'string' ? { kind, name, args } : other
}

function resource(uri: unknown, uses: boolean): Operation {
  return typeof uri === 'string' ? { kind: 'resource', uri, uses } : other
}

/** Never `undefined`: that is how a predicate knows that nothing is used. */
function argumentsOf({
  arguments: given,
}: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return isObject(given) && !Array.isArray(given) ? given : {}
}

/** What a completion is for. Of a template, `uri` is the template. */
function referenced(ref: unknown): Operation[] {
  if (!isObject(ref)) return [other]
  const prompt = named('prompt', ref.name)
  const template = resource(ref.uri, false)
  if (ref.type === 'ref/prompt') return [prompt]
  // Of a type that nobody knows, a server may look at either.
  return ref.type === 'ref/resource' ? [template] : [prompt, template, other]
}

function listened(notifications: unknown): Operation[] {
  if (!isObject(notifications)) return []
  const { resourceSubscriptions: uris = [] } = notifications
  const isKnown = Object.keys(notifications).every((name) => subscribed.has(name))
  const resources = Array.isArray(uris) ? uris.map((uri) => resource(uri, true)) : [other]
  return isKnown ? resources : [...resources, other]
}

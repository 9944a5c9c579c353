import { isObject, messagesIn, type RpcMessage } from './json-rpc.ts'
import type { Listed } from './requirements.ts'
import { type SecurityScheme, withSecuritySchemes } from './security-schemes.ts'

/** What a server's messages go through on their way to a caller. */
export interface Outgoing {
  mayList(listed: Listed): boolean
  /** Whether a change of this resource is told: of what may be listed, or used. */
  mayHearOf(uri: string): boolean
  /** Whether a resource is for some and not for others: no cache may then hand it from one to the other. */
  isForSome(uri: string): boolean
  /** Whether two callers may get different lists: no cache may then hand one's to the other. */
  readonly differs: boolean
  /** What a tool's listing says of the sign-in it needs. Absent: nothing. */
  schemesOf?: ((tool: string) => readonly SecurityScheme[]) | undefined
}

/** The method whose result holds a list, and where in it that is. */
const lists: Readonly<Record<string, readonly [member: string, kind: Listed['kind'], name: string]>> = {
  'tools/list': ['tools', 'tool', 'name'],
  'resources/list': ['resources', 'resource', 'uri'],
  'resources/templates/list': ['resourceTemplates', 'resource', 'uriTemplate'],
  'prompts/list': ['prompts', 'prompt', 'name'],
}

const longestError = 4000

/**
 * A message of a server, as this caller may have it: lists without what is hidden, and no error of many pages.
 *
 * @param body the request's, which says what a result answers
 */
export function sent<Message extends object>(message: Message, body: unknown, outgoing: Outgoing): Message {
  if ('error' in message) return shortened(message)
  if (!('result' in message) || !('id' in message)) return message
  const { id, result } = message
  if (!isObject(result)) return message
  // Two requests of a batch may have one id, and this could answer either.
  const requests = messagesIn(body).filter((one) => one.id === id)
  const seen = requests.reduce((left, request) => forThisCaller(left, request, outgoing), result)
  return seen === result ? message : { ...message, result: seen }
}

/** Whether a message tells of a resource that this caller is not to know. Servers may tell all sessions of each. */
export function isHidden(message: object, { mayHearOf }: Outgoing): boolean {
  const { method, params } = message as RpcMessage
  if (method !== 'notifications/resources/updated' || !isObject(params)) return false
  return typeof params.uri === 'string' && !mayHearOf(params.uri)
}

type Result = Readonly<Record<string, unknown>>

function forThisCaller(result: Result, { method, params }: RpcMessage, outgoing: Outgoing): Result {
  if (typeof method !== 'string') return result
  const list = Object.hasOwn(lists, method) && lists[method]
  if (list) return filtered(result, list, outgoing)
  const uri = method === 'resources/read' && isObject(params) && params.uri
  const isShared = result.cacheScope === 'public' && typeof uri === 'string' && outgoing.isForSome(uri)
  return isShared ? { ...result, cacheScope: 'private' } : result
}

function filtered(
  result: Result,
  [member, kind, name]: (typeof lists)[string],
  { mayList, differs, schemesOf }: Outgoing,
): Result {
  const listed: unknown = result[member]
  if (!Array.isArray(listed)) return result
  const left = listed.flatMap((one) => {
    if (!isObject(one) || !isNamed(one[name]) || !mayList({ kind, name: one[name] })) return []
    return kind === 'tool' && schemesOf ? withSecuritySchemes(one, schemesOf(one[name])) : one
  })
  // Results of 2025 have no such members, and clients of then might not take them.
  const forOne = differs && 'cacheScope' in result ? { cacheScope: 'private', ttlMs: 0 } : {}
  return { ...result, ...forOne, [member]: left }
}

function isNamed(name: unknown): name is string {
  return typeof name === 'string'
}

/** What is wrong with a request is said at length by whoever validates it, once for each wrong value. */
function shortened<Message extends object>(message: Message): Message {
  const { error } = message as { error?: unknown }
  if (!isObject(error) || typeof error.message !== 'string' || error.message.length <= longestError)
    return message
  return { ...message, error: { ...error, message: `${error.message.slice(0, longestError)}...` } }
}

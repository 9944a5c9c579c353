import { isObject, messagesIn } from './json-rpc.ts'
import type { Listed } from './requirements.ts'

/** What a server's messages go through on their way to a caller. */
export interface Outgoing {
  mayList(listed: Listed): boolean
  /** Whether two callers may get different lists: no cache may then hand one's to the other. */
  readonly differs: boolean
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
  const request = messagesIn(body).find((one) => one.id === id)
  const list =
    typeof request?.method === 'string' && Object.hasOwn(lists, request.method) && lists[request.method]
  return list && isObject(result) ? { ...message, result: filtered(result, list, outgoing) } : message
}

function filtered(
  result: Readonly<Record<string, unknown>>,
  [member, kind, name]: (typeof lists)[string],
  { mayList, differs }: Outgoing,
): object {
  const listed: unknown = result[member]
  if (!Array.isArray(listed)) return result
  const left = listed.filter(
    (one) => isObject(one) && isNamed(one[name]) && mayList({ kind, name: one[name] }),
  )
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

import { expect, test } from 'vitest'
import { operationsIn } from './operations.ts'

const ask = (method: unknown, params?: unknown) => ({ jsonrpc: '2.0', id: 1, method, params })
const other = { kind: 'other' }
const discovery = { kind: 'discovery' }

test.each([
  ['tools/call', { name: 'a', arguments: { b: 1 } }, [{ kind: 'tool', name: 'a', args: { b: 1 } }]],
  ['tools/call', { name: 'a' }, [{ kind: 'tool', name: 'a', args: {} }]],
  ['tools/call', { name: 'a', arguments: [1] }, [{ kind: 'tool', name: 'a', args: {} }]],
  ['tools/call', { name: 'a', task: { ttl: 1 } }, [{ kind: 'tool', name: 'a', args: {} }, other]],
  ['tools/call', { name: ['a'] }, [other]],
  ['tools/call', undefined, [other]],
  ['prompts/get', { name: 'a', arguments: { b: '1' } }, [{ kind: 'prompt', name: 'a', args: { b: '1' } }]],
  ['resources/read', { uri: 'x://a' }, [{ kind: 'resource', uri: 'x://a', uses: true }]],
  ['resources/subscribe', { uri: 'x://a' }, [{ kind: 'resource', uri: 'x://a', uses: true }]],
  ['resources/unsubscribe', { uri: 'x://a' }, [{ kind: 'resource', uri: 'x://a', uses: true }]],
  ['resources/read', { uri: { href: 'x://a' } }, [other]],
  ['completion/complete', { ref: { type: 'ref/prompt', name: 'a' } }, [{ kind: 'prompt', name: 'a' }]],
  [
    'completion/complete',
    { ref: { type: 'ref/resource', uri: 'x://{a}' } },
    [{ kind: 'resource', uri: 'x://{a}', uses: false }],
  ],
  ['completion/complete', { ref: { type: 'new', name: 'a' } }, [{ kind: 'prompt', name: 'a' }, other, other]],
  ['completion/complete', {}, [other]],
  ['subscriptions/listen', { notifications: { toolsListChanged: true } }, [discovery]],
  [
    'subscriptions/listen',
    { notifications: { resourceSubscriptions: ['x://a', 7] } },
    [discovery, { kind: 'resource', uri: 'x://a', uses: true }, other],
  ],
  ['subscriptions/listen', { notifications: { resourceSubscriptions: 'x://a' } }, [discovery, other]],
  [
    'subscriptions/listen',
    { notifications: { resourceSubscriptions: ['x://a'], name: 'new' } },
    [discovery, { kind: 'resource', uri: 'x://a', uses: true }, other],
  ],
  ['tools/list', { cursor: 'x' }, [discovery]],
  ['server/discover', undefined, [discovery]],
  ['ping', undefined, [{ kind: 'harmless' }]],
  ['Tools/Call', { name: 'a' }, [other]],
  ['tools/call ', { name: 'a' }, [other]],
  ['tasks/result', { taskId: 'a' }, [other]],
  ['constructor', undefined, [other]],
  [7, undefined, [other]],
])('%s with %j does this', (method, params, expected) => {
  expect(operationsIn(ask(method, params))).toEqual(expected)
})

test('a batch does all that is in it, and what is no message in it is something else', () => {
  const tool = { kind: 'tool', name: 'a', args: {} }
  const call = ask('tools/call', { name: 'a' })
  expect(operationsIn([ask('ping'), call, call])).toEqual([{ kind: 'harmless' }, tool, tool])
  expect(operationsIn([call, 'tools/call', null])).toEqual([tool, other])
  expect(operationsIn([[call]])).toContainEqual(other)
  for (const nothing of [undefined, null, 'x', 7, []]) expect(operationsIn(nothing)).toEqual([other])
})

import assert from 'node:assert/strict'
import {
  assertAbsent,
  assertStored,
  create,
  listAll,
  type StorageCase,
  storageCase,
  written,
} from './case.ts'

const oddIds = [
  'with space',
  ' leading',
  'trailing ',
  'trailing',
  'quote\'"`',
  'back\\slash',
  'per%cent',
  'under_score',
  'star*',
  'question?',
  '[brackets]',
  '{braces}',
  'colon:semi;comma,',
  'plus+equals=&',
  'hash#',
  'dollar$1',
  'a.b..c',
  '-dash',
  'new\nline',
  'tab\t',
  'CASE',
  'case',
  'ß',
  'ss',
  // The same letter to a reader, but two strings.
  '\u00e9',
  'e\u0301',
  '日本語',
  '🔑',
  '\u{10ffff}',
  '__proto__',
  'constructor',
  '0',
  '00',
  'null',
  'long'.repeat(100),
]

/** Bytes. */
const longestKey = 512

/** Keys and values come back as they were given, whatever is in them. */
export const contentCases: readonly StorageCase[] = [
  storageCase('values of 256 KiB are kept whole', async ({ storage }) => {
    const large = pseudoRandomText(256 * 1024)
    const version = await create(storage, 'grant/a/1', large)
    await assertStored(storage, 'grant/a/1', large, version)
    const replaced = large.slice(1)
    await written(storage.put('grant/a/1', replaced, { ifVersion: version }))
    await assertStored(storage, 'grant/a/1', replaced)
  }),

  storageCase('values of 256 KiB outside of ASCII are kept whole', async ({ storage }) => {
    const large = '🔐é字'.repeat((256 * 1024) / 9)
    const version = await create(storage, 'grant/a/1', large)
    await assertStored(storage, 'grant/a/1', large, version)
  }),

  storageCase('values are text, whatever they look like', async ({ storage }) => {
    const values = [
      '',
      ' ',
      '0012',
      '1e3',
      '1.0',
      '9007199254740993',
      'null',
      'undefined',
      'true',
      '{"a":[1,"é"]}',
      '"quoted"',
      "it's; DROP TABLE entries--",
      'line\r\nline\n',
      '\t',
      '\u0001\u001f\u007f',
      '\ufeffbyte order mark',
      'עברית and 日本語',
      'e\u0301 is not \u00e9',
      '👩‍👩‍👧‍👦',
    ]
    for (const [index, value] of values.entries()) {
      const key = `grant/a/${index}`
      const version = await create(storage, key, value)
      await assertStored(storage, key, value, version)
    }
  }),

  storageCase('keys of 512 bytes are keys of their own, to the last character', async ({ storage }) => {
    const filled = (start: string, filling: string, end: string) => {
      const room = longestKey - new TextEncoder().encode(start + end).length
      return start + filling.repeat(room / new TextEncoder().encode(filling).length) + end
    }
    const ids = ['1', '2'].map((end) => filled('grant/a/', 'x', end))
    const owners = ['1/', '2/'].map((end) => filled('grant/', '}', `${end}1`))
    const kinds = ['1', '2'].map((end) => filled('client/', '{', end))
    const others = ['11', '12'].map((end) => filled('grant/b/', '日本', end))
    const keys = [...ids, ...owners, ...kinds, ...others]
    const versions = new Map<string, string>()
    for (const key of keys) versions.set(key, await create(storage, key, `value of ${key}`))
    for (const key of keys) await assertStored(storage, key, `value of ${key}`, versions.get(key))
    assert.deepEqual(await listAll(storage, 'grant/a/', 1), ids)
    assert.deepEqual(await listAll(storage, 'grant/b/', 1), others)
    assert.deepEqual(await listAll(storage, 'client/'), kinds)
    for (const key of owners) assert.deepEqual(await listAll(storage, key.slice(0, -1)), [key])
    const [first = '', second = ''] = ids
    await storage.delete(first, { ifVersion: versions.get(first) ?? '' })
    await assertStored(storage, second, `value of ${second}`)
  }),

  storageCase('odd keys are keys of their own', async ({ storage }) => {
    const keys = oddIds.map((id) => `grant/a/${id}`)
    const versions = new Map<string, string>()
    for (const key of keys) versions.set(key, await create(storage, key, `value of ${key}`))
    assert.deepEqual(await listAll(storage, 'grant/a/', 4), [...keys].sort())
    for (const key of keys) {
      const version = versions.get(key) ?? ''
      await assertStored(storage, key, `value of ${key}`, version)
      assert.equal(await storage.delete(key, { ifVersion: version }), true, `delete ${key}`)
      await assertAbsent(storage, key)
    }
  }),

  storageCase('odd owners are owners of their own', async ({ storage }) => {
    for (const owner of oddIds) await create(storage, `grant/${owner}/1`)
    for (const owner of oddIds) {
      assert.deepEqual(await listAll(storage, `grant/${owner}/`), [`grant/${owner}/1`])
    }
  }),
]

/** Text that does not compress away, the same each time. */
function pseudoRandomText(length: number): string {
  let state = 1
  let text = ''
  while (text.length < length) {
    state = (state * 48_271) % 2_147_483_647
    text += state.toString(36)
  }
  return text.slice(0, length)
}

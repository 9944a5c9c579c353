import { describe, expect, it } from 'vitest'
import { keyNames } from './keys.ts'

const names = keyNames('drawbridge:')

/** What Redis Cluster hashes: between the first brace and the next that closes. */
const hashTag = (name: string) => /\{([^}]+)\}/.exec(name)?.[1]

describe('keyNames', () => {
  it('tags with the owner, or with the id where there is no owner', () => {
    expect(names.of('grant/ada/1')).toMatchObject({
      entry: 'drawbridge:grant/{ada}/1',
      index: { name: 'drawbridge:grant/{ada}/', member: '1' },
    })
    expect(names.of('client/42').entry).toBe('drawbridge:client/{42}')
    expect(names.of('client/42').index).toBeUndefined()
  })

  const odd = [
    'grant/a}b/1',
    'grant/{a}/1',
    'grant/}{/1',
    'grant/%7b/{1}',
    '{x}/{y}/z',
    'grant/a/1/2',
    'client/{',
    'client/%',
  ]

  it.each(odd)('keeps everything of %s in one slot, and finds the key again', (key) => {
    const { entry, mark, index } = names.of(key)
    expect(hashTag(entry)).toBeTruthy()
    expect(hashTag(mark('token'))).toBe(hashTag(entry))
    if (index) expect(hashTag(index.name)).toBe(hashTag(entry))
    expect(names.keyOf(entry)).toBe(key)
  })

  it('has a name of its own for each key', () => {
    const entries = [...odd, 'grant/a/1', 'grant/a', 'grant/%7b/1', 'grant/{/1'].map(
      (key) => names.of(key).entry,
    )
    expect(new Set(entries).size).toBe(entries.length)
  })

  it('knows an index, a mark and what is not ours from an entry', () => {
    const { index, mark } = names.of('grant/ada/1')
    for (const name of [index?.name ?? '', mark('token'), 'drawbridge:other', 'grant/{ada}/1', 'session:1']) {
      expect(names.keyOf(name)).toBeUndefined()
    }
  })

  it.each(['grant', 'grant/', 'grant/a/', 'grant//1', ''])('refuses "%s", which is no key', (key) => {
    expect(() => names.of(key)).toThrow('a key is kind/id or kind/owner/id')
  })

  it('looks into one index for an owner, and everywhere for less', () => {
    expect(names.under('grant/ada/')).toEqual({ index: 'drawbridge:grant/{ada}/', owner: 'grant/ada/' })
    expect(names.under('grant/ada/1')).toEqual(names.under('grant/ada/'))
    expect(names.under('client/')).toEqual({ pattern: 'drawbridge:client/{*' })
    expect(names.under('client/a*')).toEqual({ pattern: 'drawbridge:client/{a\\**' })
    expect(names.under('cli')).toEqual({ pattern: 'drawbridge:cli*' })
  })
})

import { describe, expect, it } from 'vitest'
import { root } from '../workspace.ts'
import { readOrder, WrongOrder } from './order.ts'

const order = (...args: string[]) => readOrder(args, root)

it('an order is a kind and a name; the rest follows, or is said', () => {
  expect(order('provider', 'beacon')).toEqual({
    kind: 'provider',
    flavour: 'openid',
    name: 'beacon',
    label: 'Beacon',
  })
  expect(order('provider', 'beacon', '--openid')).toEqual(order('provider', 'beacon'))
  expect(order('provider', 'my-beacon2', '--oauth2')).toMatchObject({
    flavour: 'oauth2',
    label: 'My Beacon2',
  })
  expect(order('--label', 'Åcme & Co.', 'store', 'beacon')).toEqual({
    kind: 'store',
    name: 'beacon',
    label: 'Åcme & Co.',
  })
  expect(order('adapter', 'beacon')).toEqual({ kind: 'adapter', name: 'beacon', label: 'Beacon' })
})

describe('what is wrong is said, with what to type', () => {
  it.each<[string[], RegExp]>([
    [[], /^Makes a package.*pnpm new provider acme/s],
    [['providers', 'beacon'], /"providers" is no kind of package.*pnpm new provider acme/s],
    [['toString', 'beacon'], /is no kind of package/],
    [['store'], /What is the store called\? pnpm new store acme/],
    [['store', 'beacon', 'other'], /One name, please, and not 2/],
    [['store', 'beacon', '--oauth2'], /--openid and --oauth2 are for providers/],
    [['provider', 'beacon', '--openid', '--oauth2'], /--openid or --oauth2/],
    [['provider', 'beacon', '--force'], /Unknown option '--force'/],
    [['provider', 'beacon', '--label'], /--label/],
    [['provider', 'beacon', '--label', "Let's"], /--label: use up to 60/],
    [['provider', 'beacon', '--label', ''], /--label: use up to 60/],
    [['provider', 'beacon', '--label', 'A\nB'], /--label: use up to 60/],
  ])('%j', (args, message) => {
    expect(() => order(...args)).toThrow(WrongOrder)
    expect(() => order(...args)).toThrow(message)
  })

  it.each(['Acme', 'acme!', '../acme', 'acme--a', '-acme', '1acme', 'acme-', 'a/b', '', 'a'.repeat(33)])(
    '"%s" cannot be a name',
    (name) => {
      expect(() => readOrder(['provider', '--', name], root)).toThrow(/cannot be a name/)
    },
  )

  it.each(['class', 'client', 'await'])('"%s" is a word of the language or of ours', (name) => {
    expect(() => order('provider', name)).toThrow(/means something.*-login/)
  })

  it.each([
    ['github', 'packages/providers/github'],
    ['core', 'packages/core'],
    ['express', 'packages/adapters/express'],
    ['demo', 'apps/demo'],
  ])('"%s" is taken', (name, folder) => {
    expect(() => order('store', name)).toThrow(`"${name}" is taken: ${folder}.`)
  })
})

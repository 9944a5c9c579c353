import { describe, expect, it } from 'vitest'
import { root } from '../workspace.ts'
import { readOrder, WrongOrder } from './order.ts'

const order = (...args: string[]) => readOrder(args, root)

it('an order is a kind and a name; the rest follows, or is said', () => {
  expect(order('provider', 'acme')).toEqual({
    kind: 'provider',
    flavour: 'openid',
    name: 'acme',
    label: 'Acme',
  })
  expect(order('provider', 'acme', '--openid')).toEqual(order('provider', 'acme'))
  expect(order('provider', 'my-acme2', '--oauth2')).toMatchObject({ flavour: 'oauth2', label: 'My Acme2' })
  expect(order('--label', 'Åcme & Co.', 'store', 'acme')).toEqual({
    kind: 'store',
    name: 'acme',
    label: 'Åcme & Co.',
  })
  expect(order('adapter', 'acme')).toEqual({ kind: 'adapter', name: 'acme', label: 'Acme' })
})

describe('what is wrong is said, with what to type', () => {
  it.each<[string[], RegExp]>([
    [[], /^Makes a package.*pnpm new provider acme/s],
    [['providers', 'acme'], /"providers" is no kind of package.*pnpm new provider acme/s],
    [['toString', 'acme'], /is no kind of package/],
    [['store'], /What is the store called\? pnpm new store acme/],
    [['store', 'acme', 'other'], /One name, please, and not 2/],
    [['store', 'acme', '--oauth2'], /--openid and --oauth2 are for providers/],
    [['provider', 'acme', '--openid', '--oauth2'], /--openid or --oauth2/],
    [['provider', 'acme', '--force'], /Unknown option '--force'/],
    [['provider', 'acme', '--label'], /--label/],
    [['provider', 'acme', '--label', "Let's"], /--label: use up to 60/],
    [['provider', 'acme', '--label', ''], /--label: use up to 60/],
    [['provider', 'acme', '--label', 'A\nB'], /--label: use up to 60/],
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

import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../errors.ts'
import { productSchemes, products, productsLookedUp } from './products.ts'
import { redirectUriPolicy } from './redirect-uri.ts'

const own = { issuer: 'https://mcp.acme.dev' }
const unknown = expect.stringContaining('private-use scheme')

describe('what is known of products', () => {
  it('has the day it was looked up, each product once, and each scheme once', () => {
    expect(new Date(productsLookedUp).toISOString().slice(0, 10)).toBe(productsLookedUp)
    expect(new Set(products.map(({ name }) => name)).size).toBe(products.length)
    expect(new Set(productSchemes).size).toBe(productSchemes.length)
  })

  it.each(products)(
    '$name may register what it was seen with, and alone when an operator wants that',
    ({ redirectUris, schemes }) => {
      expect(redirectUris).not.toEqual([])
      const policy = redirectUriPolicy({ allow: redirectUris, schemes }, own)
      for (const pattern of redirectUris) {
        expect(policy.refuse(pattern.replace(':*/', ':49152/').replace('*', 'x'), 'native')).toBeUndefined()
      }
      expect(policy.refuse('https://elsewhere.test/callback', 'native')).toContain('not among the redirect')
    },
  )
})

describe('option schemes', () => {
  it('is the products without being said', () => {
    const policy = redirectUriPolicy(undefined, own)
    for (const scheme of productSchemes) expect(policy.refuse(`${scheme}://cb`, 'native')).toBeUndefined()
    expect(policy.refuse('myapp://cb', 'native')).toEqual(unknown)
  })

  it('puts others beside them, whatever their case', () => {
    const wider = redirectUriPolicy({ schemes: [...productSchemes, 'MyApp'] }, own)
    for (const scheme of ['myapp', 'MYAPP', 'cursor']) {
      expect(wider.refuse(`${scheme}://cb`, 'native')).toBeUndefined()
    }
    expect(wider.refuse('otherapp://cb', 'native')).toEqual(unknown)
  })

  it('takes a single product out, all of them, or puts others in their place', () => {
    const without = products.filter(({ name }) => name !== 'Cursor').flatMap(({ schemes }) => schemes)
    const fewer = redirectUriPolicy({ schemes: without }, own)
    expect(fewer.refuse('cursor://cb', 'native')).toEqual(unknown)
    expect(fewer.refuse('vscode://cb', 'native')).toBeUndefined()
    expect(redirectUriPolicy({ schemes: ['myapp'] }, own).refuse('cursor://cb', 'native')).toEqual(unknown)
    const none = redirectUriPolicy({ schemes: [] }, own)
    for (const scheme of productSchemes) expect(none.refuse(`${scheme}://cb`, 'native')).toEqual(unknown)
    expect(none.refuse('com.example.app:/cb', 'native')).toBeUndefined()
  })

  it('left out, a pattern for such a scheme can never match', () => {
    expect(() => redirectUriPolicy({ schemes: [], allow: ['cursor://*'] }, own)).toThrow(
      /^redirectUris\.allow: /,
    )
  })

  it.each([
    ['javascript', 'never allowed'],
    ['DATA', 'never allowed'],
    ['http', 'rules of their own'],
    ['https', 'rules of their own'],
    ['myapp://', 'without ://'],
    ['*', 'Write the scheme alone'],
    ['', 'Write the scheme alone'],
  ])('does not take %j', (scheme, fix) => {
    const build = () => redirectUriPolicy({ schemes: [scheme] }, own)
    expect(build).toThrow(ConfigurationError)
    expect(build).toThrow(/^redirectUris\.schemes: /)
    expect(build).toThrow(fix)
  })
})

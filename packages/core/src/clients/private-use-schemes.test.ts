import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../errors.ts'
import { redirectUriPolicy } from './redirect-uri.ts'

const own = { issuer: 'https://mcp.acme.dev' }

describe('option schemes', () => {
  it('lets further private-use schemes in, whatever their case', () => {
    const wider = redirectUriPolicy({ schemes: ['MyApp'] }, own)
    expect(wider.refuse('myapp://cb', 'native')).toBeUndefined()
    expect(wider.refuse('MYAPP://cb', 'native')).toBeUndefined()
    expect(wider.refuse('otherapp://cb', 'native')).toContain('private-use scheme')
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

import { describe, expect, it } from 'vitest'
import { isLoopback, staysOnThisMachine, withoutLoopbackPort } from './loopback.ts'

describe('isLoopback', () => {
  it.each(['localhost', '127.0.0.1', '127.8.9.10', '[::1]'])('knows %s', (host) => {
    expect([isLoopback(host), staysOnThisMachine(host)]).toEqual([true, true])
  })

  it.each([
    'localhost.evil.test',
    '127.0.0.1.evil.test',
    // No URL has such a host: what writes it means to be read in two ways.
    '127.0.0.0001',
    '127.1',
    '::1',
    '[::2]',
    'LOCALHOST',
    '',
    undefined,
  ])('is not taken in by %s', (host) => {
    expect(isLoopback(host)).toBe(false)
  })

  it.each(['app.localhost', '0.0.0.0', '[::]', '[::ffff:7f00:1]'])(
    'is stricter than what stays here: %s',
    (host) => {
      expect([isLoopback(host), staysOnThisMachine(host)]).toEqual([false, true])
    },
  )
})

describe('withoutLoopbackPort', () => {
  it.each([
    ['http://localhost:3000/callback?a=1', 'http://localhost/callback?a=1'],
    ['http://127.0.0.1:1', 'http://127.0.0.1'],
    ['http://[::1]:65535/', 'http://[::1]/'],
    ['http://localhost/callback', 'http://localhost/callback'],
  ])('of %s is %s', (uri, portless) => {
    expect(withoutLoopbackPort(uri)).toBe(portless)
  })

  it.each([
    'https://localhost:3000/callback',
    'http://app.example:3000/callback',
    'http://LOCALHOST:3000/callback',
    'http://localhost:3000@evil.test/',
    'http://localhost:80:80/',
    'http://127.0.0.1:80.evil.test/',
    'http://127.0.0.0001:80/',
    'cursor://localhost:3000/',
  ])('is nothing for %s', (uri) => {
    expect(withoutLoopbackPort(uri)).toBeUndefined()
  })
})

import { describe, expect, it } from 'vitest'
import { fakeClock } from '../clock.ts'
import { cookieJar } from './cookie-jar.ts'

const GET = { method: 'GET', crossSite: false }

function sentTo(target: string, setFrom: string, cookie: string, request = GET): string | undefined {
  const jar = cookieJar()
  jar.store(new URL(setFrom), [cookie])
  return jar.header(new URL(target), request)
}

describe('cookieJar', () => {
  it('keeps a cookie to its host, whatever the port', () => {
    expect(sentTo('http://127.0.0.1:2/', 'http://127.0.0.1:1/', 'a=1')).toBe('a=1')
    expect(sentTo('http://localhost/', 'http://127.0.0.1/', 'a=1')).toBeUndefined()
    expect(sentTo('https://sub.acme.test/', 'https://acme.test/', 'a=1')).toBeUndefined()
    expect(sentTo('https://sub.acme.test/', 'https://acme.test/', 'a=1; Domain=acme.test')).toBe('a=1')
    expect(sentTo('https://acme.test/', 'https://evil.test/', 'a=1; Domain=acme.test')).toBeUndefined()
    expect(sentTo('https://evilacme.test/', 'https://acme.test/', 'a=1; Domain=acme.test')).toBeUndefined()
  })

  it('honours Path', () => {
    const from = 'https://acme.test/app/login'
    expect(sentTo('https://acme.test/app/x', from, 'a=1')).toBe('a=1')
    expect(sentTo('https://acme.test/apple', from, 'a=1')).toBeUndefined()
    expect(sentTo('https://acme.test/', from, 'a=1; Path=/')).toBe('a=1')
    expect(sentTo('https://acme.test/', from, 'a=1; Path=/callback')).toBeUndefined()
    expect(sentTo('https://acme.test/callback/github', from, 'a=1; Path=/callback')).toBe('a=1')
  })

  it('honours Secure, and makes an exception for loopback', () => {
    expect(sentTo('http://acme.test/', 'https://acme.test/', 'a=1; Secure')).toBeUndefined()
    expect(sentTo('https://acme.test/', 'http://acme.test/', 'a=1; Secure')).toBeUndefined()
    expect(sentTo('http://localhost/', 'http://localhost/', 'a=1; Secure')).toBe('a=1')
  })

  it('does not let an insecure page replace a secure cookie', () => {
    const jar = cookieJar()
    jar.store(new URL('https://acme.test/'), ['a=good; Secure; Path=/'])
    jar.store(new URL('http://acme.test/'), ['a=evil; Path=/'])
    expect(jar.header(new URL('https://acme.test/'), GET)).toBe('a=good')
  })

  it('hides HttpOnly from scripts', () => {
    const jar = cookieJar()
    jar.store(new URL('https://acme.test/'), ['a=1; HttpOnly', 'b=2'])
    expect(jar.visibleToScripts(new URL('https://acme.test/'))).toBe('b=2')
    expect(jar.header(new URL('https://acme.test/'), GET)).toBe('a=1; b=2')
  })

  it('honours SameSite; without it a cookie is Lax', () => {
    const url = 'https://acme.test/'
    const sent = (cookie: string, method: string) => sentTo(url, url, cookie, { method, crossSite: true })
    expect(sent('a=1', 'GET')).toBe('a=1')
    expect(sent('a=1', 'POST')).toBeUndefined()
    expect(sent('a=1; SameSite=Lax', 'GET')).toBe('a=1')
    expect(sent('a=1; SameSite=Lax', 'POST')).toBeUndefined()
    expect(sent('a=1; SameSite=Strict', 'GET')).toBeUndefined()
    expect(sent('a=1; SameSite=None; Secure', 'POST')).toBe('a=1')
    expect(sent('a=1; SameSite=None', 'GET')).toBeUndefined()
  })

  it('enforces the prefixes', () => {
    const url = 'https://acme.test/'
    expect(sentTo(url, url, '__Host-a=1; Secure; Path=/')).toBe('__Host-a=1')
    expect(sentTo(url, url, '__Host-a=1; Path=/')).toBeUndefined()
    expect(sentTo(url, url, '__Host-a=1; Secure; Path=/app')).toBeUndefined()
    expect(sentTo(url, url, '__Host-a=1; Secure; Path=/; Domain=acme.test')).toBeUndefined()
    expect(sentTo(url, url, '__Secure-a=1')).toBeUndefined()
    expect(sentTo('http://localhost/', 'http://localhost/', '__Host-a=1; Secure; Path=/')).toBeUndefined()
  })

  it('forgets what expired or was deleted, and replaces what is set again', () => {
    const clock = fakeClock()
    const jar = cookieJar(clock)
    const url = new URL('https://acme.test/')
    jar.store(url, [
      'a=1; Max-Age=60',
      'b=2; Max-Age=60',
      `c=3; Expires=${new Date(clock.now() + 5000).toUTCString()}`,
      'd=4',
    ])
    jar.store(url, ['a=5; Max-Age=600', 'b=; Max-Age=0'])
    clock.advance(59)
    expect(jar.header(url, GET)).toBe('d=4; a=5')
    clock.advance(600)
    expect(jar.list().map(({ name }) => name)).toEqual(['d'])
    jar.clear()
    expect(jar.header(url, GET)).toBeUndefined()
  })
})

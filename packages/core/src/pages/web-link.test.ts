import { describe, expect, test } from 'vitest'
import { webUrl } from '../syntax/web-url.ts'
import { render } from './html.ts'
import { webLink } from './web-link.ts'

describe('webUrl', () => {
  test.each([
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    ' java\nscript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:https://acme.dev/1',
    'cursor://callback',
    '//acme.dev',
    'https:acme.dev',
    'https://acme.dev\\@evil.example/',
    'https://acme.dev/a b',
    'https://accounts.google.com@evil.example/',
    'not a url',
    '',
  ])('makes no link of %j', (value) => {
    expect(webUrl(value)).toBeUndefined()
    expect(render(webLink(value))).not.toContain('<a')
  })

  test('links to web pages, and hands them no opener and no referrer', () => {
    expect(render(webLink('https://acme.dev/a?b=1&c="2"'))).toBe(
      '<a href="https://acme.dev/a?b=1&amp;c=%222%22" rel="noopener noreferrer nofollow" target="_blank">' +
        '<bdi dir="ltr">https://acme.dev/a?b=1&amp;c=%222%22</bdi></a>',
    )
  })

  test('shows a look-alike host in ASCII', () => {
    expect(render(webLink('https://аpple.com/'))).toContain('>https://xn--pple-43d.com/<')
  })
})

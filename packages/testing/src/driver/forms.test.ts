import { describe, expect, it } from 'vitest'
import { parseForms, textOf } from './forms.ts'

describe('parseForms', () => {
  it('reads fields and buttons', () => {
    const html = `
      <form method="POST" action='/consent?x=1&amp;y=2'>
        <input type="hidden" name="csrf" value="a&quot;&#39;&#x3e;b">
        <input name=user value=ada>
        <input type="checkbox" name="remember" checked><input type="checkbox" name="no">
        <input type="radio" name="r" value="1"><input type="radio" name="r" value="2" checked>
        <input name="off" value="x" disabled>
        <textarea name="note">hello
there</textarea>
        <button name="decision" value="approve"><b>Allow</b> &amp; go</button>
        <button type="button" name="script">No</button>
        <input type="submit" name="decision" value="deny">
        <button formaction="/elsewhere">Other</button>
      </form>`
    expect(parseForms(html, 'https://acme.test/consent')).toEqual([
      {
        method: 'post',
        action: 'https://acme.test/consent?x=1&y=2',
        fields: [
          ['csrf', `a"'>b`],
          ['user', 'ada'],
          ['remember', 'on'],
          ['r', '2'],
          ['note', 'hello\nthere'],
        ],
        buttons: [
          { name: 'decision', value: 'deny', text: 'deny' },
          { name: 'decision', value: 'approve', text: 'Allow & go' },
          { name: '', value: '', text: 'Other', action: 'https://acme.test/elsewhere' },
        ],
      },
    ])
  })

  it('posts to the page itself without an action, query included', () => {
    expect(parseForms('<form></form>', 'https://acme.test/a?b=c')).toMatchObject([
      { method: 'get', action: 'https://acme.test/a?b=c' },
    ])
  })

  it('is not confused by comments, scripts and quoted angle brackets', () => {
    const html = `<!-- <form><button>no</button></form> -->
      <script>"<form></form>"</script>
      <form><input name="a" value="a > b"><button>yes</button></form>`
    const forms = parseForms(html, 'https://acme.test/')
    expect(forms.map(({ buttons }) => buttons.map(({ text }) => text))).toEqual([['yes']])
    expect(forms[0]?.fields).toEqual([['a', 'a > b']])
  })
})

it('reads like a person', () => {
  expect(textOf('<style>b{}</style><h1>Hello,\n  <b>world</b></h1>&lt;3')).toBe('Hello, world <3')
})

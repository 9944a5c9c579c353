import { describe, expect, test } from 'vitest'
import { type Html, html, render, trusted } from './html.ts'

describe('html', () => {
  test('escapes what is put into text and into attributes', () => {
    const hostile = `</p><script>alert("1")</script>&'`
    expect(render(html`<p title="${hostile}" lang='${hostile}'>${hostile}</p>`)).not.toContain('<script>')
    expect(render(html`<p title="${'" onclick="x'}">`)).toBe('<p title="&quot; onclick=&quot;x">')
    expect(render(html`<p title='${"' onclick='x"}'>`)).toBe("<p title='&#39; onclick=&#39;x'>")
  })

  test('escapes an ampersand once, so that no entity can be smuggled in', () => {
    expect(render(html`${'&lt;b&gt;'}`)).toBe('&amp;lt;b&amp;gt;')
  })

  test('keeps nested templates and joins lists', () => {
    const items = ['<a>', 'b'].map((item) => html`<li>${item}</li>`)
    expect(render(html`<ul>${items}</ul>`)).toBe('<ul><li>&lt;a&gt;</li><li>b</li></ul>')
  })

  test('renders nothing for what is not there, but renders zero', () => {
    expect(render(html`[${undefined}${null}${false}${[]}${0}]`)).toBe('[0]')
  })

  test('lets only trusted markup through as it is', () => {
    expect(render(html`${trusted('<b>ours</b>')}${'<b>theirs</b>'}`)).toBe(
      '<b>ours</b>&lt;b&gt;theirs&lt;/b&gt;',
    )
  })

  test('takes no object from JSON for markup', () => {
    const forged = JSON.parse('{"markup":"<script>","Symbol(markup)":"<script>"}') as Html
    expect(render(html`<p>${forged}</p>`)).not.toContain('<script>')
  })
})

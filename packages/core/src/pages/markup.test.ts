import { describe, expect, test } from 'vitest'
import { readMarkup, writeMarkup } from './markup.ts'
import { PageFault } from './page-fault.ts'

const links = new Set(['acme-app://back?code=1'])

/** What people get of it; what is wrong with it otherwise. */
function read(text: string): string {
  try {
    return writeMarkup(readMarkup(text, links))
  } catch (error) {
    if (error instanceof PageFault) return `${error.reason}: ${error.message}`
    throw error
  }
}

describe('markup of a page', () => {
  test.each([
    '<h1>Let <b>Claude</b> in?</h1><p class="x" dir="ltr">A &#38; B</p>',
    '<ul><li>One<ul><li>Two</li></ul></li></ul><dl><div><dt>A</dt><dd>B</dd></div></dl>',
    '<form method="post" action="/x"><label>Name <input name="a" required=""></label><button>Go</button></form>',
    '<details><summary>More</summary><p>Text</p></details><img src="data:image/png;base64,AA==" alt=""><br><hr>',
  ])('that every browser reads alike stays as it is: %s', (text) => {
    expect(read(text)).toBe(text)
  })

  test('is written anew, so that nothing can be read into it', () => {
    expect(
      read(`<P TITLE='a"b<c>'>1 > 0 &amp;lt;b&amp;gt; &lt;script&gt; &copy;&#x41; a&b</P><!-- said -->`),
    ).toBe('<p title="a&#34;b&#60;c&#62;">1 &#62; 0 &#38;lt;b&#38;gt; &#60;script&#62; ©A a&#38;b</p>')
  })

  test.each([
    ['<script>x</script>', 'no script runs'],
    ['<SCRIPT src="/x"></SCRIPT>', 'no script runs'],
    ['<img src="data:image/png,x" onerror="x">', 'no script runs'],
    ['<svg onload="x"></svg>', 'mark({ svg })'],
    ['<math><mtext></mtext></math>', '<math> cannot'],
    ['<iframe srcdoc="x"></iframe>', '<iframe> cannot'],
    ['<object data="x"></object>', '<object> cannot'],
    ['<base href="https://evil.example/">', '<base> cannot'],
    ['<meta http-equiv="refresh" content="0;url=https://evil.example">', '<meta> cannot'],
    ['<link rel="stylesheet" href="https://evil.example">', '<link> cannot'],
    ['<style>@import "https://evil.example"</style>', '<style> cannot'],
    ['<template><form></form></template>', '<template> cannot'],
    ['<noscript><p>x</p></noscript>', '<noscript> cannot'],
    ['<textarea></textarea>', '<textarea> cannot'],
    ['<x-form></x-form>', '<x-form> cannot'],
    ['<constructor></constructor>', '<constructor> cannot'],
    ['<p style="color:red">x</p>', 'as `css`'],
    ['<p onclick="x">x</p>', 'attribute onclick'],
    ['<button formaction="https://evil.example">x</button>', 'attribute formaction'],
    ['<button form="other">x</button>', 'attribute form'],
    ['<button disabled>x</button>', 'attribute disabled'],
    ['<form target="_top"></form>', 'attribute target'],
    ['<img srcset="https://evil.example/x 2x" src="data:image/png,x">', 'attribute srcset'],
    ['<a ping="https://evil.example/x" href="https://a.example">x</a>', 'attribute ping'],
  ])('may not hold %s', (text, why) => {
    expect(read(text)).toContain('markup: ')
    expect(read(text)).toContain(why)
  })

  test.each([
    'https://evil.example/x.png',
    '//evil.example/x.png',
    '/x.png',
    'data:text/html,x',
    'blob:x',
    ' https://evil.example',
  ])('shows no image from %s', (src) => {
    expect(read(`<img src="${src}" alt="">`)).toContain('data: URLs')
  })

  test.each([
    'javascript:x',
    'JaVaScRiPt:x',
    ' javascript:x',
    'java\tscript:x',
    'data:text/html,x',
    'vbscript:x',
    'blob:x',
    'acme-app://back',
    'https://a@evil.example',
    '//evil.example',
    '/\\evil.example',
    '&#106;avascript:x',
  ])('does not link to %s', (href) => {
    expect(read(`<a href="${href}">x</a>`)).toContain('cannot link to')
  })

  test.each([
    'https://acme.dev/help?a=1',
    '/help',
    '#more',
    'mailto:help@acme.dev',
    'acme-app://back?code=1',
  ])('links to %s, without handing the window over', (href) => {
    expect(read(`<a href="${href}" target="_blank" rel="opener">x</a>`)).toBe(
      `<a href="${href}" target="_blank" rel="noopener noreferrer">x</a>`,
    )
  })

  test.each([
    ['<p><div>x</div></p>', 'browsers would close'],
    ['<p><b><form></form></b></p>', 'browsers would close'],
    ['<h1><h2>x</h2></h1>', 'browsers would close'],
    ['<a href="/x"><span><a href="/y">x</a></span></a>', '<a> cannot be in <a>'],
    ['<button><button>x</button></button>', '<button> cannot be in <button>'],
    ['<form><div><form></form></div></form>', '<form> cannot be in <form>'],
    ['<li>x</li>', 'directly in <ul>'],
    ['<div><dt>x</dt></div>', 'directly in <dl>'],
    ['<p>x', '<p> is not closed'],
    ['<p><b>x</p></b>', '</p> closes <b>'],
    ['x</p>', 'closes nothing'],
    ['<div/>', 'not closed by its slash'],
    ['<p class=x>x</p>', 'between quotes'],
    ['<p class="a" class="b">x</p>', 'class twice'],
    ['<p title="x>y</p>', 'between quotes'],
    ['a < b', 'no tag'],
    ['<!doctype html>', 'no tag'],
    ['<!--> <b>x</b> -->', 'no tag'],
    ['<?php x ?>', 'no tag'],
    ['<![CDATA[x]]>', 'no tag'],
    ['&unknown;', 'the character itself'],
    ['&#0;&#xD800;', 'the character itself'],
    ['a\0b', 'NUL'],
    [`${'<div>'.repeat(600)}x${'</div>'.repeat(600)}`, 'deep'],
    ['x'.repeat(200_001), 'are the most'],
  ])('that could be read in two ways is none: %s', (text, why) => {
    expect(read(text)).toContain(why)
  })

  test('takes its time by its length', () => {
    const started = performance.now()
    for (const text of ['<p ', '<p a', '<p a ', '<!-', '&', '<p a="', '<a  ', '</a ']) {
      readOrNot(text.repeat(40_000))
    }
    expect(performance.now() - started).toBeLessThan(3000)
  })
})

function readOrNot(text: string): void {
  read(text.slice(0, 200_000))
}

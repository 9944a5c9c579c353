import { UriTemplate as UriTemplateV1 } from '@modelcontextprotocol/sdk/shared/uriTemplate.js'
import { UriTemplate as UriTemplateV2 } from '@modelcontextprotocol/server'
import { describe, expect, it } from 'vitest'
import { byUri, type Match } from './resource-uris.ts'

const lines = {
  v1: (text: string): Match => {
    const template = new UriTemplateV1(text)
    return (uri) => template.match(uri) ?? undefined
  },
  v2: (text: string): Match => {
    const template = new UriTemplateV2(text)
    return (uri) => template.match(uri) ?? undefined
  },
}

const uris = ['https://Acme.dev/a/../plan', 'notes://x/secret', 'notes://x/{id}', 'notes://{+path}']

describe.each(Object.entries(lines))('resources as SDK %s reads them', (_, matcher) => {
  const entries = uris.map((uri) => [uri, uri] as const)
  const found = (uri: string, guards = false) =>
    byUri(entries, matcher, { guards })
      .of(uri)
      .map(({ entry }) => entry)

  it.each([
    ['https://acme.dev/plan', [uris[0]]],
    ['HTTPS://acme.dev:443/%2e/plan', [uris[0]]],
    ['https://Acme.dev/a/../plan', [uris[0]]],
    ['https://acme.dev/Plan', []],
    ['notes://x/secret', ['notes://x/secret']],
    ['notes://x/other', ['notes://x/{id}', 'notes://{+path}']],
    ['notes://x/{id}', ['notes://x/{id}', 'notes://{+path}']],
    ['notes://y', ['notes://{+path}']],
    ['no URI', []],
  ])('%s is %j', (uri, expected) => {
    // A template by its own text is exactly that; as a URI, its braces are encoded, and it matches what any other does.
    const all = new Set([...found(uri)])
    expect([...all].sort()).toEqual([...expected].sort())
  })

  it('tells what a template found', () => {
    const [one] = byUri([['notes://x/{id}', 1]], matcher).of('notes://x/a%20b')
    expect(one).toEqual({ entry: 1, variables: { id: 'a%20b' } })
  })

  it('reads encodings as handlers do where it guards, and by the letter where it opens', () => {
    const encoded = 'notes://x/%73ecret'
    expect(found(encoded)).not.toContain('notes://x/secret')
    expect(found(encoded, true)).toEqual(['notes://x/{id}', 'notes://{+path}', 'notes://x/secret'])
    // What is said of exactly this one is not mixed with what is like it.
    expect(found('notes://x/secret', true)).toEqual(['notes://x/secret'])
    expect(found('notes://x/%E4%A', true)).toContain('notes://x/{id}')
  })

  it('takes a URI that no template can be asked about for one of all where it guards, and for none where it opens', () => {
    const long = `notes://x/${'a'.repeat(1_100_000)}`
    expect(found(long)).toEqual([])
    expect(found(long, true)).toEqual(['notes://x/{id}', 'notes://{+path}'])
  })
})

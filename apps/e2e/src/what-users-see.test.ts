import { readFileSync } from 'node:fs'
import { english } from '@drawbridge/core/languages'
import { expect, it } from 'vitest'

const guide = readFileSync(new URL('../../../docs/guides/what-users-see.md', import.meta.url), 'utf8')

const errors = Object.entries(english).filter(
  ([, value]) => typeof value === 'object' && 'title' in value && 'message' in value,
)

it.each(errors.map(([name, { title }]) => [name, title]))(
  'the guide knows the error page %s: %s',
  (_, title) => {
    expect(guide).toContain(`| ${title}`)
  },
)

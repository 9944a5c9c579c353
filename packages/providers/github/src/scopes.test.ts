import { expect, it } from 'vitest'
import { descriptions } from './scope-words.ts'
import { knownScopes } from './scopes.ts'

it('has words for every scope there is', () => {
  expect(Object.keys(descriptions).sort()).toEqual([...knownScopes].sort())
})

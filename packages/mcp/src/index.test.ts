import { expect, test } from 'vitest'
import * as root from './index.ts'
import * as v1 from './v1.ts'
import * as v2 from './v2.ts'

test('the package is the v1 line', () => {
  expect(Object.keys(root).sort()).toEqual(Object.keys(v1).sort())
  expect(root.mcp).toBe(v1.mcp)
})

test('both lines export the same, and the helpers are the same', () => {
  const { mcp: _, ...helpersV1 } = v1
  const { mcp: __, ...helpersV2 } = v2
  expect(helpersV2).toEqual(helpersV1)
})

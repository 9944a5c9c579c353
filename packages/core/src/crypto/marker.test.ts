import { expect, test } from 'vitest'
import { marker } from './marker.ts'

const first = 'fCwpVgt3qxsXr0cEUtNHqSmFEiHBL5r9ZPpm4KZPq1E='
const second = '8Uc0b1Ykq3bQYyqXH0pVtJm2dS5wKfWnR7e9aLzGx4o='

test('instances with one secret know what the others marked, and nobody else does', () => {
  const mark = marker(first).mark('state', 'alice')
  expect(marker(first).isMarked('state', 'alice', mark)).toBe(true)
  expect(marker(second).isMarked('state', 'alice', mark)).toBe(false)
})

test('a secret that was replaced still knows its marks, and the new one marks', () => {
  const old = marker(first).mark('state', 'alice')
  const rotated = marker([second, first])
  expect(rotated.isMarked('state', 'alice', old)).toBe(true)
  expect(marker(second).isMarked('state', 'alice', rotated.mark('state', 'alice'))).toBe(true)
})

test('a mark is for its text and its purpose, however they are cut', () => {
  const { mark, isMarked } = marker(first)
  const good = mark('state', 'alice')
  expect(isMarked('state', 'bob', good)).toBe(false)
  expect(isMarked('session', 'alice', good)).toBe(false)
  expect(isMarked('statea', 'lice', good)).toBe(false)
  expect(isMarked('', 'statealice', good)).toBe(false)
})

test('nothing that is not a whole mark counts', () => {
  const { mark, isMarked } = marker(first)
  const good = mark('state', 'alice')
  const [id = ''] = good.split('.')
  for (const bad of [
    '',
    '.',
    id,
    `${id}.`,
    `${id}.undefined`,
    good.slice(0, -1),
    `${good}.`,
    `${good}.x`,
    `.${good}`,
  ])
    expect(isMarked('state', 'alice', bad), bad).toBe(false)
})

test('a secret that anybody could guess marks nothing', () => {
  expect(() => marker('letmein')).toThrow('secret')
  expect(() => marker(undefined)).toThrow('secret')
})

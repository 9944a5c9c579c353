import { expect, test } from 'vitest'
import { bearer } from './mcp.fixture.ts'
import { answerIn, eras, message, serving } from './public.fixture.ts'
import { longestMatched } from './template-cost.ts'

const dates = 'calendar://{year}-{month}-{day}'

test.each([
  'notes://{id}',
  'notes://{+path}',
  'github://{owner}/{repo}/{+path}',
  'x://{a}{/b,c}',
  'x://{a}/list{?page,size}',
  'x://{list*}/{id}',
  'x://plain',
])('where variables of %s end is never in question', (template) => {
  expect(longestMatched(template)).toBe(Number.POSITIVE_INFINITY)
})

test.each([
  ['x://{a}-{b}', 1420],
  ['x://{a}{b}', 1420],
  ['x://{a}{.b}', 1420],
  ['x://{+a}/{+b}', 1420],
  ['x://{+path}/{id}', 1420],
  ['x://{a*},{b}', 1420],
  ['x://{a}-{b}/{c}-{d}', 160],
  [dates, 170],
])('where those of %s end can be tried %s characters long', (template, about) => {
  expect(Math.abs(longestMatched(template) - about)).toBeLessThan(10)
})

// With it not bounded, one of these takes minutes.
const long = `calendar://${'-'.repeat(8000)}/`

test.each(eras)(
  'a URI that templates would take long for is refused at once, by %s',
  async (_, { line, ask }) => {
    const asked = ask(message('resources/read', { uri: long }))
    const open = serving(line, { public: { resources: [dates] } })
    expect((await open.fetch(asked.clone())).status).toBe(401)
    const guarded = serving(line, { public: {}, require: { resources: { [dates]: ['calendar'] } } })
    expect((await guarded.fetch(asked.clone())).status).toBe(401)
    const headers = { ...Object.fromEntries(asked.headers), ...bearer('ada') }
    expect((await guarded.fetch(new Request(asked, { headers }))).status).toBe(403)
  },
)

test('one of usual length is read as ever', async () => {
  const { fetch } = serving('v1', { public: { resources: [dates] } })
  const read = eras[0]?.[1].ask(message('resources/read', { uri: 'calendar://2026-11-22' }))
  // Let in, and not there.
  expect(await answerIn(await fetch(read as Request))).toMatchObject({ error: { code: -32602 } })
})

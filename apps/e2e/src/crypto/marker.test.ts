import { expect, it } from 'vitest'
import { secret, world } from '../world.ts'

it('what one instance marked, another one knows at every resource, also with a newer secret', () => {
  const w = world({ resources: { '/mcp': { default: true }, '/files': {} } } as never)
  const [first, second] = [secret, `${secret.slice(0, -9)}Zy8Xw7Vu=`]
  const [before, rotating, after] = [first, [second, first], second].map((one) => w.instance({ secret: one }))
  const mark = before?.at('/mcp').marker?.mark('test', 'text') ?? ''
  expect(before?.marker?.isMarked('test', 'text', mark)).toBe(true)
  expect(rotating?.at('/files' as never).marker?.isMarked('test', 'text', mark)).toBe(true)
  expect(rotating?.marker?.mark('test', 'text')).not.toBe(mark)
  expect(after?.marker?.isMarked('test', 'text', mark)).toBe(false)
})

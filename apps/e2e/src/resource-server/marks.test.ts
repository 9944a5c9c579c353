import { expect, it } from 'vitest'
import { secret, world } from '../world.ts'

it('what one instance marked, another one knows, also with a newer secret; of another resource it is another mark', () => {
  const w = world({ resources: { '/mcp': { default: true }, '/files': {} } } as never)
  const [first, second] = [secret, `${secret.slice(0, -9)}Zy8Xw7Vu=`]
  const [before, rotating] = [w.instance({ secret: first }), w.instance({ secret: [second, first] })]
  const [mark] = before.at('/mcp').marks?.('text') ?? []
  expect(rotating.at('/mcp').marks?.('text')).toContain(mark)
  expect(rotating.at('/mcp').marks?.('text')[0]).not.toBe(mark)
  expect(rotating.at('/mcp').marks?.('other')).not.toContain(mark)
  expect(rotating.at('/files' as never).marks?.('text')).not.toContain(mark)
})

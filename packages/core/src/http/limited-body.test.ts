import { expect, it } from 'vitest'
import { limitedBody } from './limited-body.ts'

const text = async (message: Request | Response, limit: number) => {
  const bytes = await limitedBody(message, limit)
  return bytes && new TextDecoder().decode(bytes)
}

it('reads as much as it may, and no more, whatever the header says', async () => {
  const streamed = (headers = {}) => {
    const start = (controller: ReadableStreamDefaultController) => {
      for (const part of ['ab', 'cd', 'e']) controller.enqueue(new TextEncoder().encode(part))
      controller.close()
    }
    return new Response(new ReadableStream({ start }), { headers })
  }
  expect(await text(streamed(), 5)).toBe('abcde')
  expect(await text(streamed(), 4)).toBeUndefined()
  expect(await text(streamed({ 'content-length': '1' }), 4)).toBeUndefined()
  expect(await text(new Response(null), 5)).toBe('')
  expect(await text(new Request('https://as.test/'), 5)).toBe('')
})

it('does not begin with what is too large by its own words', async () => {
  const response = new Response('x', { headers: { 'content-length': '6' } })
  expect(await text(response, 5)).toBeUndefined()
  expect(response.bodyUsed).toBe(false)
})

it('keeps why a body ended early', async () => {
  const cause = new DOMException('late', 'TimeoutError')
  const failing = new Response(new ReadableStream({ pull: (controller) => controller.error(cause) }))
  await expect(limitedBody(failing, 5)).rejects.toMatchObject({ name: 'UnreadableBody', cause })
})

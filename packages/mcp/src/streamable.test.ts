import { expect, test } from 'vitest'
import { joined } from './streamable.ts'

test('an answer that cannot be told to be for anybody is not sent; what is no answer is', async () => {
  const said: unknown[] = []
  const transport = {
    send: async (message: object) => {
      said.push(JSON.parse(JSON.stringify(message)))
    },
  }
  await joined({ connect: async () => {} }, transport, undefined)
  await transport.send({ jsonrpc: '2.0', id: 1, result: { tools: [{ name: 'secret' }] } })
  await transport.send({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' })
  expect(said).toEqual([
    {
      jsonrpc: '2.0',
      id: 1,
      error: { code: -32603, message: expect.stringContaining('outside the request') },
    },
    { jsonrpc: '2.0', method: 'notifications/tools/list_changed' },
  ])
})

import { expect, it } from 'vitest'
import { network } from './network.ts'

it('reaches the handler of an origin, and nobody else', async () => {
  const fetch = network({
    'https://a.test': (request) => new Response(`a ${request.method} ${new URL(request.url).pathname}`),
    'https://a.test:8443': () => new Response('another port'),
  })
  expect(await (await fetch('https://a.test/path', { method: 'POST' })).text()).toBe('a POST /path')
  expect(await (await fetch(new URL('https://a.test:8443/'))).text()).toBe('another port')
  await expect(fetch('http://a.test/')).rejects.toThrow('nobody answers at http://a.test')
})

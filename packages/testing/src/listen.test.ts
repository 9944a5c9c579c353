import { expect, it } from 'vitest'
import { overNetwork } from './driver/send.ts'
import { listen } from './listen.ts'

it('passes requests and responses through as they are', async () => {
  const { url, close } = await listen(async (request) => {
    const headers = new Headers({ 'x-method': request.method, 'x-path': new URL(request.url).pathname })
    headers.append('set-cookie', 'a=1')
    headers.append('set-cookie', 'b=2; Path=/')
    return new Response(`${request.headers.get('sec-fetch-mode')} ${await request.text()}`, {
      status: 418,
      headers,
    })
  })
  const headers = { 'sec-fetch-mode': 'navigate' }
  const response = await overNetwork(new Request(`${url}//double`, { method: 'POST', headers, body: 'tea' }))
  expect(response.status).toBe(418)
  expect(response.headers.get('x-method')).toBe('POST')
  expect(response.headers.get('x-path')).toBe('//double')
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2; Path=/'])
  expect(await response.text()).toBe('navigate tea')
  await close()
  await expect(overNetwork(new Request(url))).rejects.toThrow('ECONNREFUSED')
})

it('resets the connection when the handler throws', async () => {
  const { url, close } = await listen(() => {
    throw new Error('broken')
  })
  await expect(fetch(url)).rejects.toThrow('fetch failed')
  await close()
})

import { expect, it } from 'vitest'
import { devEgress } from './dev-egress.ts'

const asked = { maxBytes: 20, timeout: 10 }

it('reaches the handler of an origin, and remembers what was asked', async () => {
  const egress = devEgress({
    'https://client.test': ({ headers }) =>
      new Response('{"a":1}', { status: headers.has('if-none-match') ? 203 : 200, headers: { etag: '"1"' } }),
  })
  const { status, headers, body } = await egress('https://client.test/a.json', asked)
  expect([status, headers.get('etag'), new TextDecoder().decode(body)]).toEqual([200, '"1"', '{"a":1}'])
  const again = { ...asked, headers: { 'if-none-match': '"1"' } }
  expect((await egress('https://client.test/b.json', again)).status).toBe(203)
  await expect(egress('https://other.test/', asked)).rejects.toMatchObject({ reason: 'unreachable' })
  expect(egress.requests).toEqual([
    { url: 'https://client.test/a.json', ...asked },
    { url: 'https://client.test/b.json', ...again },
    { url: 'https://other.test/', ...asked },
  ])
})

it('takes one handler for every host, and follows no redirect', async () => {
  const egress = devEgress(() => new Response(null, { status: 302, headers: { location: '/b' } }))
  expect((await egress('https://anywhere.test/a', asked)).status).toBe(302)
  expect(egress.requests).toHaveLength(1)
})

it.each([
  ['unreachable', 'https://client.test/throws'],
  ['too_long', 'https://client.test/long'],
  ['encoding', 'https://client.test/gzip'],
  ['url', 'http://client.test/'],
  ['url', 'https://user@client.test/'],
  ['url', 'https://client.test/#a'],
])('fails as the real one does: %s for %s', async (reason, url) => {
  const egress = devEgress((request) => {
    if (request.url.endsWith('throws')) throw new Error('down')
    if (request.url.endsWith('gzip')) return new Response('', { headers: { 'content-encoding': 'gzip' } })
    return new Response('x'.repeat(21))
  })
  await expect(egress(url, asked)).rejects.toMatchObject({ name: 'EgressFailed', reason })
})

it('fails on demand, for the reason one names, until it is over', async () => {
  const egress = devEgress(() => new Response('{}'))
  for (const reason of ['unreachable', 'timeout', 'too_long', 'address'] as const) {
    egress.outage(reason)
    await expect(egress('https://client.test/', asked)).rejects.toMatchObject({ reason })
  }
  egress.outage('none')
  expect((await egress('https://client.test/', asked)).status).toBe(200)
  expect(egress.requests).toHaveLength(5)
})

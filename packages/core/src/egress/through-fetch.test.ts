import { describe, expect, it, vi } from 'vitest'
import { EgressFailed, type EgressFailure } from './egress.ts'
import { throughFetch } from './through-fetch.ts'
import { trustedProxy } from './trusted-proxy.ts'
import * as workerd from './workerd.ts'

const url = 'https://client.example/client.json'
const asked = { maxBytes: 10, timeout: 10 }

async function reasonOf(fetched: Promise<unknown>): Promise<EgressFailure> {
  const error = (await fetched.then(
    () => expect.fail('was fetched'),
    (thrown: unknown) => thrown,
  )) as EgressFailed
  expect(error).toBeInstanceOf(EgressFailed)
  expect(error.message).toBe('The address could not be fetched')
  return error.reason
}

/** A body that never ends, or with 0 bytes at a time never begins, and whether somebody still wants it. */
function endless(size: number) {
  const seen = { cancelled: false }
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => (size > 0 ? controller.enqueue(new Uint8Array(size)) : new Promise(() => {})),
    cancel: () => {
      seen.cancelled = true
    },
  })
  return { body, seen }
}

describe('through a proxy that is trusted', () => {
  it('it is asked for the URL, uncompressed, without redirects', async () => {
    const fetch = vi.fn(async () => new Response('{}', { headers: { etag: '"1"' } }))
    const egress = trustedProxy({ fetch })
    const { status, headers, body } = await egress(url, {
      ...asked,
      headers: { accept: 'application/json', host: 'metadata.internal' },
    })
    expect([status, headers.get('etag'), new TextDecoder().decode(body)]).toEqual([200, '"1"', '{}'])
    expect(fetch).toHaveBeenCalledExactlyOnceWith(url, {
      headers: { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'drawbridge' },
      redirect: 'manual',
      signal: expect.any(AbortSignal),
    })
  })

  it.each<[EgressFailure, string]>([
    ['address', 'https://10.0.0.1/'],
    ['address', 'https://0x7f.1/'],
    ['address', 'https://[::ffff:10.0.0.1]/'],
    ['url', 'https://localhost/'],
    ['url', 'http://client.example/'],
  ])('it is not asked for what can be seen to be private (%s): %s', async (reason, spelled) => {
    const fetch = vi.fn(async () => new Response())
    expect(await reasonOf(trustedProxy({ fetch })(spelled, asked))).toBe(reason)
    expect(fetch).not.toHaveBeenCalled()
  })

  it('a redirect is an answer, and one that was followed is none', async () => {
    const moved = async () => new Response(null, { status: 302, headers: { location: 'https://10.0.0.1/' } })
    expect((await trustedProxy({ fetch: moved })(url, asked)).status).toBe(302)
    const followed = async () => Object.defineProperty(new Response('{}'), 'redirected', { value: true })
    expect(await reasonOf(trustedProxy({ fetch: followed })(url, asked))).toBe('redirected')
  })

  it('an endless body is left when it is longer than allowed', async () => {
    const { body, seen } = endless(4)
    expect(await reasonOf(trustedProxy({ fetch: async () => new Response(body) })(url, asked))).toBe(
      'too_long',
    )
    expect(seen.cancelled).toBe(true)
  })

  it.each<[EgressFailure, Record<string, string>]>([
    ['too_long', { 'content-length': '11' }],
    ['encoding', { 'content-encoding': 'br' }],
  ])('%s: %o is refused before the body', async (reason, headers) => {
    const { body, seen } = endless(0)
    const fetch = async () => new Response(body, { headers })
    expect(await reasonOf(trustedProxy({ fetch })(url, asked))).toBe(reason)
    expect(seen.cancelled).toBe(true)
  })

  it('that does not answer, it is out of reach', async () => {
    const fetch = () => Promise.reject(new TypeError('fetch failed'))
    expect(await reasonOf(trustedProxy({ fetch })(url, asked))).toBe('unreachable')
  })

  it('time passes also for a fetch that does not heed the signal, and for a body that never comes', async () => {
    const controller = new AbortController()
    const deadline = () => controller.signal
    const never = throughFetch(() => new Promise(() => {}), { deadline })(url, asked)
    const { body, seen } = endless(0)
    const slow = throughFetch(async () => new Response(body), { deadline })(url, asked)
    await new Promise(setImmediate)
    controller.abort()
    expect([await reasonOf(never), await reasonOf(slow), seen.cancelled]).toEqual([
      'timeout',
      'timeout',
      true,
    ])
  })

  it.each([undefined, {}, { fetch: 'http://proxy.corp.example' }])('needs a fetch, and not %o', (options) => {
    expect(() => trustedProxy(options as never)).toThrow(
      'trustedProxy.fetch: is no function. Pass a fetch that goes through the proxy: `trustedProxy({ fetch })`.',
    )
  })
})

describe('on Workers', () => {
  it('is the fetch that there is, which decompresses: what comes out is counted', async () => {
    const answers = [
      new Response('{}', { headers: { 'content-encoding': 'gzip' } }),
      new Response(endless(4).body, { headers: { 'content-encoding': 'gzip' } }),
    ]
    vi.stubGlobal('fetch', async (_: string, init: RequestInit) => {
      // Workers throw at members of `init` that they do not know.
      expect(Object.keys(init).sort()).toEqual(['headers', 'redirect', 'signal'])
      return answers.shift()
    })
    expect((await workerd.egress(url, asked)).body).toHaveLength(2)
    expect(await reasonOf(workerd.egress(url, asked))).toBe('too_long')
    expect(await reasonOf(workerd.egress('https://127.1/', asked))).toBe('address')
    vi.unstubAllGlobals()
  })
})

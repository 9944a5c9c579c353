import { describe, expect, it, vi } from 'vitest'
import { type Egress, EgressFailed } from '../egress/egress.ts'
import type { Occurrence } from '../events.ts'
import { fetchBudget } from './fetch-budget.ts'
import { fetchedDocuments, MalformedDocument } from './fetched-documents.ts'

const url = 'https://app.test/client.json'
const hour = 3600
const day = 24 * hour

interface Answer {
  status?: number
  headers?: Record<string, string>
  body?: string | Uint8Array
}

function hosts(first: Answer | Error = { body: '"one"' }, options: { cacheBytes?: number } = {}) {
  let now = 1_790_000_000_000
  let next: Answer | Error = first
  const asked: {
    url: string
    headers: Readonly<Record<string, string>> | undefined
    maxBytes: number
    timeout: number
  }[] = []
  const events: Occurrence[] = []
  const waiting: (() => void)[] = []
  let isSlow = false
  const egress: Egress = async (where, request) => {
    asked.push({ headers: undefined, ...request, url: where })
    const current = next
    if (isSlow) await new Promise<void>((resolve) => waiting.push(resolve))
    if (current instanceof Error) throw current
    const { status = 200, headers = {}, body = '' } = current
    return {
      status,
      headers: new Headers(headers),
      body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
    }
  }
  const clock = { now: () => now, sleep: async () => {} }
  const documents = fetchedDocuments<string>({
    egress,
    clock,
    budget: fetchBudget(clock),
    emit: (event) => events.push(event),
    maxBytes: 5120,
    cacheBytes: options.cacheBytes ?? 1_000_000,
    read: (body) => {
      if (Array.isArray(body)) throw new MalformedDocument(`It is ${body}.`)
      if (typeof body !== 'string') throw new MalformedDocument('It is no text.')
      return body
    },
  })
  return {
    asked,
    events,
    get: (where = url, options?: Parameters<typeof documents.get>[1]) => documents.get(where, options),
    now: () => now,
    pass: (seconds: number) => {
      now += seconds * 1000
    },
    say: (answer: Answer | Error) => {
      next = answer
    },
    slow: () => {
      isSlow = true
      return () => {
        isSlow = false
        for (const go of waiting.splice(0)) go()
      }
    },
  }
}

const found = (value: string) => ({ status: 'found', value })

describe('a document that was fetched', () => {
  it.each<[string, Record<string, string>, number]>([
    ['nothing', {}, hour],
    ['ten minutes', { 'cache-control': 'max-age=600' }, 600],
    ['a second', { 'cache-control': 'max-age=1' }, 300],
    ['a year', { 'cache-control': 'public, max-age=31536000' }, day],
    ['not at all', { 'cache-control': 'no-store' }, 300],
    ['to ask each time', { 'cache-control': 'no-cache, max-age=9000' }, 300],
    ['longer to caches that many share', { 'cache-control': 'max-age=600, s-maxage=1200' }, 1200],
    ['most of which is over', { 'cache-control': 'max-age=1200', age: '600' }, 600],
    ['a date', { date: 'Sat, 21 Nov 2026 12:00:00 GMT', expires: 'Sat, 21 Nov 2026 12:20:00 GMT' }, 1200],
    ['ten minutes, in quotes', { 'cache-control': 'max-age="600"' }, 600],
    ['that it is for one reader', { 'cache-control': 'private, max-age=9000' }, 300],
    ['nonsense', { 'cache-control': 'max-age=soon', expires: '0' }, hour],
  ])('is kept as its host allows, who says %s', async (_, headers, seconds) => {
    const h = hosts({ headers, body: '"one"' })
    await h.get()
    h.pass(seconds - 1)
    await h.get()
    expect(h.asked).toHaveLength(1)
    h.pass(1)
    await h.get()
    expect(h.asked).toHaveLength(2)
  })

  it('is asked for with what it had, and kept on when that is still so', async () => {
    const h = hosts({ headers: { etag: '"v1"' }, body: '"one"' })
    await h.get()
    h.pass(hour)
    h.say({ status: 304, headers: { 'cache-control': 'max-age=600' } })
    expect(await h.get()).toEqual(found('one'))
    expect(h.asked[1]?.headers?.['if-none-match']).toBe('"v1"')
    h.pass(599)
    await h.get()
    expect(h.asked).toHaveLength(2)
  })

  it('is asked for once at a time, however many wait', async () => {
    const h = hosts()
    const go = h.slow()
    const all = Array.from({ length: 20 }, () => h.get())
    go()
    expect(await Promise.all(all)).toEqual(Array(20).fill(found('one')))
    expect(h.asked).toHaveLength(1)
  })

  it('is good for a day more while its host is out of order, and is not asked for at each request', async () => {
    const h = hosts()
    await h.get()
    h.say(new EgressFailed('unreachable'))
    h.pass(hour)
    for (let tries = 0; tries < 5; tries++) expect(await h.get()).toEqual(found('one'))
    expect(h.asked).toHaveLength(2)
    h.pass(day - 1)
    expect(await h.get()).toEqual(found('one'))
    h.pass(1)
    expect(await h.get()).toEqual({ status: 'unavailable' })
    expect(h.events).toContainEqual({
      ...{ type: 'document.failed', url, reason: 'unreachable' },
      ...{ detail: expect.any(String), kept: true },
    })
  })

  it.each([404, 410])('is gone at once when its host says %d', async (status) => {
    const h = hosts()
    await h.get()
    h.pass(hour)
    h.say({ status })
    expect(await h.get()).toEqual({ status: 'gone' })
    h.pass(61)
    h.say(new EgressFailed('unreachable'))
    expect(await h.get()).toEqual({ status: 'unavailable' })
  })

  it('is fetched anew for whoever needs a newer one, and not more often than that', async () => {
    const h = hosts()
    await h.get()
    h.say({ body: '"two"' })
    h.pass(59)
    expect(await h.get(url, { newerThan: h.now() - 60_000 })).toEqual(found('one'))
    h.pass(2)
    expect(await h.get(url, { newerThan: h.now() - 60_000 })).toEqual(found('two'))
    expect(await h.get()).toEqual(found('two'))
    expect(h.asked).toHaveLength(2)
  })
})

describe('a failure', () => {
  it.each<[string, Answer | Error]>([
    ['an outage', new EgressFailed('timeout')],
    ['a private address', new EgressFailed('address')],
    ['a redirect', { status: 302, headers: { location: 'https://other.test/' } }],
    ['an error', { status: 503 }],
    ['304 for what we never had', { status: 304 }],
    ['something thrown by an egress of one\u2019s own', new TypeError('fetch failed')],
  ])('(%s) is remembered for a minute and never as an answer', async (_, failure) => {
    const h = hosts(failure)
    expect(await h.get()).toEqual({ status: 'unavailable' })
    h.say({ body: '"one"' })
    h.pass(59)
    expect(await h.get()).toEqual({ status: 'unavailable' })
    expect(h.asked).toHaveLength(1)
    h.pass(1)
    expect(await h.get()).toEqual(found('one'))
  })

  it('to be what it should says why, and does not last', async () => {
    const h = hosts({ body: '7' })
    expect(await h.get()).toEqual({ status: 'malformed', why: 'It is no text.', isJson: true })
    h.pass(60)
    h.say({ body: '{not json' })
    expect(await h.get()).toEqual({ status: 'malformed', why: 'It is no JSON.', isJson: false })
    h.pass(60)
    h.say({ body: new Uint8Array([0x22, 0xff, 0x22]) })
    expect(await h.get()).toEqual({ status: 'malformed', why: 'It is no JSON.', isJson: false })
    h.pass(60)
    h.say({ body: '"one"' })
    expect(await h.get()).toEqual(found('one'))
  })

  it('to answer in time, of an egress of one\u2019s own, holds nobody up', async () => {
    const deadline = new AbortController()
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(deadline.signal)
    const h = hosts()
    h.slow()
    const waiting = h.get()
    deadline.abort()
    expect(await waiting).toEqual({ status: 'unavailable' })
    expect(timeout).toHaveBeenCalledWith(11_000)
    timeout.mockRestore()
  })

  it('tells its publisher what stands there, and the log nothing that could be a credential', async () => {
    const token = 'u72udtBcr__MSLiQ5KRAjoy38WU0diDUY90aFYRb2g8'
    const h = hosts({ body: JSON.stringify([token]) })
    expect(await h.get()).toEqual({ status: 'malformed', why: `It is ${token}.`, isJson: true })
    expect(h.events.at(-1)).toMatchObject({ reason: 'malformed', detail: 'It is [redacted].' })
  })

  it('of a document that was good does not make it bad', async () => {
    const h = hosts()
    await h.get()
    h.pass(hour)
    h.say({ body: '7' })
    expect(await h.get()).toEqual(found('one'))
  })
})

describe('what strangers can cause', () => {
  it('is sixty fetches a minute from one host, and others go on', async () => {
    const h = hosts()
    for (let count = 0; count < 60; count++) await h.get(`https://app.test/${count}`)
    expect(await h.get('https://app.test/more')).toEqual({ status: 'unavailable' })
    expect(await h.get('https://other.test/client.json')).toEqual(found('one'))
    expect(h.asked).toHaveLength(61)
    expect(h.events).toContainEqual(expect.objectContaining({ type: 'document.failed', reason: 'budget' }))
    h.pass(60)
    expect(await h.get('https://app.test/more')).toEqual(found('one'))
  })

  it('is not that somebody who is vouched for cannot be fetched, once a minute at most', async () => {
    const h = hosts(new EgressFailed('unreachable'))
    for (let count = 0; count < 60; count++) await h.get(`https://app.test/${count}`)
    const isVouchedFor = async () => true
    for (let tries = 0; tries < 3; tries++) {
      expect(await h.get(url, { isVouchedFor })).toEqual({ status: 'unavailable' })
    }
    expect(h.asked).toHaveLength(61)
    h.say({ body: '"one"' })
    h.pass(60)
    for (let count = 0; count < 60; count++) await h.get(`https://app.test/${count}`)
    expect(await h.get(url, { isVouchedFor })).toEqual(found('one'))
  })

  it('is 64 fetches at one moment', async () => {
    const h = hosts()
    const go = h.slow()
    const all = Array.from({ length: 70 }, (_, count) => h.get(`https://host${count}.test/client.json`))
    go()
    const statuses = (await Promise.all(all)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 'unavailable')).toHaveLength(6)
    expect(await h.get('https://host69.test/client.json')).toEqual(found('one'))
  })

  it('is no more memory than there is for all of it', async () => {
    const h = hosts({ body: JSON.stringify('x'.repeat(5000)) }, { cacheBytes: 12_000 })
    for (const name of ['a', 'b', 'c']) await h.get(`https://app.test/${name}`)
    await h.get('https://app.test/c')
    await h.get('https://app.test/b')
    expect(h.asked).toHaveLength(3)
    await h.get('https://app.test/a')
    expect(h.asked).toHaveLength(4)
  })

  it('is no more memory either when they say that a document is still the same, or give it a long name', async () => {
    const long = JSON.stringify('x'.repeat(5000))
    const h = hosts({ headers: { etag: '"1"' }, body: long }, { cacheBytes: 12_000 })
    await h.get('https://app.test/a')
    h.pass(hour)
    h.say({ status: 304 })
    await h.get('https://app.test/a')
    h.say({ body: long })
    for (const name of ['b', 'c']) await h.get(`https://app.test/${name}`)
    await h.get('https://app.test/a')
    expect(h.asked).toHaveLength(5)

    const named = hosts({ headers: { etag: `"${'x'.repeat(5000)}"` }, body: '"one"' }, { cacheBytes: 12_000 })
    for (const name of ['a', 'b', 'a']) await named.get(`https://app.test/${name}`)
    expect(named.asked).toHaveLength(3)
  })

  it('is no more memory however small their documents are, and however long the addresses', async () => {
    const h = hosts({ body: '1' }, { cacheBytes: 12_000 })
    h.say({ body: '"x"' })
    for (let count = 0; count < 12; count++) await h.get(`https://app.test/${count}`)
    await h.get('https://app.test/0')
    expect(h.asked).toHaveLength(13)
    const long = hosts({ body: '"x"' }, { cacheBytes: 12_000 })
    for (const name of ['a', 'b', 'c', 'a']) await long.get(`https://app.test/${name.repeat(1900)}`)
    expect(long.asked).toHaveLength(4)
  })

  it('is two thousand failures and hosts that are remembered', async () => {
    const h = hosts(new EgressFailed('unreachable'))
    for (let count = 0; count < 60; count++) await h.get(`https://app.test/${count}`)
    for (let count = 0; count < 2000; count++) await h.get(`https://host${count}.test/client.json`)
    const before = h.asked.length
    await h.get('https://app.test/0')
    await h.get('https://host1999.test/client.json')
    expect(h.asked.length).toBe(before + 1)
  })

  it('is an answer within ten seconds, and of no more bytes than a document has', async () => {
    const h = hosts()
    await h.get()
    expect(h.asked[0]).toMatchObject({ maxBytes: 5120, timeout: 10 })
    expect(h.asked[0]?.headers).toEqual({ accept: 'application/json', 'user-agent': 'drawbridge' })
  })
})

import { describe, expect, it } from 'vitest'
import { network } from '../network.ts'
import { browser } from './browser.ts'

const FORM =
  '<form method="post" action="https://acme.test/post"><input name="a" value="1"><button name="go" value="x">Go</button></form>'

/** Two sites that report the headers they were sent, as JSON. */
function sites(policy?: string) {
  const seen: Record<string, string | null>[] = []
  const handler = async (request: Request) => {
    const url = new URL(request.url)
    const names = [
      'sec-fetch-site',
      'sec-fetch-mode',
      'sec-fetch-dest',
      'sec-fetch-user',
      'origin',
      'referer',
      'cookie',
    ]
    const headers = Object.fromEntries(names.map((name) => [name, request.headers.get(name)]))
    seen.push({ ...headers, method: request.method, url: request.url, body: await request.text() })
    const to = url.searchParams.get('to')
    const own = url.searchParams.get('policy')
    if (to)
      return new Response(null, {
        status: Number(url.searchParams.get('status') ?? 302),
        headers: { location: to, ...(own && { 'referrer-policy': own }) },
      })
    return new Response(FORM, {
      headers: {
        'content-type': 'text/html',
        'set-cookie': 'lax=1; Path=/; SameSite=Lax',
        ...(policy && { 'referrer-policy': policy }),
      },
    })
  }
  const hosts = ['https://acme.test', 'https://www.acme.test', 'https://evil.test', 'http://plain.test']
  return { seen, fetch: network(Object.fromEntries(hosts.map((host) => [host, handler]))) }
}

describe('redirects', () => {
  it('are followed one by one, with their cookies', async () => {
    const { fetch, seen } = sites()
    const page = await browser({ fetch }).open('https://acme.test/?to=https%3A%2F%2Fevil.test%2Fend')
    expect(page.hops.map(({ status, url }) => `${status} ${url}`)).toEqual([
      '302 https://acme.test/?to=https%3A%2F%2Fevil.test%2Fend',
      '200 https://evil.test/end',
    ])
    expect(page.url).toBe('https://evil.test/end')
    expect(seen).toHaveLength(2)
  })

  it('end before a custom scheme, and where the test says', async () => {
    const { fetch, seen } = sites()
    const custom = await browser({ fetch }).open(
      'https://acme.test/?to=cursor%3A%2F%2Fx%2Fcallback%3Fcode%3D1',
    )
    expect(custom.leftFor?.href).toBe('cursor://x/callback?code=1')
    expect(custom.status).toBe(302)
    const until = (url: URL) => url.hostname === 'evil.test'
    const stopped = await browser({ fetch }).open('https://acme.test/?to=https%3A%2F%2Fevil.test%2F', {
      until,
    })
    expect(stopped.leftFor?.href).toBe('https://evil.test/')
    expect(seen).toHaveLength(2)
  })

  it.each([
    ['content="0;url=cursor://x/callback?code=1&amp;state=2"', 'cursor://x/callback?code=1&state=2'],
    [`content="0; URL='https://acme.test/on;1'"`, 'https://acme.test/on;1'],
    ['content="0"', undefined],
  ])('are made by pages too: %s', async (content, target) => {
    const html = `<meta charset="utf-8"><META HTTP-EQUIV=refresh ${content}><p>Going on`
    const handler = async () => new Response(html, { headers: { 'content-type': 'text/html' } })
    const fetch = network({ 'https://acme.test': handler })
    const page = await browser({ fetch }).open('https://acme.test/', {
      until: ({ pathname }) => pathname !== '/',
    })
    expect([page.leftFor?.href, page.status, page.text]).toEqual([target, 200, 'Going on'])
  })

  it('turn a POST into a GET, unless they are 307 or 308', async () => {
    const methods = async (status: number) => {
      const { fetch, seen } = sites()
      const person = browser({ fetch })
      const html = `<form method="post" action="https://acme.test/?status=${status}&to=/end"><input name="a" value="1"><button></button></form>`
      const page = person.imagine('https://acme.test/', html)
      const [button] = page.forms[0]?.buttons ?? []
      if (button) await person.submit(page, button)
      return seen.map(({ method, body }) => `${method} ${body}`)
    }
    for (const status of [301, 302, 303]) expect(await methods(status)).toEqual(['POST a=1', 'GET '])
    for (const status of [307, 308]) expect(await methods(status)).toEqual(['POST a=1', 'POST a=1'])
  })

  it('do not go in circles for ever', async () => {
    const { fetch } = sites()
    await expect(browser({ fetch }).open('https://acme.test/?to=%3Fto%3D')).resolves.toBeDefined()
    const circle = () => new Response(null, { status: 302, headers: { location: '/' } })
    const round = network({ 'https://acme.test': circle })
    await expect(browser({ fetch: round }).open('https://acme.test/')).rejects.toThrow(
      'More than 20 redirects',
    )
  })
})

/** Presses the button of FORM on a page that was loaded from `from`, and tells what the server saw. */
async function posted(from: string, policy?: string) {
  const { fetch, seen } = sites(policy)
  const person = browser({ fetch })
  await person.open('https://acme.test/')
  const page = await person.open(from)
  const [button] = page.forms[0]?.buttons ?? []
  if (!button) throw new Error('no button')
  await person.submit(page, button, { a: '2' })
  return seen.at(-1)
}

describe('what a server is told', () => {
  it('of a typed address: none, and no origin', async () => {
    const { fetch, seen } = sites()
    await browser({ fetch }).open('https://acme.test/?to=https%3A%2F%2Fevil.test%2F')
    for (const headers of seen) {
      expect(headers).toMatchObject({
        'sec-fetch-site': 'none',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
        'sec-fetch-user': '?1',
        origin: null,
      })
    }
  })

  it('of a form on the same origin', async () => {
    expect(await posted('https://acme.test/')).toMatchObject({
      method: 'POST',
      body: 'a=2&go=x',
      'sec-fetch-site': 'same-origin',
      origin: 'https://acme.test',
      cookie: 'lax=1',
    })
  })

  it('of a form on another origin of the same site', async () => {
    expect(await posted('https://www.acme.test/')).toMatchObject({
      'sec-fetch-site': 'same-site',
      origin: 'https://www.acme.test',
      cookie: 'lax=1',
    })
  })

  it('of a form on another site: no Lax cookie', async () => {
    expect(await posted('https://evil.test/')).toMatchObject({
      'sec-fetch-site': 'cross-site',
      origin: 'https://evil.test',
      cookie: null,
    })
  })

  it('of a page with no-referrer: the origin is null, even its own', async () => {
    expect(await posted('https://acme.test/', 'no-referrer')).toMatchObject({
      'sec-fetch-site': 'same-origin',
      origin: 'null',
    })
    expect(await posted('https://evil.test/', 'same-origin')).toMatchObject({ origin: 'null' })
  })

  it('of a redirect that came by way of another site', async () => {
    const { fetch, seen } = sites()
    const person = browser({ fetch })
    const page = await person.open('https://acme.test/')
    await person.follow(page, 'https://evil.test/?to=https%3A%2F%2Facme.test%2F')
    expect(seen.at(-1)).toMatchObject({ 'sec-fetch-site': 'cross-site', cookie: 'lax=1' })
  })

  it.each([
    // Policy of the page, what its own origin is told, another one, and one without https.
    [undefined, 'https://acme.test/page?q=1', 'https://acme.test/', null],
    ['', 'https://acme.test/page?q=1', 'https://acme.test/', null],
    ['unheard-of', 'https://acme.test/page?q=1', 'https://acme.test/', null],
    ['no-referrer', null, null, null],
    ['no-referrer, origin, unheard-of', 'https://acme.test/', 'https://acme.test/', 'https://acme.test/'],
    ['same-origin', 'https://acme.test/page?q=1', null, null],
    ['strict-origin', 'https://acme.test/', 'https://acme.test/', null],
    ['origin-when-cross-origin', 'https://acme.test/page?q=1', 'https://acme.test/', 'https://acme.test/'],
    ['no-referrer-when-downgrade', 'https://acme.test/page?q=1', 'https://acme.test/page?q=1', null],
    ['unsafe-url', ...Array(3).fill('https://acme.test/page?q=1')],
  ])('of where a link was, with Referrer-Policy: %s', async (policy, ...expected) => {
    const { fetch, seen } = sites(policy)
    const person = browser({ fetch })
    const page = await person.open('https://acme.test/page?q=1#part')
    for (const to of ['https://acme.test/x', 'https://evil.test/', 'http://plain.test/']) {
      await person.follow(page, to)
    }
    expect(seen.slice(1).map(({ referer }) => referer)).toEqual(expected)
    expect(seen[0]?.referer).toBeNull()
  })

  it.each([
    // Policy of the page, of the redirect to another origin, and what that is told.
    [undefined, undefined, 'https://acme.test/'],
    [undefined, 'no-referrer', null],
    [undefined, 'strict-origin', 'https://acme.test/'],
    // The first hop was of another origin already: more than that is gone.
    [undefined, 'unsafe-url', 'https://acme.test/'],
    ['no-referrer', 'unsafe-url', null],
    ['unsafe-url', 'origin', 'https://acme.test/'],
  ])('of where it came from, with %s, after a redirect with %s', async (policy, own, expected) => {
    const { fetch, seen } = sites(policy)
    const person = browser({ fetch })
    const page = await person.open('https://acme.test/page')
    const query = new URLSearchParams({ to: 'https://www.acme.test/', ...(own && { policy: own }) })
    await person.follow(page, `https://evil.test/?${query}`)
    expect(seen.at(-1)?.referer).toBe(expected)
  })

  it('over plain http: nothing but the request', async () => {
    const { fetch, seen } = sites()
    await browser({ fetch }).open('http://plain.test/')
    expect(seen[0]).toMatchObject({ 'sec-fetch-site': null, 'sec-fetch-mode': null })
  })
})

it('can be a webview that drops cookies', async () => {
  const { fetch, seen } = sites()
  const webview = browser({ fetch, acceptCookies: false })
  await webview.open('https://acme.test/')
  await webview.open('https://acme.test/')
  expect(seen[1]).toMatchObject({ cookie: null })
})

it('presses only what is on the page', async () => {
  const { fetch } = sites()
  const person = browser({ fetch })
  const page = await person.open('https://acme.test/')
  await expect(person.submit(page, { name: 'go', value: 'x', text: 'Go' })).rejects.toThrow('not on the page')
})

it('sends a GET form as a query', async () => {
  const { fetch, seen } = sites()
  const person = browser({ fetch })
  const page = person.imagine(
    'https://acme.test/',
    '<form action="/find?old=1"><input name="q" value="a b"><button></button></form>',
  )
  const [button] = page.forms[0]?.buttons ?? []
  if (button) await person.submit(page, button)
  expect(seen[0]?.url).toBe('https://acme.test/find?q=a+b')
})

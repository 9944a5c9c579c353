import { get, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Mountable } from '@drawbridge/core'
import { afterEach, describe, expect, it } from 'vitest'
import { type Listening, type ListenOptions, listen } from '../index.ts'
import { checkNodeVersion } from './node-version.ts'

const open: Listening[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map(({ close }) => close()))
})

function mountable(more: Partial<Mountable> = {}): Mountable {
  return {
    routes: [{ path: '/mcp', methods: ['POST'] }],
    endpoints: [{ url: 'https://acme.dev/mcp', paths: ['/mcp'] }],
    handle: async (request) =>
      new URL(request.url).pathname === '/mcp' ? new Response('served') : undefined,
    ...more,
  }
}

async function listening(x: Mountable | readonly Mountable[], options: ListenOptions = {}) {
  const lines: string[] = []
  const started = await listen(x, { port: 0, signals: false, log: (line) => lines.push(line), ...options })
  open.push(started)
  return { ...started, lines, at: `http://127.0.0.1:${started.port}` }
}

/** Keeps nothing in a pool, so that each request tells of the server as it is. */
function ask(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, resolve).once('error', reject)
  })
}

/** A promise, and the means to keep it. */
function gate() {
  let open = () => {}
  const promise = new Promise<void>((resolve) => {
    open = resolve
  })
  return { promise, open }
}

describe('a server in one call', () => {
  it('serves, says where, and answers who asks elsewhere', async () => {
    const { at, lines, port, url } = await listening(mountable())
    expect(await (await fetch(`${at}/mcp`)).text()).toBe('served')
    expect(url).toBe('https://acme.dev/mcp')
    expect(lines).toEqual([`MCP server: https://acme.dev/mcp (listening on port ${port})`])
    const wrong = await fetch(`${at}/v1/mcp`, { method: 'POST' })
    expect([wrong.status, await wrong.text()]).toEqual([404, expect.stringMatching(/expects it at \/mcp/)])
  })

  it('serves several, and says where each is', async () => {
    const mail = mountable({
      routes: [{ path: '/mail', methods: ['POST'] }],
      endpoints: [{ paths: ['/mail'] }],
      handle: async () => new Response('mail'),
    })
    const { at, lines, port } = await listening([mountable(), mail])
    expect(await (await fetch(`${at}/mcp`)).text()).toBe('served')
    expect(await (await fetch(`${at}/mail`)).text()).toBe('mail')
    expect(lines[1]).toBe(`MCP server: http://localhost:${port}/mail (listening on port ${port})`)
  })

  it('begins only when what it serves from is there', async () => {
    const out = mountable({ ready: () => Promise.reject(new Error('the store is out')) })
    await expect(listening(out)).rejects.toThrow('the store is out')
    const calls: string[] = []
    const slow = mountable({
      async ready() {
        await new Promise((resolve) => setImmediate(resolve))
        calls.push('ready')
      },
    })
    await listening(slow, { log: () => calls.push('listening') })
    expect(calls).toEqual(['ready', 'listening'])
  })

  it('that is on loopback by its URL listens there only, and says when the port is another', async () => {
    const told: string[] = []
    const local = mountable({
      endpoints: [{ url: 'http://localhost:4711/mcp', paths: ['/mcp'] }],
      notice: (line) => told.push(line),
    })
    const { lines, port } = await listening(local)
    expect(lines).toEqual([`MCP server: http://localhost:4711/mcp (listening on 127.0.0.1:${port})`])
    expect(told).toEqual([
      expect.stringMatching(/is http:\/\/localhost:4711\/mcp, .* pass `port: 4711` to listen/),
    ])
    const everywhere = await listening(local, { host: '0.0.0.0' })
    expect(everywhere.lines[0]).toMatch(/listening on 0\.0\.0\.0:/)
  })
})

describe('what goes wrong is said with its fix', () => {
  it('a port that is taken', async () => {
    const { port } = await listening(mountable(), { host: '127.0.0.1' })
    await expect(listening(mountable(), { host: '127.0.0.1', port })).rejects.toThrow(
      `listen.port: ${port} is in use on 127.0.0.1. Stop what listens there`,
    )
  })

  it('a host that is not here', async () => {
    await expect(listening(mountable(), { host: '192.0.2.1' })).rejects.toThrow(
      'listen.host: "192.0.2.1" is no address of this machine',
    )
  })

  it('a port of the environment', async () => {
    const { PORT } = process.env
    const again = (value: string | undefined) => {
      if (value === undefined) delete process.env.PORT
      else process.env.PORT = value
    }
    try {
      again('eighty')
      await expect(listening(mountable(), { port: undefined })).rejects.toThrow(/^PORT: is "eighty"/)
      again('0')
      expect((await listening(mountable(), { port: undefined })).port).toBeGreaterThan(0)
    } finally {
      again(PORT)
    }
  })

  it.each<[ListenOptions, RegExp]>([
    [{ port: 70_000 }, /^listen\.port: is 70000/],
    [{ port: '3000' as never }, /^listen\.port: is a text/],
    [{ closeSeconds: -1 }, /^listen\.closeSeconds: is -1/],
    [{ log: 'info' as never }, /^listen\.log: is a string/],
    [{ hots: '::1' } as never, /^listen\.hots: .*Did you mean "host"/],
  ])('%o', async (options, message) => {
    await expect(listening(mountable(), options)).rejects.toThrow(message)
  })

  it('a Node that is too old', () => {
    for (const version of ['22.13.0', '24.1.0', process.versions.node]) checkNodeVersion(version)
    for (const version of ['20.19.5', '22.12.0']) {
      expect(() => checkNodeVersion(version)).toThrow(
        `Node.js: is ${version}. Drawbridge needs 22.13 or later`,
      )
    }
  })
})

describe('close()', () => {
  it('lets a request under way finish, takes no other, and resolves when nothing is open', async () => {
    const [asked, go] = [gate(), gate()]
    const ends: string[] = []
    const { at, close } = await listening(
      mountable({
        async handle() {
          asked.open()
          await go.promise
          return new Response('late')
        },
        close: async () => void ends.push('ended'),
      }),
    )
    const answer = ask(`${at}/mcp`)
    await asked.promise
    const closed = close()
    expect(close()).toBe(closed)
    await expect(ask(`${at}/mcp`)).rejects.toThrow('ECONNREFUSED')
    expect(ends).toEqual([])
    go.open()
    expect(await text(await answer)).toBe('late')
    await closed
    expect(ends).toEqual(['ended'])
  })

  it('answers 503 to what comes over a connection that is still open', async () => {
    const [asked, go] = [gate(), gate()]
    const served: string[] = []
    const { close, port } = await listening(
      mountable({
        async handle({ url }) {
          served.push(new URL(url).pathname)
          asked.open()
          await go.promise
          return new Response('late')
        },
      }),
    )
    const socket = connect(port, '127.0.0.1')
    const all = text(socket)
    const ask = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`
    socket.write(ask('/slow'))
    await asked.promise
    const closed = close()
    await new Promise((resolve) => socket.write(ask('/quick'), resolve))
    // The server has read it when it has read what another one sends after it.
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow()
    go.open()
    expect(await all).toMatch(/^HTTP\/1\.1 200 [\s\S]*late[\s\S]*HTTP\/1\.1 503 [\s\S]*Shutting down/)
    await closed
    expect(served).toEqual(['/slow'])
  })

  it('does not wait for who only listens: streams end at once', async () => {
    const ended = gate()
    const { at, close } = await listening(
      mountable({
        async handle() {
          const body = new ReadableStream({
            start(controller) {
              controller.enqueue(new TextEncoder().encode(': here\n\n'))
              void ended.promise.then(() => controller.close())
            },
          })
          return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
        },
        close: async () => ended.open(),
      }),
      { closeSeconds: 3600 },
    )
    const stream = await ask(`${at}/mcp`)
    const all = text(stream)
    await close()
    expect(await all).toBe(': here\n\n')
  })

  it('waits no longer than closeSeconds, and then cuts what is left', async () => {
    const [asked, gone] = [gate(), gate()]
    const { at, close } = await listening(
      mountable({
        async handle({ signal }) {
          signal.addEventListener('abort', gone.open)
          asked.open()
          return new Promise(() => {})
        },
      }),
      { closeSeconds: 0 },
    )
    const answer = expect(ask(`${at}/mcp`)).rejects.toThrow(/socket hang up|ECONNRESET/)
    await asked.promise
    await close()
    await gone.promise
    await answer
  })

  it('closes although something cannot be ended, and says so', async () => {
    const { at, close } = await listening(mountable({ close: () => Promise.reject(new Error('stuck')) }))
    open.pop()
    await expect(close()).rejects.toThrow('stuck')
    await expect(ask(`${at}/mcp`)).rejects.toThrow('ECONNREFUSED')
  })

  it('a client that has not sent all of its request holds nobody up for longer', async () => {
    const { at, close } = await listening(mountable(), { closeSeconds: 0 })
    const unfinished = request(`${at}/elsewhere`, { method: 'POST', headers: { 'content-length': '10' } })
    unfinished.on('error', () => {})
    await new Promise((resolve) => {
      unfinished.write('12345', resolve)
    })
    await close()
  })
})

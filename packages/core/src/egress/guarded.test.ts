import { globalAgent } from 'node:https'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { EgressFailed } from './egress.ts'
import { type PublicHost, publicAddress, publicHost } from './public-host.fixture.ts'

const url = 'https://client.example/oauth/client.json?v=1'
const asked = { maxBytes: 1000, timeout: 10 }

const open: PublicHost[] = []

async function hostThat(...handle: Parameters<typeof publicHost>): Promise<PublicHost> {
  const host = await publicHost(...handle)
  open.push(host)
  return host
}

afterEach(async () => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  await Promise.all(open.splice(0).map((host) => host.close()))
})

/** Why it failed, after it is seen that it says so to nobody but the operator. */
async function reasonOf(fetched: Promise<unknown>): Promise<string> {
  const error = (await fetched.then(
    () => expect.fail('was fetched'),
    (thrown: unknown) => thrown,
  )) as EgressFailed
  expect(error).toBeInstanceOf(EgressFailed)
  expect([error.name, error.message]).toEqual(['EgressFailed', 'The address could not be fetched'])
  return error.reason
}

describe('what is fetched', () => {
  it('comes with status, headers and body', async () => {
    const host = await hostThat((_, outgoing) => {
      outgoing.writeHead(200, { etag: '"1"', 'cache-control': 'max-age=300' }).end('{"a":"ü"}')
    })
    const { status, headers, body } = await host.egress()(url, asked)
    expect([status, headers.get('etag'), headers.get('cache-control')]).toEqual([200, '"1"', 'max-age=300'])
    expect(new TextDecoder().decode(body)).toBe('{"a":"ü"}')
  })

  it('was asked for under its name, uncompressed, and with nothing else of ours', async () => {
    const host = await hostThat()
    const headers = { 'if-none-match': '"1"', Host: 'metadata.internal', 'Accept-Encoding': 'gzip' }
    await host.egress()('https://CLIENT.example:8443/a%20b?c=d', { ...asked, headers })
    expect(host.requests.map((request) => [request.method, request.url, request.headers])).toEqual([
      [
        'GET',
        '/a%20b?c=d',
        {
          host: 'client.example:8443',
          'accept-encoding': 'identity',
          'if-none-match': '"1"',
          'user-agent': 'drawbridge',
          connection: 'close',
        },
      ],
    ])
  })

  it('may be no body at all, and as long as allowed', async () => {
    const host = await hostThat(({ headers }, outgoing) => {
      if (headers['if-none-match']) outgoing.writeHead(304).end()
      else outgoing.end('x'.repeat(1000))
    })
    const egress = host.egress()
    expect(await egress(url, { ...asked, headers: { 'if-none-match': '"1"' } })).toMatchObject({
      status: 304,
      body: new Uint8Array(),
    })
    expect((await egress(url, asked)).body).toHaveLength(1000)
  })

  it('is never what a redirect leads to', async () => {
    const host = await hostThat((_, outgoing) => {
      outgoing.writeHead(302, { location: 'https://client.example/elsewhere' }).end()
    })
    expect((await host.egress()(url, asked)).status).toBe(302)
    expect(host.requests).toHaveLength(1)
  })
})

describe('where a name leads', () => {
  it('is asked once, and connected to: a name that leads elsewhere a moment later leads nobody there', async () => {
    const host = await hostThat()
    let times = 0
    const resolve = async () => [times++ === 0 ? publicAddress : '127.0.0.1']
    expect((await host.egress({ resolve })(url, asked)).status).toBe(200)
    expect([times, host.dialled]).toEqual([1, [publicAddress]])
  })

  it.each([
    [['10.0.0.1']],
    [['127.0.0.1']],
    [['169.254.169.254']],
    [['::1']],
    [['fe80::1']],
    [['fd00:ec2::254']],
    [['::ffff:169.254.169.254']],
    [['64:ff9b::10.0.0.1']],
    [['2002:7f00:1::']],
    [[publicAddress, '10.0.0.1']],
    [['fd00::1', publicAddress]],
    [[]],
  ])('is not followed to %j', async (addresses) => {
    const host = await hostThat()
    expect(await reasonOf(host.egress({ addresses })(url, asked))).toBe('address')
    expect([host.resolved, host.dialled]).toEqual([['client.example'], []])
  })

  it('may be several places: the next where nobody listens, four at most', async () => {
    const host = await hostThat()
    const silent = ['93.184.215.1', '93.184.215.2', '93.184.215.3']
    expect((await host.egress({ addresses: [...silent, publicAddress] })(url, asked)).status).toBe(200)
    expect(host.dialled).toEqual([...silent, publicAddress])
    host.dialled.length = 0
    const tooMany = [...silent, '93.184.215.4', publicAddress]
    expect(await reasonOf(host.egress({ addresses: tooMany })(url, asked))).toBe('unreachable')
    expect(host.dialled).toEqual(tooMany.slice(0, 4))
  })

  it('is no matter where the URL has the address', async () => {
    const host = await hostThat()
    const egress = host.egress()
    expect((await egress(`https://${publicAddress}/client.json`, asked)).status).toBe(200)
    expect([host.resolved, host.dialled]).toEqual([[], [publicAddress]])
  })

  it.each(['https://127.0.0.1/', 'https://2130706433/', 'https://0177.0.0.1/', 'https://[::ffff:7f00:1]/'])(
    'is no matter where the URL has an address that is not public: %s',
    async (spelled) => {
      const host = await hostThat()
      expect(await reasonOf(host.egress()(spelled, asked))).toBe('address')
      expect([host.resolved, host.dialled]).toEqual([[], []])
    },
  )

  it('that it leads nowhere is the host being out of reach', async () => {
    const host = await hostThat()
    const resolve = () => Promise.reject(new Error('queryA ENOTFOUND client.example'))
    expect(await reasonOf(host.egress({ resolve })(url, asked))).toBe('unreachable')
  })
})

describe('the host has to prove who it is', () => {
  it('by a certificate for the name: another name at its address gets no request', async () => {
    const host = await hostThat()
    const egress = host.egress({ addresses: [publicAddress, '93.184.215.1'] })
    expect(await reasonOf(egress('https://other.example/client.json', asked))).toBe('unreachable')
    expect([host.dialled, host.requests]).toEqual([[publicAddress], []])
  })

  it.each(['', '0'])('by one that is trusted, with NODE_TLS_REJECT_UNAUTHORIZED=%s', async (value) => {
    // Node warns of the variable as often as it finds it.
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', value)
    const host = await hostThat()
    expect(await reasonOf(host.egress({ trusted: false })(url, asked))).toBe('unreachable')
    expect(host.requests).toEqual([])
  })

  it('over a connection of its own: nothing is shared with other requests of this process, or between two', async () => {
    const host = await hostThat()
    const egress = host.egress()
    const shared = vi.spyOn(globalAgent as unknown as { addRequest(): void }, 'addRequest')
    await egress(url, asked)
    await egress(url, asked)
    await Promise.all(host.connections.map(({ closed }) => closed))
    expect(host.connections.map(({ resumed }) => resumed)).toEqual([false, false])
    expect(shared).not.toHaveBeenCalled()
  })
})

describe('an answer that is no good', () => {
  it('is refused by its length, before it comes', async () => {
    const host = await hostThat((_, outgoing) => {
      outgoing.writeHead(200, { 'content-length': 1001 }).flushHeaders()
    })
    expect(await reasonOf(host.egress()(url, asked))).toBe('too_long')
    await host.connections[0]?.closed
  })

  it('is left as soon as it is longer than allowed, though it never ends', async () => {
    const host = await hostThat((_, outgoing) => {
      const more = () => {
        while (!outgoing.destroyed && outgoing.write('x'.repeat(100)));
      }
      outgoing.on('drain', more)
      more()
    })
    expect(await reasonOf(host.egress()(url, asked))).toBe('too_long')
    await host.connections[0]?.closed
  })

  it('is refused when compressed: a few bytes of it may be gigabytes', async () => {
    const host = await hostThat((_, outgoing) => {
      outgoing.writeHead(200, { 'content-encoding': 'gzip' }).flushHeaders()
    })
    expect(await reasonOf(host.egress()(url, asked))).toBe('encoding')
    await host.connections[0]?.closed
  })

  it.each<[string, Parameters<typeof publicHost>[0]]>([
    ['that breaks off', (_, outgoing) => outgoing.writeHead(200).write('{', () => outgoing.destroy())],
    ['that never comes', (incoming) => incoming.socket.destroy()],
    [
      'in another protocol',
      (incoming) =>
        incoming.socket.write('HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
    ],
    ['that is none', (incoming) => incoming.socket.write('220 mail.example ESMTP\r\n')],
    [
      'with endless headers',
      (incoming) => incoming.socket.write(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(10_000)}`),
    ],
  ])('%s is no answer', async (_, handle) => {
    const host = await hostThat(handle)
    expect(await reasonOf(host.egress()(url, asked))).toBe('unreachable')
    await host.connections[0]?.closed
  })
})

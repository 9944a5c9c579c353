import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type TcpProxy, tcpProxy } from './tcp-proxy.ts'

/** Answers each line with itself. */
let echo: Server
/** What reached the server. */
let arrived: string
let proxy: TcpProxy
let client: Socket

beforeEach(async () => {
  arrived = ''
  echo = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (data) => {
      arrived += data
      socket.write(data)
    })
  }).listen(0, '127.0.0.1')
  await once(echo, 'listening')
  proxy = await tcpProxy({ port: (echo.address() as AddressInfo).port })
  client = await connected()
})

afterEach(async () => {
  client.destroy()
  await proxy.close()
  echo.close()
})

async function connected(): Promise<Socket> {
  const socket = connect(proxy.port, '127.0.0.1')
  await once(socket, 'connect')
  return socket.on('error', () => {})
}

async function answerTo(text: string): Promise<string> {
  const answer = once(client, 'data')
  client.write(text)
  return String((await answer)[0])
}

it('passes everything on', async () => {
  expect(await answerTo('one')).toBe('one')
  expect(proxy.through('redis://user@db.test:1/2')).toBe(`redis://user@127.0.0.1:${proxy.port}/2`)
})

it('loses the next answer that it was told to, and the connection with it', async () => {
  proxy.loseNextAnswer(/SET/)
  expect(await answerTo('GET a')).toBe('GET a')
  const closed = once(client, 'close')
  client.write('SET a')
  await closed
  expect(arrived).toBe('GET aSET a')
  expect(proxy.lost).toBe(1)
  client = await connected()
  expect(await answerTo('SET b')).toBe('SET b')
})

it('loses answers for as long as it is told to', async () => {
  proxy.losesAnswer = () => true
  for (let times = 0; times < 2; times++) {
    const closed = once(client, 'close')
    client.write('SET a')
    await closed
    client = await connected()
  }
  expect(proxy.lost).toBe(2)
})

it('lets nothing through while it is frozen, and everything afterwards', async () => {
  await answerTo('one')
  proxy.freeze()
  const late = answerTo('two')
  const other = await connected()
  const otherAnswer = once(other, 'data')
  other.write('three')
  // A round trip of another kind, which would have been time enough.
  expect(await Promise.race([late, otherAnswer, once(await direct(), 'data')])).toEqual([
    Buffer.from('direct'),
  ])
  expect(arrived).toBe('onedirect')
  proxy.thaw()
  expect(await late).toBe('two')
  expect(String(await otherAnswer)).toBe('three')
  other.destroy()

  async function direct(): Promise<Socket> {
    const socket = connect((echo.address() as AddressInfo).port, '127.0.0.1')
    await once(socket, 'connect')
    socket.write('direct')
    return socket.once('data', () => socket.destroy())
  }
})

it('can freeze the connections there are, and let new ones through', async () => {
  await answerTo('one')
  proxy.freeze({ newConnections: false })
  client.write('two')
  client = await connected()
  expect(await answerTo('three')).toBe('three')
  expect(arrived).toBe('onethree')
})

it('refuses connections until it is back, at the same port', async () => {
  const closed = once(client, 'close')
  await proxy.disconnect()
  await closed
  await expect(once(connect(proxy.port, '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED')
  await proxy.reconnect()
  client = await connected()
  expect(await answerTo('again')).toBe('again')
})

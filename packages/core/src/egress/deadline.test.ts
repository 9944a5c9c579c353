import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { type PublicHost, publicHost } from './public-host.fixture.ts'

const url = 'https://client.example/oauth/client.json'
const asked = { maxBytes: 1_000_000, timeout: 10 }

let host: PublicHost
let silent: Server | undefined

afterEach(async () => {
  await host.close()
  silent?.close()
})

/** Ten seconds that pass when the test says so. */
function byHand() {
  const given: number[] = []
  const controller = new AbortController()
  const deadline = (milliseconds: number) => {
    given.push(milliseconds)
    return controller.signal
  }
  return { deadline, given, pass: () => controller.abort() }
}

const late = { name: 'EgressFailed', reason: 'timeout', message: 'The address could not be fetched' }

it('passes while headers do not come', async () => {
  const time = byHand()
  host = await publicHost(() => time.pass())
  await expect(host.egress(time)(url, asked)).rejects.toMatchObject(late)
  expect(time.given).toEqual([10_000])
  await host.connections[0]?.closed
})

it('passes while the body comes in drips', async () => {
  const time = byHand()
  let drips = 0
  host = await publicHost((_, outgoing) => {
    const drip = () => {
      if (outgoing.destroyed) return
      if (++drips === 20) time.pass()
      outgoing.write(' ', () => setImmediate(drip))
    }
    drip()
  })
  await expect(host.egress(time)(url, asked)).rejects.toMatchObject(late)
  await host.connections[0]?.closed
  expect(drips).toBeGreaterThanOrEqual(20)
})

it('passes while the name is resolved, and nobody is connected to afterwards', async () => {
  const time = byHand()
  host = await publicHost()
  const waiting: ((addresses: string[]) => void)[] = []
  const resolve = () => new Promise<string[]>((answer) => waiting.push(answer))
  const fetched = host.egress({ ...time, resolve })(url, asked)
  time.pass()
  await expect(fetched).rejects.toMatchObject(late)
  for (const answer of waiting) answer(['93.184.215.14'])
  await new Promise(setImmediate)
  expect(host.dialled).toEqual([])
})

it('passes while the host says nothing, not even in TLS', async () => {
  const time = byHand()
  host = await publicHost()
  let connect: (socket: Socket) => void = () => {}
  const connected = new Promise<Socket>((resolve) => (connect = resolve))
  const mute = createServer((socket) => connect(socket))
  silent = mute
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
  const fetched = host.egress({ ...time, leadsTo: (mute.address() as AddressInfo).port })(url, asked)
  const socket = await connected
  const gone = new Promise((resolve) => socket.on('error', () => {}).on('close', resolve))
  socket.resume()
  time.pass()
  await expect(fetched).rejects.toMatchObject(late)
  await gone
})

it('is the time that was given', async () => {
  host = await publicHost(() => {})
  await expect(host.egress()(url, { ...asked, timeout: 0.05 })).rejects.toMatchObject(late)
  await host.connections[0]?.closed
})

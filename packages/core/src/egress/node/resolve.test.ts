import { createSocket, type Socket } from 'node:dgram'
import { afterEach, expect, it } from 'vitest'
import { nameServers } from './resolve.ts'

const types = { A: 1, AAAA: 28 }

let server: Socket

afterEach(() => {
  server.close()
})

type Answers = Partial<Record<keyof typeof types, { code?: number; data?: number[][] }>>

/** A name server on loopback that gives the same answers for every name, and none where there is none. */
async function nameServer(answers: Answers) {
  const asked: string[] = []
  server = createSocket('udp4')
  server.on('message', (query, { port }) => {
    const end = query.indexOf(0, 12)
    const type = query.readUInt16BE(end + 1) === types.A ? 'A' : 'AAAA'
    asked.push(type)
    const answer = answers[type]
    if (!answer) return
    const { code = 0, data = [] } = answer
    // The question again, and records that point to its name: RFC 1035 4.1.
    const head = Buffer.from([
      query[0] ?? 0,
      query[1] ?? 0,
      0x81,
      0x80 | code,
      0,
      1,
      0,
      data.length,
      0,
      0,
      0,
      0,
    ])
    const records = data.map((bytes) =>
      Buffer.from([0xc0, 12, 0, types[type], 0, 1, 0, 0, 0, 0, 0, bytes.length, ...bytes]),
    )
    server.send(Buffer.concat([head, query.subarray(12, end + 5), ...records]), port)
  })
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve))
  return { asked, resolve: nameServers([`127.0.0.1:${server.address().port}`]) }
}

const patient = () => new AbortController().signal

it('has all addresses of a name, of both kinds', async () => {
  const { resolve } = await nameServer({
    A: {
      data: [
        [93, 184, 215, 14],
        [10, 0, 0, 1],
      ],
    },
    AAAA: { data: [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1]] },
  })
  expect(await resolve('client.example', patient())).toEqual([
    '93.184.215.14',
    '10.0.0.1',
    '::ffff:127.0.0.1',
  ])
})

it.each<[what: string, answers: Answers]>([
  ['none of the other', { A: { data: [[93, 184, 215, 14]] }, AAAA: {} }],
  ['a server that fails over the other', { A: { data: [[93, 184, 215, 14]] }, AAAA: { code: 2 } }],
])('has those of one kind where there is %s', async (_, answers) => {
  const { resolve } = await nameServer(answers)
  expect(await resolve('client.example', patient())).toEqual(['93.184.215.14'])
})

it.each([0, 2, 3])('fails where there are none, with code %i', async (code) => {
  const { resolve } = await nameServer({ A: { code }, AAAA: { code } })
  await expect(resolve('client.example', patient())).rejects.toThrow('client.example')
})

it('asks nobody for what this machine is told of names', async () => {
  const { resolve } = await nameServer({ A: { code: 3 }, AAAA: { code: 3 } })
  await expect(resolve('localhost.localdomain', patient())).rejects.toThrow('ENOTFOUND')
})

it('gives up when it is told to, though nobody answers', async () => {
  const { asked, resolve } = await nameServer({})
  const controller = new AbortController()
  server.once('message', () => controller.abort())
  await expect(resolve('client.example', controller.signal)).rejects.toThrow('ECANCELLED')
  expect(asked).not.toEqual([])
})

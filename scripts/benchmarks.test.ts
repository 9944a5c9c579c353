import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { satisfies } from 'semver'
import { describe, expect, it } from 'vitest'
import { planOf } from '../benchmarks/arguments.ts'
import { connection, headerValues, requestText } from '../benchmarks/connection.ts'
import { flows, type Subject, subjects } from '../benchmarks/subjects.ts'
import {
  driverLimits,
  flowTable,
  type Measurement,
  median,
  noise,
  pairTable,
  spread,
} from '../benchmarks/table.ts'
import { type Manifest, publishedPackages, readJson, root } from './workspace.ts'

const subject = (id: string, less: string[] = []): Subject => ({ id, title: id, module: id, flows: [], less })

const measured = (id: string, flow: Measurement['flow'], ...rates: number[]): Measurement[] =>
  rates.map((perSecond) => ({ id, flow, perSecond, serverMs: 0.5, serverShare: 0.5, driverShare: 0.5 }))

describe('what is to be measured', () => {
  it('is everything, five rounds of five seconds, where nothing is said', () => {
    expect(planOf([])).toMatchObject({ flows: Object.keys(flows), subjects, rounds: 5, seconds: 5 })
  })

  it('is one flow and one other server where they are named, with Drawbridge first', () => {
    const plan = planOf(['--flow', 'refresh', '--against', 'sqlite', '--rounds', '2', '--seconds', '0.5'])
    expect(plan).toMatchObject({ flows: ['refresh'], rounds: 2, seconds: 0.5 })
    expect(plan?.subjects.map(({ id }) => id)).toEqual(['hono', 'sqlite'])
  })

  it('is nothing where help was asked for', () => {
    expect(planOf(['--help'])).toBeUndefined()
  })

  it.each([
    [['--flow', 'logout'], /--flow logout: there are cold, warm, code, refresh/],
    [['--against', 'nobody'], /--against nobody: there are hono, /],
    [['--rounds', '1.5'], /--rounds 1\.5: a whole number above 0/],
    [['--seconds', '0'], /--seconds 0: a number above 0/],
    [['--fast'], /--fast/],
  ])('%j is refused, saying what there is', (args, message) => {
    expect(() => planOf(args)).toThrow(message)
  })
})

describe('the table', () => {
  it('takes the middle round, and between two their mean', () => {
    expect([median([9, 1, 5]), median([4, 1, 2, 3])]).toEqual([5, 2.5])
    expect(spread([90, 100, 120])).toBeCloseTo(0.2)
  })

  it('has each server with how many times as fast the first is, and what it does less or more', () => {
    const rows = [
      subject('ours'),
      { ...subject('theirs', ['no consent', 'no upstream']), more: ['signs twice'] },
    ]
    const numbers = [...measured('ours', 'refresh', 2900, 3000, 9000), ...measured('theirs', 'refresh', 1500)]
    expect(flowTable(rows, ['cold', 'refresh'], numbers).split('\n')).toEqual([
      '| per second | refresh | does less (and more) |',
      '|---|---|---|',
      '| ours | 3,000 (0.50 ms) |  |',
      '| theirs | 1,500, x2.00 (0.50 ms) | no consent; no upstream (and signs twice) |',
    ])
  })

  it('has a dash where a server does not have the flow', () => {
    const numbers = [
      ...measured('a', 'cold', 100),
      ...measured('a', 'code', 100),
      ...measured('b', 'cold', 50),
    ]
    expect(flowTable([subject('a'), subject('b')], ['cold', 'code'], numbers)).toMatch(
      /\| b \| 50\.0, x2\.00 .*\| - \|/,
    )
  })

  it('says what a gate leaves of the bare rate', () => {
    const numbers = [...measured('a', 'guard', 600), ...measured('bare a', 'guard', 1000)]
    expect(pairTable([[subject('a'), subject('bare a')]], ['guard'], numbers)).toContain(
      '| guarded route | a | 600 (500 µs) | 1,000 (500 µs) | 0.60 (1.00) |',
    )
  })

  it('names what the driver was too slow for', () => {
    const [busy] = measured('a', 'guard', 1000)
    const shares = (driverShare: number, serverShare: number) => busy && { ...busy, driverShare, serverShare }
    expect(driverLimits([shares(0.95, 0.6)].flatMap((each) => each ?? []))).toEqual([
      expect.stringContaining('a (guard)'),
    ])
    expect(driverLimits([shares(0.95, 0.98), shares(0.5, 0.98)].flatMap((each) => each ?? []))).toEqual([])
  })

  it('is nothing where nothing was measured', () => {
    expect([flowTable([subject('a')], ['cold'], []), pairTable([], ['guard'], []), noise([])]).toEqual([
      '',
      '',
      0,
    ])
  })
})

describe('its connection', () => {
  it.each([
    ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n\r\nhello'],
    [
      'chunks',
      'HTTP/1.1 200 OK\r\nset-cookie: a=1\r\nSet-Cookie: b=2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n',
    ],
  ])('reads answers with %s, one after the other, however they are cut', async (_, text) => {
    const server = createServer((socket) =>
      socket.on('data', async () => {
        for (const character of text) {
          socket.write(character)
          await new Promise(setImmediate)
        }
      }),
    ).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const wire = connection(port)
    for (let turn = 0; turn < 2; turn++) {
      const answer = await wire.send(requestText({ method: 'GET', path: '/', port }))
      expect(answer).toMatchObject({ status: 200, body: 'hello' })
      expect(headerValues(answer, 'set-cookie')).toEqual(['a=1', 'b=2'])
    }
    wire.close()
    server.close()
  })
})

describe('what is installed for it', () => {
  const { dependencies = {} } = readJson<Manifest>(join(root, 'benchmarks/package.json'))

  it('has every peer at one version', () => {
    const peers = subjects.flatMap((each) => each.package ?? [])
    expect(Object.keys(dependencies)).toEqual(expect.arrayContaining(peers))
    expect(Object.values(dependencies).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
  })

  it('has all that core needs, at versions that the workspace works with', () => {
    const core = publishedPackages().find(({ manifest }) => manifest.name === '@drawbridge/core')
    const needed = Object.keys(core?.manifest.dependencies ?? {})
    expect(needed).not.toEqual([])
    for (const name of needed) {
      const { version } = readJson<Manifest>(join(root, 'packages/core/node_modules', name, 'package.json'))
      expect(satisfies(version, `~${dependencies[name]}`), `${name} ${version}`).toBe(true)
    }
  })
})

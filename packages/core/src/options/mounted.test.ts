import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Mountable } from '../auth.ts'
import { mounted } from './mounted.ts'

let told: string[]
beforeEach(() => {
  told = []
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

function mountable(path: string, more: Partial<Mountable> = {}): Mountable {
  return {
    routes: [{ path, methods: ['POST'] }],
    endpoints: [{ url: `https://acme.dev${path}`, paths: [path] }],
    notice: (text) => told.push(text),
    handle: async (request) => (new URL(request.url).pathname === path ? new Response(path) : undefined),
    ...more,
  }
}

const asked = (path: string) => new Request(`http://localhost${path}`, { method: 'POST' })
const anywhere = () => true
const below = (prefix: string) => (path: string) => path.startsWith(prefix)

it('several are one: each is asked, made ready and closed', async () => {
  const calls: string[] = []
  const all = mounted(
    ['/files', '/mail'].map((path) =>
      mountable(path, {
        ready: async () => void calls.push(`ready ${path}`),
        close: async () => void calls.push(`close ${path}`),
      }),
    ),
  )
  expect(await (await all.handle(asked('/mail')))?.text()).toBe('/mail')
  expect(await all.handle(asked('/other'))).toBeUndefined()
  expect(all.routes.map(({ path }) => path)).toEqual(['/files', '/mail'])
  expect(all.endpoints).toHaveLength(2)
  await all.ready()
  await all.close()
  expect(calls).toEqual(['ready /files', 'ready /mail', 'close /files', 'close /mail'])
})

it('nothing, and what cannot be mounted, is an error', () => {
  expect(() => mounted([])).toThrow(/drawbridge\(\): is a list/)
  expect(() => mounted([mountable('/files'), 'mail' as never])).toThrow(/drawbridge\(\): is a text/)
})

it('what cannot be reached is told once, and not while another place may serve it', () => {
  mounted(mountable('/mcp')).standsWhere(anywhere, 'Move it.')
  expect(told).toEqual([])

  const once = mounted(mountable('/mcp'))
  once.standsWhere(below('/api'), 'Move it.')
  once.standsWhere(below('/api'), 'Move it.')
  expect(told).toEqual(['drawbridge() is mounted where requests for /mcp do not reach it. Move it.'])

  told = []
  const x = mountable('/mcp')
  const [first, second] = [mounted(x), mounted(x)]
  first.standsWhere(below('/api'), 'Move it.')
  expect(told).toEqual([])
  second.standsWhere(below('/other'), 'Move it.')
  expect(told).toHaveLength(1)
})

it('who looks in the wrong place is told of once an hour, however many see it, with all endpoints', () => {
  const [files, mail] = [mounted(mountable('/a/files')), mounted(mountable('/a/mail'))]
  const unanswered = (path: string) => {
    const request = asked(path)
    for (const x of [files, mail].map((one) => one.passedOn(request, request))) x?.()
  }
  unanswered('/about')
  expect(told).toEqual([])
  unanswered('/files')
  unanswered('/files')
  expect(told).toEqual([
    expect.stringMatching(
      /^Nobody answered POST \(404\)\. .*a\/files and https:\/\/acme.dev\/a\/mail.*"\/a"/,
    ),
  ])
  vi.setSystemTime(Date.now() + 3_600_000)
  unanswered('/files')
  expect(told).toHaveLength(2)
})

it('the standard error is told where nobody else listens', () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  const { notice, ...silent } = mountable('/mcp')
  mounted(silent).standsWhere(below('/api'), 'Move it.')
  expect(log.mock.calls).toEqual([[expect.stringContaining('drawbridge warn: drawbridge() is mounted')]])
  log.mockRestore()
})

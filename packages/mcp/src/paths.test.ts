import { expect, it } from 'vitest'
import { mcp } from './index.ts'
import { bearer, call, countingServers, fakeAuth, post } from './mcp.fixture.ts'

const { create: server } = countingServers()

it('a slash at the end leads to the same endpoint, and the resource stays what it is', async () => {
  const served = mcp({ auth: fakeAuth({ good: {} }), server })
  const url = 'https://mcp.acme.dev/mcp/'
  const refused = await served.fetch(post(call('echo'), {}, url))
  expect(refused.status).toBe(401)
  expect(refused.headers.get('www-authenticate')).toContain('/.well-known/oauth-protected-resource/mcp"')
  const answer = await served.fetch(post(call('echo', { say: 'hi' }), bearer('good'), url))
  expect(await answer.text()).toContain('"hi"')
  expect(served.endpoints).toEqual([{ url: 'https://mcp.acme.dev/mcp', paths: ['/mcp'] }])
})

it.each([
  [
    { resource: 'https://acme.dev/api/mcp', resourcePaths: ['/api/mcp', '/mcp'] },
    ['/api/mcp/', '/mcp/'],
    ['/api/'],
  ],
  [{ resource: 'https://acme.dev/', resourcePaths: ['/'] }, ['/'], ['//']],
])('also where a prefix is stripped, and nowhere else: %o', async (more, found, lost) => {
  const served = mcp({ auth: { ...fakeAuth({}), ...more }, server })
  const statuses = (paths: readonly string[]) =>
    Promise.all(
      paths.map(async (path) => (await served.fetch(post(call('echo'), {}, `http://h${path}`))).status),
    )
  expect(await statuses(found)).toEqual(found.map(() => 401))
  expect(await statuses(lost)).toEqual(lost.map(() => 404))
})

it.each<[Partial<Parameters<typeof mcp>[0]>, RegExp]>([
  [{ path: '/mücp' }, /^path: "\/mücp" is spelled differently in requests. Write it as "\/m%C3%BCcp"/],
  [{ health: '/a/../up' }, /^health: .* Write it as "\/up"/],
  [{ health: '/is up' }, /^health: .* Write it as "\/is%20up"/],
  [{ legacySse: { path: '/s se' } }, /^legacySse\.path: .* "\/s%20se"/],
  [{ legacySse: { messagesPath: '/./m' } }, /^legacySse\.messagesPath: .* "\/m"/],
  [{ allowedHosts: ['*.acme.dev'] }, /^allowedHosts: "\*\.acme\.dev" is not a host/],
])('what no request can match is refused at construction: %o', (more, message) => {
  const auth = fakeAuth({})
  expect(() => mcp({ auth, server, onNotice: () => {}, ...(more as object) })).toThrow(message)
})

it('makes ready what its Auth needs', async () => {
  const out = { ...fakeAuth({}), ready: () => Promise.reject(new Error('out')) }
  await expect(mcp({ auth: out, server }).ready()).rejects.toThrow('out')
  await mcp({ auth: fakeAuth({}), server }).ready()
  await mcp({ server, onNotice: () => {} }).ready()
})

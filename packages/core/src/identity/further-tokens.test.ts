import { expect, it, onTestFinished, vi } from 'vitest'
import { systemClock, unixTime } from '../clock.ts'
import type { ConnectionRecord } from '../records/connection.ts'
import { furtherTokens } from './further-tokens.ts'
import type { Upstream } from './upstream.ts'

/** Users, and a provider that notes what it is asked for. */
function started() {
  const asked: string[] = []
  const upstream: Pick<Upstream, 'furtherToken'> = {
    async furtherToken(_, scopes) {
      asked.push(...scopes)
      const expires_at = scopes.includes('for ever') ? undefined : unixTime(systemClock) + 3600
      return { access_token: `token ${asked.length}`, expires_at, scopes }
    },
  }
  const { token } = furtherTokens({ clock: systemClock, unavailable: () => {} })
  const want = (scope: string, access_token = 'kept', id = `connection of ${scope}`) => {
    const connection: Pick<ConnectionRecord, 'owner' | 'id' | 'provider' | 'tokens'> = {
      owner: 'owner',
      id,
      provider: 'login',
      tokens: { access_token, token_type: 'bearer', scopes: [] },
    }
    const wanted = { scopes: scope.split(', '), correlation: 'flow' }
    return token(upstream as Upstream, connection as ConnectionRecord, wanted)
  }
  const askedFor = async (work: () => Promise<unknown>) => {
    asked.length = 0
    await work()
    return asked
  }
  return { want, askedFor }
}

const thousand = Array.from({ length: 1000 }, (_, nth) => `scope ${nth}`)

it('a thousand are kept, and the one unused for longest goes first', async () => {
  const { want, askedFor } = started()
  for (const scope of thousand) await want(scope)
  expect(await askedFor(() => want('scope 0'))).toEqual([])
  await want('one more')
  expect(await askedFor(() => want('scope 999'))).toEqual([])
  expect(await askedFor(() => want('scope 0'))).toEqual([])
  expect(await askedFor(() => want('scope 1'))).toEqual(['scope 1'])
})

it('twenty are kept for one sign-in, which takes nobody else the room', async () => {
  const { want, askedFor } = started()
  await want('scope 0', 'kept', 'another')
  const greedy = (scope: string) => want(scope, 'kept', 'one')
  for (const scope of thousand) await greedy(scope)
  expect(await askedFor(() => greedy('scope 980'))).toEqual([])
  expect(await askedFor(() => greedy('scope 979'))).toEqual(['scope 979'])
  expect(await askedFor(() => greedy('scope 980'))).toEqual([])
  expect(await askedFor(() => greedy('scope 981'))).toEqual(['scope 981'])
  expect(await askedFor(() => want('scope 0', 'kept', 'another'))).toEqual([])
})

it('one that is renewed is new', async () => {
  const { want, askedFor } = started()
  for (const scope of thousand) await want(scope)
  await want('scope 0', 'the next kept')
  await want('one more')
  expect(await askedFor(() => want('scope 0', 'the next kept'))).toEqual([])
})

it('those that are not kept take nobody else the room', async () => {
  const { want, askedFor } = started()
  await want('scope')
  for (const scope of thousand) await want(`${scope}, for ever`)
  expect(await askedFor(() => want('scope'))).toEqual([])
})

/** A provider that answers as told. */
function answering(furtherToken: NonNullable<Upstream['furtherToken']>) {
  const further = furtherTokens({ clock: systemClock, unavailable: () => {} })
  const tokens = { access_token: 'kept', token_type: 'bearer', scopes: [] }
  const connection = { owner: 'owner', id: 'connection', provider: 'login', tokens } as unknown
  const want = (rejected?: string) =>
    further.token({ furtherToken } as Upstream, connection as ConnectionRecord, {
      scopes: ['mail'],
      correlation: 'flow',
      rejected,
    })
  return { forget: further.forget, want }
}

it('what the API rejects is not handed out, though another request has just been given it again', async () => {
  const { forget, want } = answering(async (_, scopes) => ({
    access_token: 'always',
    expires_at: unixTime(systemClock) + 3600,
    scopes,
  }))
  await want()
  forget('always')
  await want()
  await expect(want('always')).rejects.toMatchObject({ name: 'NoUpstreamToken' })
})

it('a provider that never answers keeps nobody waiting for ever, nor who asks for the same', async () => {
  const gaveUp = new AbortController()
  const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(gaveUp.signal)
  onTestFinished(() => timeout.mockRestore())
  let calls = 0
  const { want } = answering((_, scopes) =>
    ++calls === 1 ? new Promise(() => {}) : Promise.resolve({ access_token: 'good', scopes }),
  )
  const both = Promise.allSettled([want(), want()])
  gaveUp.abort()
  expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  timeout.mockRestore()
  expect(await want()).toMatchObject({ access_token: 'good' })
})

it.each([
  ['another user', { owner: 'other' }],
  ['another connection of the user', { id: 'other' }],
  ['the next sign-in', { tokens: { access_token: 'next', token_type: 'bearer', scopes: [] } }],
])('a token of %s is another, also of two who ask at once', async (_, changes) => {
  let calls = 0
  const { token } = furtherTokens({ clock: systemClock, unavailable: () => {} })
  const furtherToken: Upstream['furtherToken'] = async (kept, scopes) => ({
    access_token: `${++calls} of ${kept.access_token}`,
    expires_at: unixTime(systemClock) + 3600,
    scopes,
  })
  const tokens = { access_token: 'kept', token_type: 'bearer', scopes: [] }
  const one = { owner: 'owner', id: 'connection', provider: 'login', tokens }
  const want = (connection: object) =>
    token({ furtherToken } as Upstream, connection as ConnectionRecord, {
      scopes: ['mail'],
      correlation: 'flow',
    })
  const [first, second] = await Promise.all([want(one), want({ ...one, ...changes })])
  expect(first.access_token).not.toBe(second.access_token)
  expect((await want({ ...one, ...changes })).access_token).toBe(second.access_token)
})

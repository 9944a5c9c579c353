import { expect, it } from 'vitest'
import { systemClock, unixTime } from '../clock.ts'
import type { ConnectionRecord } from '../records/connection.ts'
import { furtherTokens } from './further-tokens.ts'
import type { Upstream } from './upstream.ts'

/** One user, and a provider that notes what it is asked for. */
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
  const want = (scope: string, access_token = 'kept') => {
    const connection: Pick<ConnectionRecord, 'owner' | 'id' | 'provider' | 'tokens'> = {
      owner: 'owner',
      id: 'connection',
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

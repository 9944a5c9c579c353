import { expect, it } from 'vitest'
import {
  client,
  configuration,
  instance,
  provider,
  redirect_uri,
  resource,
  secrets,
} from '../../model/instance.fixture.ts'
import { randomBytes } from '../crypto/random.ts'
import { memory } from '../storage/memory.ts'
import type { LoadedAccessToken, LoadedCode, LoadedRefreshToken, Refused } from './engine.ts'

const authenticated = { client, method: 'none' } as const
const user = { login: 'ada' }

function setUp() {
  let seconds = 1_800_000_000
  const clock = { now: () => seconds * 1000, sleep: async () => {} }
  const { engine } = instance({
    config: configuration(undefined),
    secret: secrets.old,
    storage: memory({ clock }),
    clock,
    random: randomBytes,
  })
  const login = async () => {
    const { client_id } = client
    const code_challenge = 'a challenge'
    const scopes = ['user']
    const request = { client_id, redirect_uri, redirect_uri_named: true, scopes, resource, code_challenge }
    const completed = await engine.completeLogin?.({
      client,
      request: { ...request, correlation: 'c' },
      provider: 'github',
      subject: 'github|1',
      claims: user,
      scopes,
      upstream: {
        provider,
        brought: { tokens: { access_token: 'upstream', token_type: 'bearer', scopes }, answer: {} },
      },
    })
    return completed?.code ?? ''
  }
  return { engine, login, now: () => seconds, pass: (time: number) => (seconds += time) }
}

function good<L extends LoadedCode | LoadedRefreshToken | LoadedAccessToken>(
  loaded: L | Refused<string> | undefined,
): L {
  if (!loaded || loaded.refused) throw new Error(`not good: ${loaded?.refused}`)
  return loaded as L
}

it('says of each credential whose it is, for what, and until when', async () => {
  const { engine, login, now } = setUp()
  const code = await login()
  const standing = { client_id: 'desk', subject: 'github|1', resource, scopes: ['user'], correlation: 'c' }
  const unredeemed = good(await engine.loadCode(code))
  expect(unredeemed).toMatchObject({ ...standing, redeemed: false, expires_at: now() + 300 })
  const tokens = await unredeemed.redeem(authenticated, { scopes: ['user'] })
  expect(await engine.loadCode(code)).toMatchObject({ redeemed: true })

  const day = 86_400
  const refresh = good(await engine.loadRefreshToken(tokens.refresh_token ?? ''))
  expect(refresh).toMatchObject({ ...standing, grant: unredeemed.grant, expires_at: now() + 30 * day })
  const access = good(await engine.loadAccessToken(tokens.access_token))
  const times = { issued_at: now(), expires_at: now() + 3600 }
  expect(access).toMatchObject({
    ...standing,
    ...times,
    granted: ['user'],
    claims: user,
    token_type: 'Bearer',
  })
})

it('knows a refresh token that would be answered from one that would not, without an effect', async () => {
  const { engine, login, pass } = setUp()
  const first = await good(await engine.loadCode(await login())).redeem(authenticated, { scopes: ['user'] })
  const load = async () => good(await engine.loadRefreshToken(first.refresh_token ?? ''))
  const before = await load()
  expect(before.isActive()).toBe(true)
  const second = await before.refresh(authenticated, { scopes: ['user'] })
  expect((await load()).isActive()).toBe(true)
  pass(86_400)
  expect((await load()).isActive()).toBe(false)
  const current = good(await engine.loadRefreshToken(second.refresh_token ?? ''))
  expect(current.isActive()).toBe(true)
  expect((await current.refresh(authenticated, { scopes: ['user'] })).refresh_token).toBeDefined()
})

it('says of what is no good why, and which grant it claims; of what is not its own nothing', async () => {
  const { engine, login } = setUp()
  const code = await login()
  const loaded = good(await engine.loadCode(code))
  const { grant } = loaded
  const tokens = await loaded.redeem(authenticated, { scopes: ['user'] })
  const altered = (credential = '') => `${credential.slice(0, -43)}${'x'.repeat(43)}`
  expect(await engine.loadCode(altered(code))).toEqual({ refused: 'unknown', grant })
  const forged = { refused: 'forged', grant, correlation: 'c' }
  expect(await engine.loadRefreshToken(altered(tokens.refresh_token))).toEqual(forged)
  await good(await engine.loadRefreshToken(tokens.refresh_token ?? '')).revoke()
  expect(await engine.loadRefreshToken(tokens.refresh_token ?? '')).toEqual({ refused: 'unknown', grant })
  expect(await engine.loadAccessToken(tokens.access_token)).toMatchObject({ refused: 'grant_ended' })
  expect(await engine.loadCode('nonsense')).toBeUndefined()
  expect(await engine.loadRefreshToken('nonsense')).toBeUndefined()
})

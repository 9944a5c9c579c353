import { expect, it } from 'vitest'
import { fakeClock } from './clock.ts'
import { payloadOf } from './dev-oidc.fixture.ts'
import { type DevOidcOptions, devOidc } from './dev-oidc.ts'
import { browser } from './driver/browser.ts'
import { signIn } from './driver/sign-in.ts'
import { network } from './network.ts'

const redirect_uri = 'https://mcp.test/callback'

function world(options: DevOidcOptions = {}) {
  const clock = fakeClock()
  const dev = devOidc({ clock, ...options })
  const fetch = network({ 'https://login.test': dev.fetch })
  const person = browser({ fetch, clock })
  const url = (asked: Record<string, string>) => {
    const app = { client_id: 'dev-client', redirect_uri, response_type: 'code', scope: 'openid' }
    return `https://login.test/authorize?${new URLSearchParams({ ...app, ...asked })}`
  }
  return {
    ...{ clock, dev },
    silently: async (asked: Record<string, string> = {}) =>
      (await signIn(person, url({ prompt: 'none', ...asked }))).searchParams,
    choose: async (user: string, asked: Record<string, string> = {}) =>
      (await signIn(person, url(asked), { user })).searchParams,
    async claims(callback: URLSearchParams) {
      const client = { client_id: 'dev-client', client_secret: 'dev-secret', redirect_uri }
      const grant = { grant_type: 'authorization_code', code: callback.get('code') ?? '' }
      const body = new URLSearchParams({ ...client, ...grant })
      const answer = await dev.fetch(new Request('https://login.test/token', { method: 'POST', body }))
      return payloadOf((await answer.json()).id_token)
    },
  }
}

it('prompt=none lets in who is signed in in this browser, and asks nobody', async () => {
  const { silently, choose, claims } = world()
  expect((await silently()).get('error')).toBe('login_required')
  await choose('grace')
  expect(await claims(await silently())).toMatchObject({ sub: 'grace' })
  await choose('ada')
  expect(await claims(await silently())).toMatchObject({ sub: 'ada' })
})

it('nor anybody who ended what they let the app do', async () => {
  const { silently, choose, dev } = world()
  await choose('grace')
  dev.revokeUser('grace')
  expect((await silently()).get('error')).toBe('consent_required')
})

it('an id_token says when somebody signed in to who sends max_age, and to nobody else', async () => {
  const { silently, choose, claims, clock } = world()
  const at = clock.now() / 1000
  expect(await claims(await choose('ada', { max_age: '0' }))).toMatchObject({ auth_time: at })
  clock.advance(60)
  expect(await claims(await silently({ max_age: '60' }))).toMatchObject({ auth_time: at })
  expect(await claims(await silently())).not.toHaveProperty('auth_time')
  expect((await silently({ max_age: '59' })).get('error')).toBe('login_required')
  const always = world({ authTime: true })
  expect(await always.claims(await always.choose('ada'))).toMatchObject({ auth_time: at })
})

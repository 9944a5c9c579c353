import { signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { slowStore, turnstile } from '../slow-store.ts'
import { resource, secret, type World, world } from '../world.ts'

const hour = 3600
const day = 24 * hour
const nextSecret = 'T3kJ0s8wYb5nQe2zXc7vMf4hLp9rUa6dGi1oKtZyWxE='

const githubApp = {
  github: {
    apps: [{ clientId: 'dev-client', clientSecret: 'dev-secret', name: 'App', mode: 'github-app' as const }],
  },
}

async function signedIn(options: Parameters<typeof world>[0] = {}) {
  const w = world(options)
  const app = w.client()
  const tokens = await app.login(w.browser(), { user: 'octocat' })
  return { ...w, app, tokens }
}

async function upstream(auth: World['auth'], access_token: string | undefined) {
  const headers = { authorization: `Bearer ${access_token}` }
  const result = await auth.authenticate(new Request(resource, { headers }))
  if (!result.ok) throw new Error(`not authenticated: ${result.response.status}`)
  return auth.upstreamToken(result.auth)
}

describe('a refresh at a provider that rotates its refresh tokens', () => {
  /** A server that stops between the provider's answer to a refresh and its storing. */
  function slowRefresh(options: Parameters<typeof world>[0]) {
    const stile = turnstile()
    const w: World = world({
      ...githubApp,
      ...options,
      fetch: async (input, init) => {
        const answer = await w.fetch(input as string, init)
        if (String(init?.body).includes('grant_type=refresh_token')) await stile.pass()
        return answer
      },
    })
    return { ...w, stile }
  }

  it('is not lost when the connection is sealed anew meanwhile', async () => {
    const w = slowRefresh({ secret: [secret, nextSecret] })
    const app = w.client()
    const tokens = await app.login(w.browser(), { user: 'octocat' })
    w.clock.advance(8 * hour - 30)
    const { body } = await app.refresh(tokens.refresh_token)
    const asking = upstream(w.auth, body.access_token)
    await w.stile.reached
    expect((await w.instance({ secret: [nextSecret, secret] }).maintain()).unreadable).toBe(0)
    w.stile.release()
    expect((await asking).access_token).toMatch(/^ghu_/)
    expect(w.events.map(({ type }) => type)).not.toContain('upstream.ended')
  })

  it("is not lost when another of the user's grants keeps the connection for longer meanwhile", async () => {
    const w = slowRefresh({ lifetimes: { idle: 5 * hour } })
    const [desk, laptop] = [w.client(), w.client()]
    const onDesk = await desk.login(w.browser(), { user: 'octocat' })
    const onLaptop = await laptop.login(w.browser(), { user: 'octocat' })
    w.clock.advance(4 * hour)
    const onDeskLater = await desk.refresh(onDesk.refresh_token)
    const onLaptopLater = await laptop.refresh(onLaptop.refresh_token)
    w.clock.advance(4 * hour - 30)
    const { body } = await desk.refresh(onDeskLater.body.refresh_token)
    const asking = upstream(w.auth, body.access_token)
    await w.stile.reached
    w.clock.advance(60)
    expect((await laptop.refresh(onLaptopLater.body.refresh_token)).status).toBe(200)
    w.stile.release()
    expect((await asking).access_token).toMatch(/^ghu_/)
    expect(w.events.map(({ type }) => type)).not.toContain('upstream.ended')
  })
})

describe('an end at the provider', () => {
  it('that a new login overtakes is no end', async () => {
    const { storage, holdNext } = slowStore()
    const w = await signedIn({ ...githubApp, storage })
    w.clock.advance(9 * hour)
    const { body } = await w.app.refresh(w.tokens.refresh_token)
    w.provider.revokeUser('octocat')
    const stile = holdNext('put connection/')
    const asking = upstream(w.auth, body.access_token)
    await stile.reached
    await w.client().login(w.browser(), { user: 'octocat' })
    stile.release()
    expect((await asking).access_token).toMatch(/^ghu_/)
    w.clock.advance(day)
    expect((await w.app.refresh(body.refresh_token)).status).toBe(200)
  })
})

describe("the last grant's end", () => {
  it.each(['create grant/', 'put connection/', 'create connection/'])(
    'leaves a login alone that is just being made (%s)',
    async (operation) => {
      const { storage, holdNext } = slowStore()
      const { app, tokens, client, browser, auth } = await signedIn({ storage })
      const laptop = client()
      await laptop.register()
      const pending = await laptop.authorize()
      const stile = holdNext(operation)
      const returning = signIn(browser(), pending.url, { user: 'octocat' })
      await Promise.race([stile.reached, returning])
      expect((await app.revoke(tokens.refresh_token)).status).toBe(200)
      stile.release()
      const { body } = await laptop.exchange(pending, await returning)
      expect((await upstream(auth, body.access_token)).access_token).toMatch(/^gho_/)
    },
  )

  it('leaves a login alone that was made while it looked whether anybody needs the token', async () => {
    const { storage, holdNext } = slowStore()
    const { app, tokens, client, browser, auth, provider } = await signedIn({ storage })
    const stile = holdNext('delete connection/')
    const revoking = app.revoke(tokens.refresh_token)
    await stile.reached
    const second = await client().login(browser(), { user: 'octocat' })
    stile.release()
    expect((await revoking).status).toBe(200)
    const { access_token } = await upstream(auth, second.access_token)
    expect(provider.requests.filter(({ method }) => method === 'DELETE')).toEqual([])
    expect(access_token).toMatch(/^gho_/)
  })
})

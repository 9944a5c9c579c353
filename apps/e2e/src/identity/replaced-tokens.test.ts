import type { DevGitHubOptions } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { likeGoogle, oidcWorld } from '../oidc-world.ts'
import { turnstile } from '../slow-store.ts'
import { resource, upstreamHost, world } from '../world.ts'

const hour = 3600
const app = { clientId: 'dev-client', clientSecret: 'dev-secret', name: 'App' }
const githubApp: DevGitHubOptions = { apps: [{ ...app, mode: 'github-app' }] }

/** A server at GitHub, where octocat signs in again and again, and what GitHub gave for it. */
function started(
  given: {
    github?: DevGitHubOptions
    /** In place of GitHub's answer, if it resolves to one. */
    answer?: (request: Request) => Promise<Response | undefined>
  } = {},
) {
  const granted: string[] = []
  const w = world({
    github: given.github ?? {},
    fetch: async (input, init) => {
      const request = new Request(input, init)
      const answer = (await given.answer?.(request)) ?? (await w.fetch(request))
      if (!request.url.endsWith('/access_token')) return answer
      const { access_token } = (await answer.clone().json()) as { access_token?: string }
      if (access_token !== undefined) granted.push(access_token)
      return answer
    },
  })
  const works = async (token: string | undefined) => {
    const headers = { authorization: `Bearer ${token}`, 'user-agent': 'test' }
    return (await w.provider.fetch(new Request(`${upstreamHost}/api/v3/user`, { headers }))).ok
  }
  return {
    ...w,
    granted,
    install: async () => {
      const client = w.client()
      return { client, tokens: await client.login(w.browser(), { user: 'octocat' }) }
    },
    works: () => Promise.all(granted.map(works)),
    /** The tokens that GitHub was told to end. */
    ended: () =>
      w.provider.requests
        .filter(({ method }) => method === 'DELETE')
        .map(({ parameters }) => granted.indexOf(parameters.access_token ?? '')),
    outcomes: () => w.events.flatMap((event) => (event.type === 'upstream.revoked' ? [event.outcome] : [])),
    async tool({ access_token }: { access_token?: string | undefined }) {
      const headers = { authorization: `Bearer ${access_token}` }
      const gate = await w.auth.authenticate(new Request(resource, { headers }))
      if (!gate.ok) throw new Error(`the gate answered ${gate.response.status}`)
      return w.auth.upstreamToken(gate.auth)
    },
  }
}

describe('tokens that a later login replaced', () => {
  it('live as long as anybody stands on the connection, and end with it', async () => {
    const { install, works, ended, outcomes } = started()
    const all = [await install(), await install(), await install()]
    for (const { client, tokens } of all.slice(0, 2)) await client.revoke(tokens.refresh_token)
    expect(ended()).toEqual([])
    expect(await works()).toEqual([true, true, true])
    for (const { client, tokens } of all.slice(2)) await client.revoke(tokens.refresh_token)
    expect(await works()).toEqual([false, false, false])
    expect(outcomes()).toEqual(['done'])
  })

  it('end with everything of a user', async () => {
    const { install, works, auth } = started()
    await install()
    await install()
    await auth.grants.revokeAll('github|1001')
    expect(await works()).toEqual([false, false])
  })

  it('end when a tool used them at last, and they were refreshed meanwhile', async () => {
    const { install, works, clock, tool } = started({ github: githubApp })
    const first = await install()
    clock.advance(9 * hour)
    const { body } = await first.client.refresh(first.tokens.refresh_token)
    await tool(body)
    const second = await install()
    expect(await works()).toEqual([false, true, true])
    await first.client.revoke(body.refresh_token)
    await second.client.revoke(second.tokens.refresh_token)
    expect(await works()).toEqual([false, false, false])
  })

  it('end where their access token is over and their refresh token is not', async () => {
    const { install, provider, clock, outcomes, granted, works } = started({ github: githubApp })
    const first = await install()
    const second = await install()
    clock.advance(9 * hour)
    await first.client.revoke(first.tokens.refresh_token)
    await second.client.revoke(second.tokens.refresh_token)
    const refreshes = provider.requests.filter(({ parameters }) => parameters.grant_type === 'refresh_token')
    const used = refreshes.map(({ parameters }) => parameters.refresh_token)
    expect(new Set(used).size).toBe(2)
    expect(granted).toHaveLength(4)
    expect(await works()).toEqual([false, false, false, false])
    expect(outcomes()).toEqual(['done'])
  })

  it('end where a refresh of theirs was on its way when they were replaced', async () => {
    const stile = turnstile()
    const s = started({
      github: githubApp,
      async answer(request) {
        if (!(await request.clone().text()).includes('grant_type=refresh_token')) return undefined
        const answer = await s.provider.fetch(request)
        await stile.pass()
        return answer
      },
    })
    const first = await s.install()
    s.clock.advance(9 * hour)
    const { body } = await first.client.refresh(first.tokens.refresh_token)
    const asking = s.tool(body)
    await stile.reached
    const second = await s.install()
    stile.release()
    expect((await asking).access_token).toBe(s.granted[1])
    expect(await s.works()).toEqual([false, true, true])
    await first.client.revoke(body.refresh_token)
    await second.client.revoke(second.tokens.refresh_token)
    expect(await s.works()).toEqual([false, false, false])
  })

  it('end where GitHub has ended the newest', async () => {
    let refused = false
    const s = started({
      github: githubApp,
      async answer(request) {
        if (refused || !(await request.clone().text()).includes('grant_type=refresh_token')) return undefined
        refused = true
        return Response.json({ error: 'bad_refresh_token' })
      },
    })
    const first = await s.install()
    const second = await s.install()
    s.clock.advance(9 * hour)
    const { body } = await second.client.refresh(second.tokens.refresh_token)
    await expect(s.tool(body)).rejects.toMatchObject({ name: 'UpstreamEnded' })
    await first.client.revoke(first.tokens.refresh_token)
    expect(s.ended()).toEqual([])
    await second.client.revoke(body.refresh_token)
    // The first one's, refreshed to be ended.
    expect(s.ended()).toEqual([2])
    expect(await s.works()).toEqual([false, false, false])
  })

  it.each([0, 1, 2])('end also when GitHub cannot end one of them (%i)', async (nth) => {
    const s = started({
      async answer(request) {
        if (request.method !== 'DELETE') return undefined
        const isIt = (await request.clone().text()).includes(String(s.granted[nth]))
        return isIt ? new Response('<h1>Unavailable</h1>', { status: 503 }) : undefined
      },
    })
    const all = [await s.install(), await s.install(), await s.install()]
    for (const { client, tokens } of all) {
      expect((await client.revoke(tokens.refresh_token)).status).toBe(200)
    }
    expect(await s.works()).toEqual([0, 1, 2].map((each) => each === nth))
    expect(s.outcomes()).toEqual(['failed'])
  })

  it('are the newest nine, as many as GitHub keeps beside the one in use', async () => {
    const { install, works, ended } = started({ github: { tokensPerUser: Number.POSITIVE_INFINITY } })
    const all = []
    for (let nth = 0; nth < 12; nth++) all.push(await install())
    for (const { client, tokens } of all) await client.revoke(tokens.refresh_token)
    expect(ended().sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    expect(await works()).toEqual([true, true, ...Array(10).fill(false)])
  })

  it('are none when a login was given the same token again', async () => {
    let first: string | undefined
    const s = started({
      async answer(request) {
        if (!request.url.endsWith('/access_token')) return undefined
        const answer = await s.provider.fetch(request)
        first ??= await answer.clone().text()
        return Response.json(JSON.parse(first))
      },
    })
    const [one, two] = [await s.install(), await s.install()]
    await one.client.revoke(one.tokens.refresh_token)
    expect(await s.works()).toEqual([true, true])
    await two.client.revoke(two.tokens.refresh_token)
    expect(s.ended()).toEqual([0])
  })

  it('are not kept where one revocation ends everything of a user', async () => {
    const { install, dev } = oidcWorld({
      ...likeGoogle,
      truth: { ...likeGoogle.truth, refreshTokens: 'always' },
    })
    const all = [await install({ scope: 'email' }), await install({ scope: 'email' })]
    for (const { app, tokens } of all) await app.revoke(tokens.refresh_token)
    expect(dev.requests.filter(({ path }) => path === '/revoke')).toHaveLength(1)
  })
})

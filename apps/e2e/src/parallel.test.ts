import { memory } from '@drawbridge/core'
import {
  type Browser,
  browser,
  type DevGitHub,
  delayed,
  devGitHub,
  type Network,
  network,
  oauthClient,
  signIn,
  type TokenBody,
} from '@drawbridge/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { application } from './application.ts'
import { type Conditions, instances } from './instances.ts'
import { openTestStore, type StoreKind, skipWithout } from './test-stores.ts'
import { issuer, resource, upstreamHost, world } from './world.ts'

/** A deployment under test: where requests go, and what happens inside. */
interface Deployment {
  fetch: Network
  browser(): Browser
  provider: DevGitHub
  /** How often each kind of event occurred. */
  events(): Promise<Record<string, number>>
  disturb(faults: Faults): Promise<void>
  /** Seconds. */
  advance(seconds: number): Promise<void>
  stop(): Promise<void>
}

type Faults = Pick<Conditions, 'latency' | 'dropEvery'>

const undisturbed: [string, Faults] = ['undisturbed', { latency: 0, dropEvery: 0 }]
const withLatency: [string, Faults] = ['with latency', { latency: 5, dropEvery: 0 }]
const withLostReplies: [string, Faults] = [
  'with replies dropped after the write took effect',
  { latency: 0, dropEvery: 3 },
]

/** Provider tokens that last eight hours, and refresh tokens that work once. */
const apps = [{ clientId: 'dev-client', clientSecret: 'dev-secret', mode: 'github-app' }] as const
const hour = 3600
const hundred = Array.from({ length: 100 }, (_, index) => index)

async function inProcess(): Promise<Deployment> {
  let milliseconds = 0
  const storage = delayed(memory(), { milliseconds: () => Math.random() * milliseconds })
  const { auth, provider, clock, events } = world({ storage, github: { apps } })
  const fetch = network({ [upstreamHost]: provider.fetch, [issuer]: application(auth) })
  return {
    fetch,
    browser: () => browser({ fetch, clock }),
    provider,
    events: async () => counted(events),
    disturb: async ({ latency }) => {
      milliseconds = latency
    },
    advance: async (seconds) => clock.advance(seconds),
    stop: async () => {},
  }
}

async function onFourProcesses(kind: StoreKind): Promise<Deployment> {
  const provider = devGitHub({ apps })
  const listener = await provider.listen()
  const store = await openTestStore(kind)
  const stop = async () => {
    await listener.close()
    await store.close()
  }
  try {
    const four = await instances(4, { provider: listener.url, store: store.address })
    let ahead = 0
    return {
      fetch: four.fetch,
      browser: () => browser({ fetch: four.fetch }),
      provider,
      events: async () => counted(await four.events()),
      disturb: four.adjust,
      async advance(seconds) {
        ahead += seconds
        await four.adjust({ ahead })
      },
      async stop() {
        await four.stop()
        await stop()
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function counted(events: readonly { type: string }[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { type } of events) counts[type] = (counts[type] ?? 0) + 1
  return counts
}

describe('memory', () => holds(inProcess, [undisturbed, withLatency]))
for (const kind of ['sqlite', 'redis', 'redis-cluster', 'postgres'] as const) {
  describe.skipIf(await skipWithout(kind))(`four processes on ${kind}`, () =>
    holds(() => onFourProcesses(kind), [undisturbed, withLatency, withLostReplies]),
  )
}

function holds(deploy: () => Promise<Deployment>, conditions: [string, Faults][]): void {
  let deployment: Deployment
  beforeAll(async () => {
    deployment = await deploy()
  })
  afterAll(() => deployment?.stop())

  const client = () => oauthClient({ mcpUrl: resource, fetch: deployment.fetch })
  const call = (path: string, access_token: string | undefined) =>
    deployment.fetch(path, { method: 'POST', headers: { authorization: `Bearer ${access_token}` } })

  describe.each(conditions)('%s', (_, faults) => {
    beforeAll(() => deployment.disturb(faults))

    it('a hundred redemptions of one code: one 200, whose tokens stay good', async () => {
      const app = client()
      await app.register()
      const pending = await app.authorize()
      const callback = await signIn(deployment.browser(), pending.url, { user: 'octocat' })
      const answers = await Promise.all(hundred.map(() => app.exchange(pending, callback)))
      const won = answers.filter(({ status }) => status === 200)
      expect(won).toHaveLength(1)
      for (const { status, body } of answers) {
        if (status !== 200) expect([status, body.error]).toEqual([400, 'invalid_grant'])
      }
      const [{ body }] = won as [(typeof won)[0]]
      expect((await call(resource, body.access_token)).status).toBe(200)
      expect((await app.refresh(body.refresh_token)).status).toBe(200)
    })

    it('a hundred refreshes of one token: a hundred 200s, one successor, one rotation, one upstream call', async () => {
      const app = client()
      const { refresh_token } = await app.login(deployment.browser(), { user: 'octocat' })
      // The identity is due for another check, which needs the provider's token refreshed.
      await deployment.advance(25 * hour)
      deployment.provider.requests.length = 0
      const rotations = async () => (await deployment.events())['refresh.rotated'] ?? 0
      const before = await rotations()

      const answers = await Promise.all(hundred.map(() => app.refresh(refresh_token)))
      expect(answers.map(({ status }) => status)).toEqual(hundred.map(() => 200))
      const [successor, ...others] = new Set(answers.map(({ body }) => body.refresh_token))
      expect(others).toEqual([])
      expect(await rotations()).toBe(before + 1)
      const calls = await Promise.all(answers.map(({ body }) => call(resource, body.access_token)))
      expect(calls.map(({ status }) => status)).toEqual(hundred.map(() => 200))

      // One refresh there, and with what it brought, each question of one identity check.
      const asked = deployment.provider.requests.map(({ method, path }) => `${method} ${path}`)
      expect(asked.filter((request) => request.endsWith('/access_token'))).toHaveLength(1)
      expect(asked).toEqual([...new Set(asked)])
      expect((await app.refresh(successor)).status).toBe(200)
    })

    it("a hundred tools that want the provider's token: the same for all, of one upstream call", async () => {
      const app = client()
      const { refresh_token } = await app.login(deployment.browser(), { user: 'hubot' })
      await deployment.advance(8 * hour)
      const { body } = await app.refresh(refresh_token)
      deployment.provider.requests.length = 0

      const calls = await Promise.all(hundred.map(() => call(`${issuer}/upstream`, body.access_token)))
      expect(calls.map(({ status }) => status)).toEqual(hundred.map(() => 200))
      const tokens = await Promise.all(calls.map((each) => each.json() as Promise<Partial<TokenBody>>))
      expect(new Set(tokens.map(({ access_token }) => access_token)).size).toBe(1)
      expect(deployment.provider.requests).toHaveLength(1)
    })
  })
}

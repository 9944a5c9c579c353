import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memory } from '@drawbridge/core'
import {
  type Browser,
  browser,
  delayed,
  devGitHub,
  type Network,
  oauthClient,
  signIn,
} from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { instances } from './instances.ts'
import { resource, world } from './world.ts'

/** A deployment under test: where requests go, and what happened inside. */
interface Deployment {
  fetch: Network
  browser(): Browser
  events(): Promise<Record<string, number>>
  stop(): Promise<void>
}

const deployments: Record<string, () => Promise<Deployment>> = {
  memory: async () => inProcess(memory()),
  'memory, with latency': async () => inProcess(delayed(memory(), { milliseconds: () => Math.random() * 5 })),
  'SQLite, two processes': () => onSqlite({}),
  'SQLite, two processes, with latency': () => onSqlite({ latency: 3 }),
  'SQLite, two processes, replies dropped': () => onSqlite({ dropEvery: 3 }),
}

async function inProcess(storage: ReturnType<typeof memory>): Promise<Deployment> {
  const w = world({ storage })
  return {
    fetch: w.fetch,
    browser: () => w.browser(),
    async events() {
      const counts: Record<string, number> = {}
      for (const event of w.events) counts[event.type] = (counts[event.type] ?? 0) + 1
      return counts
    },
    stop: async () => {},
  }
}

async function onSqlite(faults: { latency?: number; dropEvery?: number }): Promise<Deployment> {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-parallel-'))
  const provider = await devGitHub().listen()
  const store = { kind: 'sqlite', path: join(folder, 'auth.db') } as const
  const two = await instances(2, { provider: provider.url, store, ...faults })
  return {
    ...two,
    browser: () => browser({ fetch: two.fetch }),
    async stop() {
      await two.stop()
      await provider.close()
      await rm(folder, { recursive: true })
    },
  }
}

describe.each(Object.entries(deployments))('%s', (_, deploy) => {
  it('fifty redemptions of one code: one 200, whose tokens stay good', async () => {
    const { fetch, browser, stop } = await deploy()
    try {
      const app = oauthClient({ mcpUrl: resource, fetch })
      await app.register()
      const pending = await app.authorize()
      const callback = await signIn(browser(), pending.url, { user: 'octocat' })
      const answers = await Promise.all(Array.from({ length: 50 }, () => app.exchange(pending, callback)))
      const won = answers.filter(({ status }) => status === 200)
      expect(won).toHaveLength(1)
      for (const { status, body } of answers) {
        if (status !== 200) expect([status, body.error]).toEqual([400, 'invalid_grant'])
      }
      const [{ body }] = won as [(typeof won)[0]]
      const call = await fetch(resource, {
        method: 'POST',
        headers: { authorization: `Bearer ${body.access_token}` },
      })
      expect(call.status).toBe(200)
      expect((await app.refresh(body.refresh_token)).status).toBe(200)
    } finally {
      await stop()
    }
  })

  it('fifty refreshes of one token: fifty 200s, one successor, one rotation', async () => {
    const { fetch, browser, events, stop } = await deploy()
    try {
      const app = oauthClient({ mcpUrl: resource, fetch })
      const { refresh_token } = await app.login(browser(), { user: 'octocat' })
      const answers = await Promise.all(Array.from({ length: 50 }, () => app.refresh(refresh_token)))
      expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200))
      const [successor, ...others] = new Set(answers.map(({ body }) => body.refresh_token))
      expect(others).toEqual([])
      expect((await events())['refresh.rotated']).toBe(1)
      expect((await app.refresh(successor)).status).toBe(200)
    } finally {
      await stop()
    }
  })
})

import { memory, type Storage } from '@drawbridge/core'
import { delayed } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { issuer, world } from './world.ts'

const redirect_uri = 'http://127.0.0.1:33418/callback'

async function keysOf(storage: Storage, prefix: string): Promise<readonly string[]> {
  return (await storage.list(prefix, { limit: 1000 })).keys
}

async function damage(storage: Storage, key: string): Promise<void> {
  const stored = await storage.get(key)
  await storage.put(key, `${stored?.value.slice(0, -4)}AAAA`, { ifVersion: stored?.version ?? '' })
}

function from(auth: ReturnType<typeof world>['auth'], clientAddress: string) {
  const body = JSON.stringify({ redirect_uris: [redirect_uri] })
  return auth.handle(new Request(`${issuer}/register`, { method: 'POST', body }), { clientAddress })
}

describe('I: one grant of a user does not open', () => {
  it('and revokeAll still ends the others', async () => {
    const storage = memory()
    const w = world({ storage })
    const tokens: (string | undefined)[] = []
    for (let more = 0; more < 3; more++) {
      const app = w.client()
      await app.register()
      tokens.push((await app.login(w.browser(), { user: 'octocat' })).access_token)
    }
    const { extra } = await (await w.call(tokens[0])).json()
    const [damaged = ''] = await keysOf(storage, 'grant/')
    await damage(storage, damaged)
    await w.auth.grants.revokeAll(extra.subject).catch(() => {})
    const statuses = await Promise.all(tokens.map(async (token) => (await w.call(token)).status))
    expect(statuses.filter((status) => status === 200)).toEqual([])
  })
})

describe("V: a user's connection does not open", () => {
  it('and the user, who signs in anew and thereby replaces it, still can', async () => {
    const storage = memory()
    const w = world({ storage })
    const app = w.client()
    await app.login(w.browser(), { user: 'octocat' })
    const [damaged = ''] = await keysOf(storage, 'connection/')
    await damage(storage, damaged)
    const ticking = setInterval(() => w.clock.advance(0.2), 1)
    const again = await app
      .login(w.browser(), { user: 'octocat' })
      .catch((error: unknown) => ({ access_token: String(error) }))
      .finally(() => clearInterval(ticking))
    expect(again.access_token).not.toContain('Error')
    expect((await w.call(again.access_token)).status).toBe(200)
  })
})

describe('J: one record in a slot does not open', () => {
  it('and strangers whose registrations may lie there still register', async () => {
    const storage = memory()
    const { client } = world({ storage, registration: { unapproved: 8 } })
    for (let more = 0; more < 20; more++) await client().register()
    const [damaged = ''] = await keysOf(storage, 'client-candidate/')
    await damage(storage, damaged)
    const statuses: number[] = []
    for (let more = 0; more < 10; more++) {
      const app = world({ storage, registration: { unapproved: 8 } }).client()
      statuses.push(
        await app.register().then(
          ({ status }) => status,
          () => 503,
        ),
      )
    }
    expect(new Set(statuses)).toEqual(new Set([201]))
  })
})

describe('K: many registrations of one sender at one moment', () => {
  it('are never refused, also where its share is small', async () => {
    const { auth } = world({
      storage: delayed(memory(), { milliseconds: 1 }),
      registration: { key: ({ clientAddress }) => clientAddress, unapproved: 1000, unapprovedPerKey: 4 },
    })
    const answers = await Promise.all(Array.from({ length: 60 }, () => from(auth, '192.0.2.7')))
    expect(answers.map((answer) => answer?.status).filter((status) => status !== 201)).toEqual([])
  })
})

describe('O: five strangers with wrong secrets of their own', () => {
  it('do not hide from the operator that a client of the options has a wrong one', async () => {
    const lines: string[] = []
    const client_secret = 'Kq7vX0mW2tYs9PzR5uLb1cDf4gHj6aN8QeTiOoUyZxE'
    const w = world({
      log: (line: string) => lines.push(line),
      clients: [{ client_id: 'desk', client_secret, redirect_uris: [redirect_uri] }],
    })
    const wrong = (client_id: string) =>
      w.fetch(`${issuer}/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'refresh_token',
          refresh_token: 'x',
          client_id,
          client_secret: 'wrong',
        }),
      })
    for (let more = 0; more < 5; more++) {
      const { body } = await w.client().register({ token_endpoint_auth_method: 'client_secret_post' })
      await wrong(body.client_id ?? '')
    }
    await wrong('desk')
    w.clock.advance(61)
    await w.fetch(`${issuer}/authorize?client_id=nobody`)
    expect(lines.filter((line) => line.includes('desk'))).not.toEqual([])
  })
})

import { memory } from '@drawbridge/core'
import { counting, failing } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { byAddress, type Limited, limited } from './limiter.fixture.ts'

const limits = { key: byAddress, window: 3600, requests: { token: 4, revoke: 2 } }

async function signedIn(options: Parameters<typeof limited>[1] = {}) {
  const w = limited(limits, options)
  const app = w.client()
  const tokens = await app.login(w.browser(), { user: 'octocat' })
  const client_id = app.credentials?.client_id ?? ''
  const refresh = (refresh_token: string, more: Record<string, string> = {}) =>
    w.token({ grant_type: 'refresh_token', refresh_token, client_id, ...more })
  return { ...w, app, client_id, refresh, tokens }
}

/** As the server makes them, with another secret. */
function forged(genuine: string): string {
  return `${genuine.slice(0, genuine.lastIndexOf('.'))}.${'A'.repeat(43)}`
}

const overTheLimit = ({ token, flood }: Pick<Limited, 'token' | 'flood'>) =>
  flood(() => token({ grant_type: 'authorization_code', code: 'x' }))

describe('a refresh token that this server issued', () => {
  it('is always answered, while its sender may do nothing else', async () => {
    const w = await signedIn()
    await overTheLimit(w)
    let { refresh_token } = w.tokens
    for (let turn = 0; turn < 10; turn++) {
      const answer = await w.refresh(refresh_token)
      expect(answer.status).toBe(200)
      refresh_token = (await answer.json()).refresh_token
    }
    expect((await w.token({ grant_type: 'authorization_code', code: 'x' })).status).toBe(429)
  })

  it('takes nothing from what its sender may send', async () => {
    const w = await signedIn()
    let { refresh_token } = w.tokens
    for (let turn = 0; turn < 20; turn++) {
      refresh_token = (await (await w.refresh(refresh_token)).json()).refresh_token
    }
    expect(await overTheLimit(w)).toBe(4)
  })

  it('that was replaced long ago still gives a thief away', async () => {
    const w = await signedIn()
    const first = w.tokens.refresh_token
    let refresh_token = first
    for (let turn = 0; turn < 3; turn++) {
      refresh_token = (await (await w.refresh(refresh_token)).json()).refresh_token
      w.clock.advance(600)
    }
    await overTheLimit(w)
    const reused = await w.refresh(first)
    expect([reused.status, (await reused.json()).error]).toEqual([400, 'invalid_grant'])
    expect(w.events).toContainEqual(
      expect.objectContaining({ type: 'grant.ended', reason: 'refresh_reused' }),
    )
  })

  it('is as good as before after a client that did not prove who it is, which counts', async () => {
    const w = await signedIn()
    const stranger = () => w.refresh(w.tokens.refresh_token, { client_id: 'nobody' })
    expect(await w.flood(stranger)).toBe(4)
    expect((await w.refresh(w.tokens.refresh_token)).status).toBe(200)
  })

  it('meets an outage as one, over the limit as well: 429 would say that its sender is to blame', async () => {
    let broken = false
    const storage = failing(memory(), ({ key }) => broken && key.startsWith('client/'))
    const w = await signedIn({ storage })
    await overTheLimit(w)
    broken = true
    const ticking = setInterval(() => w.clock.advance(0.1), 1)
    expect((await w.refresh(w.tokens.refresh_token)).status).toBe(503)
    clearInterval(ticking)
    broken = false
    expect((await w.refresh(w.tokens.refresh_token)).status).toBe(200)
  })

  it('can be revoked', async () => {
    const w = await signedIn()
    const revoke = (token: string) => {
      const body = new URLSearchParams({ token, client_id: w.client_id })
      return w.send('/revoke', { method: 'POST', body })
    }
    expect(await w.flood(() => revoke('x'))).toBe(2)
    expect((await revoke(forged(w.tokens.refresh_token))).status).toBe(429)
    expect((await revoke(w.tokens.refresh_token)).status).toBe(200)
    expect((await w.call(w.tokens.access_token)).status).toBe(401)
    expect((await revoke(w.tokens.refresh_token)).status).toBe(429)
  })
})

describe('a refresh token that it did not, or that is gone,', () => {
  it.each<[string, (w: Awaited<ReturnType<typeof signedIn>>) => Promise<string>]>([
    ['is nonsense', async () => 'nonsense'],
    ['is missing', async () => ''],
    ['is forged', async (w) => forged(w.tokens.refresh_token)],
    [
      'was revoked',
      async (w) => {
        await w.app.revoke(w.tokens.refresh_token)
        return w.tokens.refresh_token
      },
    ],
  ])('counts, and is refused: one that %s', async (_, make) => {
    const w = await signedIn()
    const token = await make(w)
    const refused = await w.refresh(token)
    expect(refused.status).toBe(400)
    expect(await w.flood(() => w.refresh(token))).toBe(3)
    expect((await overTheLimit(w)) === 0).toBe(true)
  })

  it('costs no more look-ups than before, and fewer once its sender is over the limit', async () => {
    const storage = counting(memory())
    const w = await signedIn({ storage })
    const token = forged(w.tokens.refresh_token)
    const cost = async () => {
      storage.reset()
      const { status } = await w.refresh(token)
      return [status, storage.log.filter(({ key }) => !key.startsWith('request-count/')).length]
    }
    expect(await cost()).toEqual([400, 2])
    await overTheLimit(w)
    expect(await cost()).toEqual([429, 1])
  })

  it('costs as little to revoke', async () => {
    const storage = counting(memory())
    const w = await signedIn({ storage })
    const body = { token: forged(w.tokens.refresh_token), client_id: w.client_id }
    const revoke = () => w.send('/revoke', { method: 'POST', body: new URLSearchParams(body) })
    await w.flood(revoke)
    storage.reset()
    expect([(await revoke()).status, storage.operations]).toEqual([429, 1])
  })
})

describe('over the limit, one good token is no way to guess the secret of another client', () => {
  const client_secret = 'kq8Zr1Vb3Nf6Xt0Lc5Hm7Ws2Jd9Pg4YaEu'
  const desk = { client_id: 'desk', client_secret, redirect_uris: ['http://127.0.0.1/callback'] }

  it.each(['/token', '/revoke'])('at %s: right and wrong ones are answered the same', async (path) => {
    const w = await signedIn({ clients: [desk] })
    const { refresh_token } = w.tokens
    const guess = (secret: string) => {
      const grant = { grant_type: 'refresh_token', refresh_token, token: refresh_token }
      const body = new URLSearchParams({ ...grant, client_id: 'desk', client_secret: secret })
      return w.send(path, { method: 'POST', body })
    }
    expect(await w.flood(() => guess('wrong'), 50)).toBeLessThanOrEqual(4)
    expect((await guess('wrong')).status).toBe(429)
    expect((await guess(client_secret)).status).toBe(429)
    expect((await w.refresh(refresh_token)).status).toBe(200)
  })
})

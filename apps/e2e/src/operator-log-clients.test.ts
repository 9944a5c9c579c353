import { describe, expect, it } from 'vitest'
import { issuer, world } from './world.ts'

const redirect_uri = 'http://127.0.0.1:33418/callback'

describe('five strangers with wrong secrets of their own', () => {
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

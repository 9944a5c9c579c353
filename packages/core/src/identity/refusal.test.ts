import { describe, expect, it } from 'vitest'
import { refusal, refusalBody } from './refusal.ts'

const said = { error: 'token_revoked', error_description: 'It is over.' }

describe('refusal', () => {
  it.each([
    ['invalid_grant', 400],
    ['invalid_client', 401],
  ])('says %s with the status of RFC 6749 5.2', async (error, status) => {
    const response = refusal(error, 'Why.')
    expect(response.status).toBe(status)
    expect(await response.json()).toEqual({ error, error_description: 'Why.' })
  })

  it('says no description that there is not', async () => {
    expect(await refusal('invalid_grant').json()).toEqual({ error: 'invalid_grant' })
  })
})

describe('refusalBody', () => {
  it.each([400, 401, 403, 404, 499])('is what an answer with %d says, which stays unread', async (status) => {
    const response = Response.json(said, { status })
    expect(await refusalBody(response)).toEqual(said)
    expect(await response.json()).toEqual(said)
  })

  it.each([200, 302, 429, 500, 503])(
    'is nothing of an answer with %d, which refuses nobody',
    async (status) => {
      const response = Response.json(said, { status })
      expect(await refusalBody(response)).toBeUndefined()
      expect(await response.json()).toEqual(said)
    },
  )

  it('is of a success, too, where errors come as one, and never of an outage', async () => {
    const body = (status: number) => refusalBody(Response.json(said, { status }), { from: 200 })
    expect(await body(200)).toEqual(said)
    expect(await body(400)).toEqual(said)
    for (const status of [429, 500, 503]) expect(await body(status)).toBeUndefined()
  })

  it.each(['<h1>Blocked: token_revoked</h1>', ''])('is nothing where there is no JSON: %j', async (page) => {
    const response = new Response(page, { status: 400 })
    expect(await refusalBody(response)).toBeUndefined()
    expect(await response.text()).toBe(page)
  })
})

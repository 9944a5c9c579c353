import { memory } from '@drawbridge/core'
import { delayed } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { issuer, world } from '../world.ts'

const redirect_uri = 'http://127.0.0.1:33418/callback'

function from(auth: ReturnType<typeof world>['auth'], clientAddress: string) {
  const body = JSON.stringify({ redirect_uris: [redirect_uri] })
  return auth.handle(new Request(`${issuer}/register`, { method: 'POST', body }), { clientAddress })
}

describe('many registrations of one sender at one moment', () => {
  it('are never refused, also where its share is small', async () => {
    const { auth } = world({
      storage: delayed(memory(), { milliseconds: 1 }),
      registration: { key: ({ clientAddress }) => clientAddress, unapproved: 40 },
    })
    const answers = await Promise.all(Array.from({ length: 60 }, () => from(auth, '192.0.2.7')))
    expect(answers.map((answer) => answer?.status).filter((status) => status !== 201)).toEqual([])
  })
})

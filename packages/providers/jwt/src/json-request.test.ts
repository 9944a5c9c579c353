import { systemClock, upstreamCall } from '@drawbridge/core/provider'
import { expect, it } from 'vitest'
import { jsonRequest } from './json-request.ts'

const answering = (answer: () => Response) =>
  jsonRequest(upstreamCall((async () => answer()) as typeof fetch, systemClock))('https://login.test/keys')

it('fetches JSON', async () => {
  expect(await answering(() => Response.json({ a: 1 }))).toEqual({ status: 'ok', body: { a: 1 } })
})

it.each([
  ['JSON of another status', Response.json({}, { status: 404 }), 'login.test answered 404', 404],
  ['no JSON', new Response('<h1>'), 'login.test answered 200 without JSON: /keys', 200],
])('says what is wrong with %s', async (_, answer, reason, code) => {
  expect(await answering(() => answer)).toEqual({ status: 'failed', reason, code })
})

it('knows no status where there was no answer', async () => {
  const nobody = answering(() => {
    throw new TypeError('fetch failed')
  })
  expect(await nobody).toEqual({ status: 'failed', reason: 'login.test could not be reached' })
})

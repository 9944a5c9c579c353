import { expect, it } from 'vitest'
import { issuer, resource, world } from './world.ts'

/** Where the browser is sent when a request names the one resource so many times (RFC 8707 lets it repeat). */
async function authorize(times: number) {
  const w = world()
  const app = w.client()
  await app.register()
  const { url } = await app.authorize()
  const form = new URL(url).searchParams
  form.delete('resource')
  for (let named = 0; named < times; named++) form.append('resource', resource)
  const answer = await w.fetch(`${issuer}/authorize`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form,
    redirect: 'manual',
  })
  return answer.headers.get('location') ?? ''
}

it('a resource may be named twenty times', async () => {
  expect(await authorize(20)).toContain('/consent?transaction=')
})

it('and no more often: each is compared with every one of ours, while everybody else waits', async () => {
  expect(await authorize(21)).toContain('error=invalid_target')
  expect(await authorize(1000)).toContain('error=invalid_target')
})

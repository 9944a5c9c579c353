import { describe, expect, it } from 'vitest'
import { issuer } from '../world.ts'
import { atCallback } from './callback.fixture.ts'

describe('whatever goes wrong at the provider is told to the client, with state and iss', () => {
  it.each([
    ['access_denied', 'access_denied'],
    ['temporarily_unavailable', 'temporarily_unavailable'],
    ['application_suspended', 'server_error'],
    ['<script>alert(1)</script>', 'server_error'],
  ])('error=%s', async (upstream, error) => {
    const { callback, finish, pending } = await atCallback()
    const url = new URL(callback)
    url.searchParams.delete('code')
    url.searchParams.set('error', upstream)
    url.searchParams.set('error_description', 'secret words of the provider')
    const back = (await finish(url)).leftFor
    expect(back?.searchParams.get('error')).toBe(error)
    expect(back?.searchParams.getAll('iss')).toEqual([issuer])
    expect(back?.searchParams.get('state')).toBe(pending.state)
    expect(decodeURIComponent(back?.search ?? '')).not.toMatch(/secret words|<script/)
  })

  it.each([
    ['503', 'temporarily_unavailable'],
    ['reset', 'temporarily_unavailable'],
  ] as const)('an outage (%s)', async (mode, error) => {
    const { finish, provider } = await atCallback()
    provider.outage(mode)
    const back = (await finish()).leftFor
    expect(back?.searchParams.get('error')).toBe(error)
    expect(back?.searchParams.get('code')).toBeNull()
  })

  it('a code the provider does not accept', async () => {
    const { callback, finish } = await atCallback()
    const url = new URL(callback)
    url.searchParams.set('code', 'wrong')
    expect((await finish(url)).leftFor?.searchParams.get('error')).toBe('server_error')
  })
})

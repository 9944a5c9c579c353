import { memory } from '@drawbridge/core'
import { describe, expect, it } from 'vitest'
import { issuer, resource, world } from '../world.ts'

/** What most servers want: clients begin with little and come back for more. */
const stepwise = { supported: ['files:read', 'files:write'], default: ['files:read'] }

describe('a registered scope', () => {
  /** Registers with it, and asks. */
  async function granted(
    registered: string | undefined,
    asked: string | undefined,
    options: Parameters<typeof world>[0] = { scopes: ['files:read', 'files:write', 'files:delete'] },
  ) {
    const w = world(options)
    const app = w.client()
    const { body } = await app.register(registered === undefined ? {} : { scope: registered })
    const tokens = await app.login(w.browser(), { user: 'octocat', parameters: { scope: asked } })
    return { echoed: body.scope, scope: tokens.scope }
  }

  it('is limited to what is supported, and echoed', async () => {
    expect(await granted('files:read admin', 'files:read')).toEqual({
      echoed: 'files:read',
      scope: 'files:read',
    })
  })

  it('then limits what the client may ask', async () => {
    expect((await granted('files:read', 'files:read files:write')).scope).toBe('files:read')
    expect((await granted('files:read files:write', 'files:write files:delete')).scope).toBe('files:write')
  })

  it('and what a client gets that asks for nothing', async () => {
    expect((await granted('files:write', undefined)).scope).toBe('files:write')
  })

  it('is no limit when there is none, or none of it is known here', async () => {
    expect((await granted(undefined, 'files:read files:write')).scope).toBe('files:read files:write')
    expect(await granted('admin', 'files:read files:write')).toEqual({
      echoed: undefined,
      scope: 'files:read files:write',
    })
  })

  it('never keeps a client from what is required', async () => {
    const scopes = {
      supported: ['files:read', 'files:write'],
      default: ['mcp', 'files:read'],
      required: ['mcp'],
    }
    expect((await granted('files:write', undefined, { scopes })).scope).toBe('mcp')
    expect((await granted('files:write', 'mcp files:read files:write', { scopes })).scope).toBe(
      'mcp files:write',
    )
  })

  it('of nothing the client then asks for is told to the client', async () => {
    const w = world({ scopes: ['files:read', 'files:write'] })
    const app = w.client()
    await app.register({ scope: 'files:read' })
    const { url } = await app.authorize({ scope: 'files:write' })
    const response = await w.fetch(url, { redirect: 'manual' })
    const back = new URL(response.headers.get('location') ?? '')
    expect(back.searchParams.get('error')).toBe('invalid_scope')
    expect(back.searchParams.get('error_description')).toContain('files:read')
  })

  it('that only repeats what a challenge asks for is echoed and does not stand in the way of a step-up', async () => {
    const once = { scopes: stepwise }
    expect(await granted('files:read', 'files:read files:write', once)).toEqual({
      echoed: 'files:read',
      scope: 'files:read files:write',
    })
    // A route that needs more asks for more, and clients register that.
    const routed = { scopes: { ...stepwise, supported: [...stepwise.supported, 'profile'] } }
    expect((await granted('files:read profile', 'files:read profile files:write', routed)).scope).toBe(
      'files:read profile files:write',
    )
  })

  it('of back then does not lock a client out of what the server supports later', async () => {
    const storage = memory()
    const before = world({ scopes: ['files:read'], storage })
    const app = before.client()
    await app.register({ scope: 'files:read' })
    const after = world({ scopes: ['files:read', 'files:write'], storage })
    const later = after.client({ credentials: app.credentials })
    const tokens = await later.login(after.browser(), {
      user: 'octocat',
      parameters: { scope: 'files:read files:write' },
    })
    expect(tokens.scope).toBe('files:read files:write')
  })

  it('of a client in the options is always a limit, and must be supported', async () => {
    const desk = { client_id: 'desk', redirect_uris: ['http://127.0.0.1:33418/callback'] }
    const w = world({ scopes: stepwise, clients: [{ ...desk, scope: 'files:read' }] })
    const app = w.client({ credentials: { client_id: 'desk' } })
    const parameters = { scope: 'files:read files:write' }
    expect((await app.login(w.browser(), { user: 'octocat', parameters })).scope).toBe('files:read')
    expect(() => world({ scopes: stepwise, clients: [{ ...desk, scope: 'files:read admin' }] })).toThrow(
      /clients\["desk"\]\.scope/,
    )
  })
})

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

import { signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { issuer, type World, world } from '../world.ts'

const closed = { registration: { enabled: false } } as const
const about = /regist|add it again/i

/** What `/authorize` says to a person, and to a program, whose client is not known. */
async function unknown(w: World) {
  const url = `${issuer}/authorize?client_id=nobody`
  const page = await w.fetch(url, { headers: { accept: 'text/html' } })
  const program = await w.fetch(url)
  expect([page.status, program.status]).toEqual([400, 400])
  return {
    page: (await page.text()).replace(/<style[\s\S]*?<\/style>/g, ''),
    program: await program.text(),
    links: [page.headers.get('link'), program.headers.get('link')],
  }
}

describe('where nobody can register', () => {
  it('neither the page nor the answer about an unknown client speaks of it', async () => {
    const open = await unknown(world())
    expect([about.test(open.page), about.test(open.program)]).toEqual([true, true])
    expect(open.links).toEqual(Array(2).fill(`<${issuer}/register>; rel="register"`))
    const { page, program, links } = await unknown(world(closed))
    expect(page).not.toMatch(about)
    expect(page).toContain('not known here')
    expect(program).not.toMatch(about)
    expect(links).toEqual([null, null])
  })

  it('neither does the metadata, in any member', async () => {
    const metadata = await (
      await world(closed).fetch(`${issuer}/.well-known/oauth-authorization-server`)
    ).text()
    expect(metadata).not.toMatch(about)
  })

  it('nor the consent page and the callback of a client that is gone since', async () => {
    const w = world()
    const app = w.client()
    await app.register()
    const pending = await app.authorize()
    const { url } = await w.browser().open(pending.url)
    await w.auth.clients.delete(app.credentials?.client_id ?? '')
    const page = await w.instance(closed).handle(new Request(url))
    expect(page?.status).toBe(400)
    expect(await page?.text()).toContain('not known here')
  })
})

describe('revocation that is switched off', () => {
  const off = { revocation: { enabled: false } }

  it('is not there, and the metadata does not mention it', async () => {
    const w = world(off)
    expect(w.auth.routes.map(({ path }) => path)).not.toContain('/revoke')
    const metadata = await (await w.fetch(`${issuer}/.well-known/oauth-authorization-server`)).text()
    expect(metadata).not.toContain('revocation')
    const on = await (await world().fetch(`${issuer}/.well-known/oauth-authorization-server`)).json()
    expect(on).toMatchObject({
      revocation_endpoint: `${issuer}/revoke`,
      revocation_endpoint_auth_methods_supported: expect.arrayContaining(['none']),
    })
  })

  it('ends nothing, and everything else goes on', async () => {
    const w = world(off)
    const app = w.client()
    await app.register()
    const pending = await app.authorize()
    const callback = await signIn(w.browser(), pending.url, { user: 'octocat' })
    const { body } = await app.exchange(pending, callback)
    const form = new URLSearchParams({
      token: body.refresh_token ?? '',
      client_id: app.credentials?.client_id ?? '',
    })
    const answer = await w.auth.handle(new Request(`${issuer}/revoke`, { method: 'POST', body: form }))
    expect(answer).toBeUndefined()
    expect((await w.call(body.access_token)).status).toBe(200)
    expect((await app.refresh(body.refresh_token)).status).toBe(200)
  })
})

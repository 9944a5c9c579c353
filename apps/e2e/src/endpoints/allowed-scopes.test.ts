import { chooseButton } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { world } from '../world.ts'

const redirect_uri = 'http://127.0.0.1:33418/callback'

describe('an instance whose options have changed since a request began', () => {
  const scopes = ['notes:read', 'notes:delete']
  const narrowed = [
    ['no longer has the resource', { resource: '/files' }],
    ['no longer has the scope', { scopes: ['notes:read'] }],
    [
      'limits the client',
      { clients: [{ client_id: 'desk', redirect_uris: [redirect_uri], scope: 'notes:read' }] },
    ],
  ] as const
  const begun = async () => {
    const w = world({ scopes, clients: [{ client_id: 'desk', redirect_uris: [redirect_uri] }] })
    const app = w.client({ credentials: { client_id: 'desk' } })
    return { ...w, pending: await app.authorize({ scope: scopes.join(' ') }) }
  }

  it.each(narrowed)('%s, and does not ask for consent to it', async (_, options) => {
    const { pending, instance, browser, events } = await begun()
    const { url } = await browser().open(pending.url)
    const page = await instance(options).handle(new Request(url))
    expect(page?.status).toBe(400)
    expect(events.at(-1)).toMatchObject({ type: 'consent.refused', reason: 'no_longer_allowed' })
  })

  it.each(narrowed)('%s, and makes no grant of it', async (_, options) => {
    const { pending, instance, browser, events } = await begun()
    const person = browser()
    const until = ({ pathname }: URL) => pathname.startsWith('/callback/')
    let page = await person.open(pending.url)
    for (const user of [undefined, 'octocat']) {
      const button = chooseButton(page, { user })
      if (button) page = await person.submit(page, button, {}, { until })
    }
    const callback = page.leftFor ?? ''
    const cookie = person.cookies.header(new URL(callback), { method: 'GET', crossSite: true }) ?? ''
    const answer = await instance(options).handle(new Request(callback, { headers: { cookie } }))
    const back = new URL(answer?.headers.get('location') ?? '')
    expect([back.searchParams.get('error'), back.searchParams.has('code')]).toEqual(['server_error', false])
    expect(events.map(({ type }) => type)).not.toContain('grant.created')
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'login.failed', reason: 'no_longer_allowed' }),
    )
  })
})

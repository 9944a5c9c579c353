import { describe, expect, it } from 'vitest'
import { issuer, world } from '../world.ts'

const accept = 'text/html,application/xhtml+xml,*/*;q=0.8'

describe('whoever comes with a browser', () => {
  it.each([
    ['GET', '/authorize'],
    ['GET', '/authorize?client_id=nobody'],
    ['GET', '/consent'],
    ['GET', '/consent?transaction=x'],
    ['POST', '/consent'],
    ['PUT', '/consent'],
    ['GET', '/callback/github'],
    ['GET', '/callback/github?state=a&state=b'],
    ['POST', '/callback/github'],
    ['DELETE', '/account'],
  ])('%s %s: is told on a page, in words, with a reference that the log has', async (method, path) => {
    const { fetch, events } = world()
    const answer = await fetch(issuer + path, { method, headers: { accept } })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    expect(answer.headers.get('content-type')).toContain('text/html')
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    const reference = /Reference: <bdi>([^<]+)</.exec(await answer.text())?.[1]
    expect(events.map((event) => ('reference' in event ? event.reference : undefined))).toContain(reference)
    if (answer.status === 405) expect(answer.headers.get('allow')).toMatch(/GET/)
  })

  it('is told so of a faulty request, too, before going on to an address that a stranger registered', async () => {
    const w = world()
    const app = w.client({ redirectUri: 'https://app.example/callback' })
    await app.register()
    const page = await w.browser().open((await app.authorize({ scope: 'unheard-of' })).url)
    const reference = /Reference: (\S+)/.exec(page.text)?.[1]
    expect(w.events).toContainEqual(
      expect.objectContaining({ type: 'authorize.refused', reason: 'invalid_scope', reference }),
    )
  })

  it('is a program where it asks for no page', async () => {
    const { fetch } = world()
    const answer = await fetch(`${issuer}/callback/github`, { method: 'POST' })
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET'])
    expect(await answer.json()).toMatchObject({ error: 'invalid_request' })
  })
})

import { describe, expect, it } from 'vitest'
import type { AccountClient, AccountPage } from './account.ts'
import { german } from './languages/german.ts'
import { createPages } from './pages.ts'

const attack = `"'></title></h2></bdi><script>pwned = 1</script><img src=/leak>\u202e\u0000`

const client: AccountClient = {
  id: 'client-1',
  anchor: 'app-1',
  name: 'Laptop',
  destinations: ['app.example'],
  kind: 'https',
  access: [{ resource: { url: 'https://mcp.test/mcp', name: 'Files' }, scopes: [{ name: 'notes' }] }],
  since: 1_770_000_000,
  used_at: 1_770_000_000,
  ends_at: 1_780_000_000,
  endsForDisuse: true,
  doubted: false,
}
const data: AccountPage = {
  account: { name: 'octocat', provider: { id: 'github', label: 'GitHub' } },
  clients: [client],
  apiKeys: [],
  anotherUrl: 'https://mcp.test/account?account=choose',
  csrf: 'csrf-1',
  action: 'https://mcp.test/account',
}

async function shown(more: Partial<AccountPage> = {}, lang = 'en'): Promise<string> {
  const pages = createPages({ issuer: 'https://mcp.test', languages: [german] })
  const request = new Request('https://mcp.test/account', { headers: { 'accept-language': lang } })
  return (await pages.for(request).account({ ...data, ...more })).text()
}

describe('the account page', () => {
  it('is a list, with a heading and a button of its own for each client', async () => {
    const page = await shown({ clients: [client, { ...client, id: 'client-2', name: 'Phone' }] })
    expect(page.match(/<ul class="held" role="list">/g)).toHaveLength(1)
    for (const name of ['Laptop', 'Phone']) {
      expect(page).toContain(`<h2><bdi>${name}</bdi></h2>`)
      expect(page).toMatch(
        new RegExp(`<button[^>]*name="end"[^>]*>End access of <bdi>${name}</bdi></button>`),
      )
    }
    expect(page).toMatch(/aria-describedby="app-1-to"/)
    expect(page).toContain('id="app-1-to"')
  })

  it('lets nothing through that a client, a key or an account is called', async () => {
    const page = await shown({
      account: { name: attack, provider: { id: attack, label: attack } },
      clients: [
        {
          ...{ ...client, id: attack, name: attack, verifiedDomain: attack, destinations: [attack] },
          access: [{ resource: { url: attack, name: attack }, scopes: [{ name: attack }] }],
        },
      ],
      apiKeys: [{ id: attack, anchor: 'key-1', name: attack, hint: attack, since: 1 }],
      ...{ notice: 'stale', at: attack, csrf: attack, action: attack, anotherUrl: attack },
    })
    expect(page).not.toMatch(/<script|<img/)
    // What people read; the values of buttons go back as they came.
    expect(page.replace(/="[^"]*"/g, '')).not.toMatch(/\u202e|\0/)
  })

  it('says of a name what the consent page says', async () => {
    expect(await shown()).toContain('Not verified')
    expect(await shown({ clients: [{ ...client, listed: true }] })).toContain('Known app')
    const domain = { verifiedDomain: 'claude.ai' }
    expect(await shown({ clients: [{ ...client, ...domain }] })).toMatch(/Verified: <bdi>claude\.ai/)
    const page = await shown({ clients: [{ ...client, ...domain, kind: 'loopback' }] })
    expect(page).toMatch(/Says it is from <bdi>claude\.ai/)
    expect(page).not.toContain('badge good')
  })

  it('is in one language: that in which there are words for all scopes', async () => {
    const scoped = (description: Record<string, string>) => ({
      clients: [
        {
          ...client,
          access: [{ resource: { url: 'https://mcp.test' }, scopes: [{ name: 's', description }] }],
        },
      ],
    })
    expect(await shown(scoped({ en: 'Read', de: 'Lesen' }), 'de')).toContain('<html lang="de"')
    expect(await shown(scoped({ en: 'Read' }), 'de')).toContain('<html lang="en"')
  })

  it('marks access that somebody else may be using, and says nothing of the client’s domain', async () => {
    const page = await shown({ clients: [{ ...client, doubted: true }] })
    expect(page).toContain('Somebody else may be using this access.')
    expect(page).not.toContain('do not know this domain')
  })

  it('tells how many more there are', async () => {
    expect(await shown({ unlisted: 1234 })).toContain('More apps with access: 1,234.')
    expect(await shown()).not.toContain('More apps')
  })
})

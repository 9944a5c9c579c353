import { type Auth, resourceServer, type ScopeOptions } from '@drawbridge/core'
import type { Verifier } from '@drawbridge/core/provider'
import { mcp } from '@drawbridge/mcp'
import { signIn } from '@drawbridge/testing'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import { approve } from './endpoints/consent.fixture.ts'
import { issuer, resource, type World, world } from './world.ts'

/** `files` implies writing and, through it, reading. */
const scopes = {
  supported: {
    'files:read': 'Read your files',
    'files:write': { description: 'Add files', implies: ['files:read'] },
    files: { description: 'Change <b>all</b> your files', implies: ['files:write'] },
    mail: 'Send mail',
  },
  default: ['files:read'],
} satisfies ScopeOptions

/** The same, and nothing implies anything. */
const flat = { ...scopes, supported: Object.keys(scopes.supported) } satisfies ScopeOptions

async function login(w: World, scope: string | undefined, registration?: Record<string, unknown>) {
  const app = w.client()
  if (registration) await app.register(registration)
  const tokens = await app.login(w.browser(), { user: 'octocat', parameters: { scope } })
  return { app, tokens }
}

function asking(access_token: string | undefined): Request {
  const headers = new Headers(access_token === undefined ? {} : { authorization: `Bearer ${access_token}` })
  return new Request(resource, { method: 'POST', headers })
}

async function held(auth: Pick<Auth, 'authenticate'>, access_token: string | undefined) {
  const result = await auth.authenticate(asking(access_token))
  return result.ok ? result.auth.scopes : undefined
}

function challenged(response: Response): string | undefined {
  return /scope="([^"]*)"/.exec(response.headers.get('www-authenticate') ?? '')?.[1]
}

async function refused(auth: Pick<Auth, 'authenticate'>, token: string | undefined, need: string[]) {
  const result = await auth.authenticate(asking(token), { scopes: need })
  if (result.ok) throw new Error('let in')
  return { status: result.response.status, scope: challenged(result.response) }
}

describe('a broader scope', () => {
  it('brings the narrower ones: in the answer, in the token, and for the tool', async () => {
    const w = world({ scopes })
    const { tokens } = await login(w, 'files mail')
    expect(tokens.scope).toBe('files mail files:write files:read')
    expect(decodeJwt(tokens.access_token).scope).toBe(tokens.scope)
    expect(await held(w.auth, tokens.access_token)).toEqual(['files', 'mail', 'files:write', 'files:read'])
  })

  it('opens what needs a narrower one, and not the other way round', async () => {
    const w = world({ scopes })
    const { access_token } = (await login(w, 'files:write')).tokens
    const read = await w.auth.authenticate(asking(access_token), { scopes: ['files:read'] })
    expect(read.ok).toBe(true)
    expect(await refused(w.auth, access_token, ['files'])).toEqual({ status: 403, scope: 'files' })
  })

  it('is all that a challenge names, beside what it does not imply', async () => {
    const w = world({ scopes })
    const { access_token } = (await login(w, 'files:write mail')).tokens
    expect(await refused(w.auth, access_token, ['files'])).toEqual({ status: 403, scope: 'files mail' })
    const reader = await login(w, 'files:read')
    expect((await refused(w.auth, reader.tokens.access_token, ['mail', 'files:write'])).scope).toBe(
      'mail files:write',
    )
  })

  it('is what a 401 names, while the metadata has the names', async () => {
    const w = world({ scopes: { ...scopes, challenge: 'supported' } })
    expect(challenged(await w.call(undefined))).toBe('files mail')
    const names = Object.keys(scopes.supported)
    for (const document of ['oauth-protected-resource/mcp', 'oauth-authorization-server']) {
      const response = await w.fetch(`${issuer}/.well-known/${document}`)
      expect((await response.json()).scopes_supported).toEqual(names)
    }
    const { clock } = w
    const { access_token } = (await login(w, 'files:write')).tokens
    clock.advance(3601)
    expect(challenged(await w.call(access_token))).toBe('files mail')
  })

  it('satisfies what is required of everybody', async () => {
    const w = world({ scopes: { ...scopes, default: ['files'], required: ['files:read'] } })
    const { access_token } = (await login(w, undefined)).tokens
    expect((await w.call(access_token)).status).toBe(200)
    expect((await w.call((await login(w, 'mail')).tokens.access_token)).status).toBe(403)
  })

  it('is of one resource: another with the same names has its own rules', async () => {
    const w = world({ resources: { '/mcp': { scopes, default: true }, '/other': { scopes: flat } } })
    const { tokens } = await login(w, 'files')
    expect(tokens.scope).toBe('files files:write files:read')
    const other = w.client()
    const url = `${issuer}/other`
    await other.register()
    const parameters = { scope: 'files', resource: url }
    const pending = await other.authorize(parameters)
    const callback = await signIn(w.browser(), pending.url, { user: 'octocat' })
    const { body } = await other.exchange(pending, callback, { resource: url })
    expect(body.scope).toBe('files')
    const result = await w.auth
      .at('/other' as '/mcp')
      .authenticate(new Request(url, { headers: { authorization: `Bearer ${body.access_token}` } }))
    expect(result.ok && result.auth.scopes).toEqual(['files'])
  })
})

describe('a refresh', () => {
  it('may be for what is implied, for that access token only', async () => {
    const w = world({ scopes })
    const { app, tokens } = await login(w, 'files')
    const narrow = await app.refresh(tokens.refresh_token, { scope: 'files:read' })
    expect(narrow.body.scope).toBe('files:read')
    expect(await held(w.auth, narrow.body.access_token)).toEqual(['files:read'])
    const write = await app.refresh(narrow.body.refresh_token, { scope: 'files:write' })
    expect(write.body.scope).toBe('files:write files:read')
    const all = await app.refresh(write.body.refresh_token)
    expect(all.body.scope).toBe('files files:write files:read')
    expect(await held(w.auth, all.body.access_token)).toEqual(['files', 'files:write', 'files:read'])
  })

  it('is never for more', async () => {
    const { app, tokens } = await login(world({ scopes }), 'files:write')
    for (const scope of ['files', 'files:read mail']) {
      expect((await app.refresh(tokens.refresh_token, { scope })).body.error).toBe('invalid_scope')
    }
    expect((await app.refresh(tokens.refresh_token)).status).toBe(200)
  })
})

describe('a change of what implies what', () => {
  it('takes a narrower scope from those who only had it through the broader one, at once', async () => {
    const w = world({ scopes })
    const { app, tokens } = await login(w, 'files files:read')
    const narrow = await app.refresh(tokens.refresh_token, { scope: 'files:read' })
    const changed = w.instance({ scopes: flat })
    expect(await held(changed, tokens.access_token)).toEqual(['files'])
    expect(await held(changed, narrow.body.access_token)).toEqual([])
    expect(await held(w.auth, narrow.body.access_token)).toEqual(['files:read'])
  })

  it('gives one to those who have the broader one, at once and when they refresh', async () => {
    const w = world({ scopes: flat })
    const { app, tokens } = await login(w, 'files')
    expect(tokens.scope).toBe('files')
    const changed = w.instance({ scopes })
    expect(await held(changed, tokens.access_token)).toEqual(['files', 'files:write', 'files:read'])
    const { token_endpoint } = (await app.discover()).server
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, scope: 'files:read' }
    const body = new URLSearchParams({ ...form, client_id: app.credentials?.client_id ?? '' })
    const answer = await changed.handle(new Request(token_endpoint, { method: 'POST', body }))
    expect(await answer?.json()).toMatchObject({ scope: 'files:read' })
  })
})

describe('the consent page', () => {
  async function consent(w: World, scope: string) {
    const app = w.client()
    await app.register()
    return w.browser().open((await app.authorize({ scope })).url)
  }

  it("has the operator's words, escaped, and does not ask for what is implied", async () => {
    const page = await consent(world({ scopes }), 'files:read files mail files:write')
    expect(approve(page)).toBeDefined()
    expect(page.text).toContain('Change <b>all</b> your files')
    expect(page.text).toContain('Send mail')
    expect(page.text).not.toContain('Read your files')
    expect(page.text).not.toContain('Add files')
    expect(page.text).toMatch(/Scopes files mail\b/)
    expect(page.body).toContain('Change &lt;b&gt;all')
  })

  it("has the provider's words for the provider's scopes, unless the operator has some", async () => {
    const names = ['read:user', 'gist', 'user:email', 'workflow']
    const supported = { 'read:user': '', gist: 'Keep notes in gists', 'user:email': {}, workflow: 'w' }
    const messages = { scopes: { 'user:email': 'Deine E-Mail-Adressen sehen', workflow: 'Abläufe ändern' } }
    const page = await consent(world({ scopes: { supported }, messages }), names.join(' '))
    for (const words of [
      'Read your profile on GitHub',
      'Keep notes in gists',
      'Deine E-Mail-Adressen sehen',
      'Abläufe ändern',
    ]) {
      expect(page.text).toContain(words)
    }
  })

  it("has none of the provider's words where the operator's mapping asks the provider for something else", async () => {
    const supported = { gist: { upstream: ['repo'] }, workflow: { upstream: ['workflow', 'gist'] } }
    const page = await consent(world({ scopes: { supported } }), 'gist workflow')
    expect(page.text).not.toContain('Create and change your gists on GitHub')
    expect(page.text).toContain('Change workflow files')
  })
})

describe('a registered scope', () => {
  it('that is broader allows what it implies, and no more', async () => {
    const w = world({ scopes: { ...scopes, default: ['mail'] } })
    const files = { scope: 'files' }
    expect((await login(w, 'files:read', files)).tokens.scope).toBe('files:read')
    expect((await login(w, 'files:write mail', files)).tokens.scope).toBe('files:write files:read')
  })

  it('that is narrower leaves of a broader one that part', async () => {
    const w = world({ scopes: { ...scopes, default: ['mail'] } })
    expect((await login(w, 'files', { scope: 'files:read' })).tokens.scope).toBe('files:read')
    expect((await login(w, 'files mail', { scope: 'files:write' })).tokens.scope).toBe(
      'files:write files:read',
    )
  })

  it('that implies all of the challenge only repeats it', async () => {
    const w = world({ scopes })
    expect((await login(w, 'files mail', { scope: 'files:write' })).tokens.scope).toBe(
      'files mail files:write files:read',
    )
  })
})

describe('tools', () => {
  it('are listed and called with a scope that implies theirs', async () => {
    const w = world({ scopes })
    const server = mcp({
      auth: w.auth,
      responses: 'json',
      require: {
        tools: { look: ['files:read'], wipe: ['files', 'files:read'], post: ['mail'] },
        lists: 'allowed',
      },
      server: () => {
        const made = new McpServer({ name: 'files', version: '1.0.0' })
        for (const tool of ['look', 'wipe', 'post']) {
          made.registerTool(tool, {}, () => ({ content: [{ type: 'text', text: 'done' }] }))
        }
        return made
      },
    })
    const { access_token } = (await login(w, 'files:write')).tokens
    const send = (method: string, params: object = {}) =>
      server.fetch(
        new Request(resource, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${access_token}`,
            'content-type': 'application/json',
            accept: 'application/json, text/event-stream',
          },
          body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
        }),
      )
    const { result } = await (await send('tools/list')).json()
    expect(result.tools.map(({ name }: { name: string }) => name)).toEqual(['look'])
    expect((await (await send('tools/call', { name: 'look' })).json()).result.content[0].text).toBe('done')
    const wipe = await send('tools/call', { name: 'wipe' })
    expect([wipe.status, challenged(wipe)]).toEqual([403, 'files'])
    expect(challenged(await send('tools/call', { name: 'post' }))).toBe('mail files:write')
    await server.close()
  })
})

describe('resourceServer()', () => {
  const token = (held: string[]) => ({
    status: 'valid' as const,
    token: {
      subject: 'ada',
      clientId: 'c',
      scopes: held,
      expiresAt: 9e9,
      issuer: 'https://login.test',
      user: 0,
    },
  })
  const protect = (verify: Verifier['verify']) =>
    resourceServer({ resource, authorizationServers: ['https://login.test'], verifier: { verify }, scopes })

  it('expands what a token names', async () => {
    const auth = protect(async () => token(['files:write']))
    expect(await held(auth, 't')).toEqual(['files:write', 'files:read'])
    expect(await refused(auth, 't', ['files', 'mail'])).toEqual({ status: 403, scope: 'files mail' })
  })

  it('lets a stream go on while what was held is implied, and no longer', async () => {
    let now = ['files:write']
    const auth = protect(async () => token(now))
    const result = await auth.authenticate(asking('t'))
    if (!result.ok) throw new Error('refused')
    now = ['files']
    expect(await auth.revalidate(result.auth)).toBe(true)
    now = ['files:read']
    expect(await auth.revalidate(result.auth)).toBe(false)
  })
})

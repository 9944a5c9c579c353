import { globSync, readFileSync } from 'node:fs'
import { memory, type Storage } from '@drawbridge/core'
import { apiKeys } from '@drawbridge/core/api-keys'
import type { Clock } from '@drawbridge/core/storage'
import { type Browser, chooseButton, type Page } from '@drawbridge/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { keyRing } from '../../../packages/core/src/crypto/key-ring.ts'
import { sealer } from '../../../packages/core/src/crypto/sealing.ts'
import { clientKey, signsWith } from './client-keys.ts'
import { published } from './published.ts'
import { issuer, secret, type World, world } from './world.ts'

const core = new URL('../../../packages/core/src/', import.meta.url)
const page = readFileSync(new URL('../../../docs/storage-schema.md', import.meta.url), 'utf8')

/** The members that the page has, by kind of key. A candidate has those of a client. */
const documented = new Map(
  page.split(/^## /m).flatMap((section) => {
    const [, key] = /^`([^`]+)`/.exec(section) ?? []
    const members = [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, member = '']) => member)
    return key === undefined ? [] : [[key, members] as const]
  }),
)

/** As the page writes a key: its kind, and a name for each further part. */
const shapes: Record<string, string> = {
  server: 'server/keys',
  client: 'client/<client_id>',
  'client-candidate': 'client-candidate/<slot>',
  transaction: 'transaction/<slot>',
  grant: 'grant/<owner>/<id>',
  connection: 'connection/<owner>/<id>',
  lease: 'lease/<owner>/<id>',
  assertion: 'assertion/<hash>',
  'let-in': 'let-in/<hash>',
  'request-count': 'request-count/<slot>',
  'step-up': 'step-up/<owner>/<id>',
  session: 'session/<owner>/<hash>',
  'api-key': 'api-key/<owner>/<slot>',
}

/** `a.b`, `a[]`, `a[].b` for each member that holds something else than members. */
function membersOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value))
    return value.length === 0 ? [] : value.flatMap((each) => membersOf(each, `${path}[]`))
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([name, member]) =>
    membersOf(member, path === '' ? name : `${path}.${name}`),
  )
}

const isCovered = (member: string, listed: readonly string[]) =>
  listed.some((each) => (each.endsWith('.*') ? member.startsWith(each.slice(0, -1)) : each === member))

/** Consent that is remembered, for one who signs in and for one who does not; and a sign-in for a page of ours. */
async function rememberedLives(w: World): Promise<void> {
  const redirectUri = 'https://app.test/callback'
  const web = w.client({ redirectUri })
  await web.register({ redirect_uris: [redirectUri] })
  const person = w.browser()
  for (const user of ['octocat', 'octocat', 'hubot']) {
    w.clock.advance(60)
    await web.login(person, { user, parameters: { prompt: 'select_account' } })
  }
  w.clock.advance(60)
  await web.login(person, { user: 'hubot', parameters: { prompt: 'consent' } })
  const account = w.browser()
  const signedOut = await account.open(`${issuer}/account`)
  await press(account, await press(account, signedOut), 'octocat')
}

async function press(person: Browser, page: Page, user?: string): Promise<Page> {
  const button = chooseButton(page, { user })
  if (!button) throw new Error(`nothing to press on ${page.text}`)
  return person.submit(page, button)
}

describe('what a server writes in a life with everything in it', () => {
  const written = new Map<string, Set<string>>()
  const envelopes = new Set<string>()

  beforeAll(async () => {
    const { open } = sealer(keyRing(secret))
    // Of the world that is made with it.
    const clock: Clock = { now: () => w.clock.now(), sleep: (milliseconds) => w.clock.sleep(milliseconds) }
    const inner = memory({ clock })
    const storage: Storage = {
      ...inner,
      put(key, value, options) {
        const envelope = JSON.parse(open(key, value))
        for (const name of Object.keys(envelope)) envelopes.add(name)
        const [kind = '', ...parts] = key.split('/')
        const shape = shapes[kind]?.split('/').length === parts.length + 1 ? (shapes[kind] ?? key) : key
        const members = written.get(shape) ?? new Set()
        written.set(shape, members)
        for (const member of membersOf(envelope.v)) members.add(member)
        return inner.put(key, value, options)
      },
    }
    const web = published()
    const client_id = 'https://app.test/client.json'
    web.put(client_id, { client_id, redirect_uris: ['http://127.0.0.1/callback'] })
    const w = world({
      storage,
      egress: web.egress,
      limits: { key: () => 'everybody', requests: { token: 2 } },
      scopes: { supported: ['a', 'b'], default: ['a'], stepUp: 'refuse-refresh' },
      consent: 'remember',
    })
    const app = w.client()
    const { refresh_token, access_token } = await app.login(w.browser(), { user: 'octocat' })
    const headers = { authorization: `Bearer ${access_token}` }
    await w.auth.authenticate(new Request(w.auth.resource, { headers }), { scopes: ['b'] })
    w.clock.advance(25 * 3600)
    const { body } = await app.refresh(refresh_token)
    expect(body.access_token).toBeTypeOf('string')
    const ownKey = await clientKey()
    const signing = w.client()
    const { body: registered } = await signing.register({
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      jwks: { keys: [ownKey.jwk] },
    })
    signsWith(signing, registered.client_id ?? '', ownKey, w.clock)
    await signing.login(w.browser(), { user: 'octocat' })
    const { client_id: made } = (await w.auth.clients.create({ redirect_uris: ['http://127.0.0.1/cb'] }))
      .client
    await w.auth.clients.rotateSecret(made, { keepOld: 60 })
    w.clock.advance(60)
    await w.client({ credentials: { client_id } }).login(w.browser(), { user: 'octocat' })
    const { clients } = await w.auth.clients.list()
    for (const { client_id } of clients) await w.auth.clients.delete(client_id)
    const before = Math.floor(w.clock.now() / 1000)
    await w.auth.grants.endAll({ client_id: 'https://app.test/client.json', provider: 'github', before })
    const keys = apiKeys<{ login: string }>({ storage, secret, clock, log: false })
    const about = { subject: 'github|1001', resource: w.auth.resource, name: 'CI', scopes: ['a'] }
    const { key: apiKey } = await keys.create({ ...about, user: { login: 'octocat' } })
    await keys.verify(apiKey, { resource: w.auth.resource })
    const [key] = await w.auth.signingKeys.list()
    await w.auth.signingKeys.revoke(key?.kid ?? '')
    await w.client().login(w.browser(), { user: 'octocat' })
    await rememberedLives(w)
  })

  it('is on the page, member by member', () => {
    const missing = [...written].flatMap(([key, members]) => {
      const listed = documented.get(key === 'client-candidate/<slot>' ? 'client/<client_id>' : key) ?? []
      const unknown = [...members].filter((member) => !isCovered(member, listed))
      return documented.has(key) ? unknown.map((member) => `${key}: ${member}`) : [key]
    })
    expect(missing, 'what docs/storage-schema.md lacks').toEqual([])
    expect([...envelopes].sort()).toEqual(['exp', 'schema', 'v'])
  })

  it('has what remembered consent and sign-in sessions need among it', () => {
    const kept: Record<string, readonly string[]> = {
      'transaction/<slot>': [
        ...['asks_consent', 'page', 'prompt', 'approval.prompt', 'approval.subject', 'approval.consent'],
        ...['other_account.binding', 'other_account.spent_code', 'other_account.session', 'outcome.session'],
      ],
      'grant/<owner>/<id>': ['consented[]'],
      'session/<owner>/<hash>': documented.get('session/<owner>/<hash>') ?? [],
    }
    for (const [key, members] of Object.entries(kept)) {
      expect([...(written.get(key) ?? [])]).toEqual(expect.arrayContaining([...members]))
    }
  })

  it('has every kind of key that is on the page', () => {
    expect([...documented.keys()].filter((key) => !written.has(key))).toEqual([])
  })
})

it('has no member on the page that no type has', () => {
  const sources = [...globSync('records/*.ts', { cwd: core }), 'crypto/signing-keys.ts']
  const types = sources.map((path) => readFileSync(new URL(path, core), 'utf8')).join('\n')
  const names = [...documented.values()]
    .flat()
    .flatMap((member) => member.replace('.*', '').replaceAll('[]', '').split('.'))
  expect(names.length).toBeGreaterThan(80)
  const gone = [...new Set(names)].filter((name) => !new RegExp(`\\b${name}\\??:`).test(types))
  expect(gone, 'what docs/storage-schema.md still has').toEqual([])
})

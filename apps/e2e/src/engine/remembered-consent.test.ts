import { memory } from '@drawbridge/core'
import { type Page, signIn } from '@drawbridge/testing'
import { expect, it } from 'vitest'
import { letIn } from '../endpoints/remembered.fixture.ts'
import { ticking } from '../endpoints/sign-in.fixture.ts'
import { issuer } from '../world.ts'

type LetIn = Awaited<ReturnType<typeof letIn>>

const subject = 'github|1001'
const client_id = ({ app }: LetIn) => app.credentials?.client_id ?? ''

/** A new sign-in session, by way of another client. */
async function signInAgain({ client, person }: Pick<LetIn, 'client' | 'person'>): Promise<void> {
  await client().login(person, { user: 'octocat' })
}

async function press(person: LetIn['person'], page: Page, value: string): Promise<Page> {
  const button = page.forms.flatMap(({ buttons }) => buttons).find((one) => one.value === value)
  if (!button) throw new Error(`no ${value} on ${page.text}`)
  return person.submit(page, button)
}

it.each<[string, (w: LetIn) => Promise<unknown>]>([
  [
    'grants.revoke()',
    async ({ auth }) => {
      for (const { id } of await auth.grants.list(subject)) await auth.grants.revoke(id)
    },
  ],
  ['grants.revokeAll()', ({ auth }) => auth.grants.revokeAll(subject)],
  ['a mass ending of the client', (w) => w.auth.grants.endAll({ client_id: client_id(w) })],
  ['a mass ending of the provider', ({ auth }) => auth.grants.endAll({ provider: 'github' })],
  ['a mass ending of everything', ({ auth }) => auth.grants.endAll({ everything: true })],
  ['/revoke', ({ app, tokens }) => app.revoke(tokens.refresh_token)],
  ['the account page', async (w) => press(w.person, await w.person.open(`${issuer}/account`), client_id(w))],
  ['the removal of the client', (w) => w.auth.clients.delete(client_id(w))],
  ['the time that access lasts unused', async ({ clock }) => clock.advance(3601)],
])('is ended by %s', async (_, end) => {
  const w = await letIn({ lifetimes: { idle: 3600 } })
  await signInAgain(w)
  expect(await w.next()).toBe('not asked')
  await end(w)
  await signInAgain(w)
  expect(await w.next()).not.toBe('not asked')
})

it('is ended by a mass ending at once, before its walk comes to the grant', async () => {
  const inner = memory()
  const w = await letIn({
    storage: {
      ...inner,
      list: (prefix, options) =>
        prefix === 'grant/' ? Promise.reject(new Error('out')) : inner.list(prefix, options),
    },
  })
  const ending = w.auth.grants.endAll({ client_id: client_id(w) }).catch(() => {})
  await ticking(w, ending)
  expect(await w.next()).toBe('asked')
})

it('is ended by the absolute end of the access, however often that is used', async () => {
  const w = await letIn({ lifetimes: { absolute: 7200, idle: 7200 } })
  let { refresh_token } = w.tokens
  for (let hour = 0; hour < 2; hour++) {
    expect(await w.next()).toBe('not asked')
    w.clock.advance(3600)
    const { body } = await w.app.refresh(refresh_token)
    refresh_token = body.refresh_token ?? refresh_token
  }
  expect(await w.next()).toBe('asked')
})

/** Who has said yes, and whose code the client has. */
async function withCode(w: LetIn) {
  for (const { id } of await w.auth.grants.list(subject)) await w.auth.grants.revoke(id)
  const pending = await w.app.authorize()
  return { pending, callback: await signIn(w.person, pending.url, { user: 'octocat' }) }
}

it('begins when the code is redeemed', async () => {
  const w = await letIn()
  const { pending, callback } = await withCode(w)
  expect(await w.next()).toBe('asked')
  await w.app.exchange(pending, callback)
  expect(await w.next()).toBe('not asked')
})

it('is none while there is doubt who holds the access', async () => {
  const w = await letIn()
  const { pending, callback } = await withCode(w)
  await w.app.exchange(pending, callback)
  await w.app.exchange(pending, callback)
  expect(w.events.map(({ type }) => type)).toContain('grant.doubted')
  expect(await w.auth.grants.list(subject)).toHaveLength(1)
  expect(await w.next()).toBe('asked')
})

it('is not carried on by access for which nobody was asked', async () => {
  const { app, auth, next, person } = await letIn()
  const [asked] = await auth.grants.list(subject)
  await app.login(person, { user: 'octocat' })
  expect(await next()).toBe('not asked')
  await auth.grants.revoke(asked?.id ?? '')
  expect(await auth.grants.list(subject)).toHaveLength(1)
  expect(await next()).toBe('asked')
})

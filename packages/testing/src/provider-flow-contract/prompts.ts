import assert from 'node:assert/strict'
import type { OAuthProvider } from '@drawbridge/core/provider'
import type { Browser, Page } from '../driver/browser.ts'
import type { OAuthClient, PendingAuthorization } from '../driver/oauth-client.ts'
import { chooseButton, signIn } from '../driver/sign-in.ts'
import { assertRefused, assertUnharmed, assertWorks, type FlowCase, flowCase } from './case.ts'
import { type Claims, forging } from './id-tokens.ts'
import { ISSUER, type World } from './world.ts'

type Prompt = NonNullable<OAuthProvider['prompts']>[number]

/** Of a client whose consent is remembered. */
const HTTPS = 'https://client.contract.test/callback'

export const promptCases: readonly FlowCase[] = [
  flowCase(
    'prompt: who would choose an account on our page chooses it there, where the provider can',
    async (world) => {
      const { person, pending, page } = await asked(world)
      const isOffered = /name="account"/.test(page.body)
      assert.equal(
        isOffered,
        does(world, 'select_account'),
        'whether a choice of accounts is offered on our page',
      )
      const button = chooseButton(page)
      assert.ok(button, `there is nothing to agree to on ${page.url}`)
      const there = await person.submit(page, button, { account: 'choose' }, { until: elsewhere })
      const plainly = await sentTo(world)
      if (isOffered)
        assert.notDeepEqual(
          shown(there),
          plainly,
          'the provider does not hear that an account is to be chosen',
        )
      else assert.deepEqual(shown(there), plainly, 'the provider hears what it does not list')
      const back = await arrived(person, there, world.flow.people.member, pending)
      assert.ok(back.searchParams.get('code'), 'who chose their account has no code')
    },
  ),

  flowCase(
    "prompt: a client's select_account is passed on to a provider that lists it, and to no other",
    async (world) => {
      const plainly = await sentTo(world)
      const choosing = await sentTo(world, 'select_account')
      if (does(world, 'select_account')) assert.notDeepEqual(choosing, plainly, 'it is listed and not sent')
      else assert.deepEqual(choosing, plainly, 'it is sent and not listed')
    },
  ),

  flowCase('prompt: login is passed on, or the client hears at once that it cannot be', async (world) => {
    const { page, pending } = await asked(world, 'login')
    if (!does(world, 'login')) return assertRefused(leftFor(page), pending, 'login_required')
    assert.notDeepEqual(await sentTo(world, 'login'), await sentTo(world), 'it is listed and not sent')
    return undefined
  }),

  ...Object.entries({
    'when somebody signed in long before': { auth_time: 1 },
    'no time': { auth_time: undefined },
  }).map(([what, claims]) =>
    flowCase(
      `prompt: login lets nobody in by an id_token that says ${what}`,
      async (world) => {
        if (!does(world, 'login')) return
        world.between.fault = forging({ change: saying(claims) })
        const begun = await world.begin(undefined, { prompt: 'login' })
        const back = await world.arrive(begun, world.flow.people.member)
        assertRefused(back, begun.pending, 'login_required')
        assert.deepEqual(
          world.told('login.denied').map(({ reason }) => reason),
          ['not_signed_in_again'],
        )
        await assertNothingStays(world)
      },
      'id_token',
    ),
  ),

  flowCase('prompt: login lets in who signed in anew', async (world) => {
    if (!does(world, 'login')) return
    world.clock.advance(3600)
    const begun = await world.begin(undefined, { prompt: 'login' })
    const back = await world.arrive(begun, world.flow.people.member)
    assert.ok(back.searchParams.get('code'), `the client was told ${back.searchParams.get('error')}`)
  }),

  flowCase(
    'prompt: none goes on without a page of ours, or the client hears that it cannot',
    async (world) => {
      const { person, client } = await remembered(world)
      const pending = await client.authorize({ scope: world.flow.scopes.first, prompt: 'none' })
      const page = await person.open(pending.url, { until: elsewhere })
      if (!does(world, 'none')) {
        const hears = page.leftFor?.searchParams.get('error') ?? page.body
        assert.match(hears, /login_required/, 'the client hears nothing of it')
        assert.ok(
          page.leftFor === undefined || page.leftFor.href.startsWith(HTTPS),
          'the person was sent there',
        )
        return
      }
      assert.notDeepEqual(shown(page), await sentTo(world), 'it is listed and not sent')
      const callback = new URL(leftFor(page).searchParams.get('redirect_uri') ?? '')
      const state = leftFor(page).searchParams.get('state') ?? ''
      callback.search = String(new URLSearchParams({ error: 'login_required', state }))
      const back = await person.open(callback, { until: elsewhere })
      assertRefused(leftFor(back), pending, 'login_required')
      assert.deepEqual(world.told('login.failed'), [], 'that somebody has to be asked is no failure')
    },
  ),

  flowCase('account page: a sign-in there ends in a session, and leaves nothing else', async (world) => {
    const { flow, between } = world
    const before = await world.install(flow.people.member)
    const connections = await world.kept('connection/')
    const sessions = world.told('session.began').length
    const { person, page } = await atAccountPage(world, flow.people.member)
    assert.equal(page.status, 200, `the account page: ${page.status} ${page.text.slice(0, 200)}`)
    assert.equal(page.url, `${ISSUER}/account`)
    assert.equal(world.told('session.began').length, sessions + 1, 'there is no session')
    assert.equal(world.told('grant.created').length, 1, 'a grant came of it')
    assert.deepEqual(await world.kept('connection/'), connections, 'a connection came of it')
    const token = String(between.granted.at(-1)?.access_token)
    const stays = flow.provider.revocation !== 'token'
    assert.equal(await flow.works(token), stays, 'whether what came of it works at the provider')
    assertWorks(await world.tool(before), 'the client from before')
    await assertUnharmed(world, before, 'the client from before')
    const again = await person.open(`${ISSUER}/account`)
    assert.equal(again.status, 200)
  }),
]

function saying(changed: Claims) {
  return (claims: Claims): Claims => ({ ...claims, ...changed })
}

function does({ flow }: World, prompt: Prompt): boolean {
  return flow.provider.prompts?.includes(prompt) ?? false
}

function elsewhere(url: URL): boolean {
  return url.origin !== ISSUER
}

function leftFor(page: Page): URL {
  assert.ok(page.leftFor, `nobody was sent on from ${page.url} (${page.status}): ${page.text.slice(0, 200)}`)
  return page.leftFor
}

interface Asked {
  person: Browser
  client: OAuthClient
  pending: PendingAuthorization
  page: Page
}

/** A new client sends somebody here. */
async function asked(world: World, prompt?: Prompt): Promise<Asked> {
  const client = world.client()
  await client.register()
  const pending = await client.authorize({ scope: world.flow.scopes.first, prompt })
  const person = world.browser()
  return { person, client, pending, page: await person.open(pending.url, { until: elsewhere }) }
}

/** What a provider is sent of somebody who agreed, but for what is new each time. */
async function sentTo(world: World, prompt?: Prompt): Promise<object> {
  const { page } = await world.begin(undefined, { prompt })
  return shown(page)
}

function shown(page: Page): object {
  const { state, nonce, code_challenge, ...rest } = Object.fromEntries(leftFor(page).searchParams)
  return rest
}

function arrived(
  person: Browser,
  page: Page,
  user: string,
  { redirect_uri }: PendingAuthorization,
): Promise<URL> {
  return signIn(person, leftFor(page), { user, redirectUri: redirect_uri })
}

/** Somebody let a client in that is answered on the web, and is signed in here since. */
async function remembered(world: World): Promise<{ person: Browser; client: OAuthClient }> {
  const client = world.client({ redirectUri: HTTPS })
  const person = world.browser()
  const parameters = { scope: world.flow.scopes.first }
  await client.login(person, { user: world.flow.people.member, parameters })
  return { person, client }
}

async function atAccountPage(world: World, user: string): Promise<{ person: Browser; page: Page }> {
  const person = world.browser()
  let page = await person.open(`${ISSUER}/account`)
  for (let pages = 0; pages < 5; pages++) {
    const button = chooseButton(page, { user, provider: world.flow.provider.id })
    assert.ok(button, `there is nothing to press on ${page.url}: ${page.text.slice(0, 200)}`)
    page = await person.submit(page, button)
    if (page.url === `${ISSUER}/account`) break
  }
  return { person, page }
}

async function assertNothingStays({ flow, between, told, kept }: World): Promise<void> {
  assert.equal(told('grant.created').length, 0, 'there was a grant')
  assert.deepEqual(await kept('connection/'), [], 'a connection came of it')
  const token = String(between.granted.at(-1)?.access_token)
  const stays = flow.provider.revocation !== 'token'
  assert.equal(await flow.works(token), stays, 'whether what came of it works at the provider')
}

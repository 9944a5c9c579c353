import assert from 'node:assert/strict'
import { assertRefused, assertWorks, type FlowCase, flowCase } from './case.ts'
import { marker, saying } from './faults.ts'
import type { World } from './world.ts'

/** What it says at the callback (RFC 6749 4.1.2.1), and what the client is told. */
const atCallback: Readonly<Record<string, string>> = {
  access_denied: 'access_denied',
  temporarily_unavailable: 'temporarily_unavailable',
  server_error: 'server_error',
  invalid_scope: 'server_error',
  login_required: 'server_error',
  words_of_its_own: 'server_error',
}

/** What it says at the token endpoint (RFC 6749 5.2), and what the client and the operator are told. */
const atTokenEndpoint: Readonly<Record<string, readonly [error: string, reason: string]>> = {
  invalid_grant: ['server_error', 'code_refused'],
  invalid_client: ['server_error', 'misconfigured'],
  words_of_its_own: ['server_error', 'misconfigured'],
  temporarily_unavailable: ['temporarily_unavailable', 'unavailable'],
  server_error: ['temporarily_unavailable', 'unavailable'],
}

export const providerErrorCases: readonly FlowCase[] = [
  ...Object.entries(atCallback).map(([error, becomes]) =>
    flowCase(`provider error at the callback: ${error}`, async (world) => {
      const begun = await world.begin()
      const sent = begun.page.leftFor?.searchParams
      const callback = new URL(sent?.get('redirect_uri') ?? '')
      const parameters = { error, error_description: marker, state: sent?.get('state') ?? '' }
      callback.search = new URLSearchParams(parameters).toString()
      const until = (url: URL) => url.href.startsWith(begun.pending.redirect_uri)
      const page = await begun.browser.open(callback, { until })
      assert.ok(page.leftFor, `the client hears nothing: ${page.status} ${page.text.slice(0, 200)}`)
      assertRefused(page.leftFor, begun.pending, becomes)
      await assertNothingCameOfIt(world)
    }),
  ),

  ...Object.entries(atTokenEndpoint).map(([error, [becomes, reason]]) =>
    flowCase(`provider error for the code: ${error}`, async (world) => {
      const begun = await world.begin()
      world.between.fault = saying('code', error)
      assertRefused(await world.arrive(begun, world.flow.people.member), begun.pending, becomes)
      assert.deepEqual(
        world.told('login.failed').map((event) => event.reason),
        [reason],
        'what the operator is told',
      )
      world.between.fault = undefined
      await assertNothingCameOfIt(world)
    }),
  ),
]

async function assertNothingCameOfIt(world: World): Promise<void> {
  assert.equal(world.told('grant.created').length, 0, 'there was a grant')
  assertWorks(await world.tool(await world.install(world.flow.people.member)), 'the next try')
}

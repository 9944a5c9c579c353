import assert from 'node:assert/strict'
import type { Answer, ErrorBody, PendingAuthorization } from '../driver/oauth-client.ts'
import { marker } from './faults.ts'
import type { FlowFeature, OpenFlow } from './flow.ts'
import { type Installation, ISSUER, type Tamper, type ToolSees, type World, worldOf } from './world.ts'

/** A named part of the contract. Framework-agnostic: `run` rejects with an `AssertionError` when a provider breaks it. */
export interface FlowCase {
  name: string
  needs: readonly FlowFeature[]
  run(open: OpenFlow): Promise<void>
}

/** After each case, nothing may have left the server that is the provider's, and no event may have a token. */
export function flowCase(
  name: string,
  body: (world: World) => Promise<void>,
  ...needs: readonly FlowFeature[]
): FlowCase & { run(open: OpenFlow, tamper?: Tamper): Promise<void> } {
  return {
    name,
    needs,
    async run(open, tamper?: Tamper) {
      const world = await worldOf(open, { tamper, hasPermit: needs.includes('permit') })
      try {
        await body(world)
        assertNothingLeaks(world)
      } finally {
        await world.flow.dispose?.()
      }
    },
  }
}

function assertNothingLeaks({ answers, events, between, given }: World): void {
  for (const answer of answers) {
    assert.ok(!answer.includes(marker), `an answer has the provider's words in it: ${answer.slice(0, 300)}`)
    for (const secret of between.secrets) {
      assert.ok(
        !answer.includes(secret),
        `an answer has a token of the provider's in it: ${answer.slice(0, 100)}`,
      )
    }
  }
  for (const event of events) {
    const text = JSON.stringify(event)
    for (const secret of [...between.secrets, ...given]) {
      assert.ok(!text.includes(secret), `the event ${event.type} has a token in it`)
    }
  }
}

/** What only somebody can say who has such a person. */
export function needed<T>(value: T | undefined, name: string, feature: FlowFeature): T {
  assert.ok(value !== undefined, `open with \`${name}\`, or pass { without: ['${feature}'] }`)
  return value
}

/** A login that came to nothing, as its client sees it (RFC 6749 4.1.2.1, RFC 9207). */
export function assertRefused(back: URL, pending: PendingAuthorization, ...errors: readonly string[]): void {
  const { code, error, state, iss } = Object.fromEntries(back.searchParams)
  assert.equal(code, undefined, 'a login that should come to nothing brought a code')
  assert.ok(errors.includes(String(error)), `the client was told ${error}, and not ${errors.join(' or ')}`)
  assert.equal(state, pending.state, 'the state')
  assert.equal(iss, ISSUER, 'iss')
}

/** The session is over, and the client is told so that it signs its user in again (RFC 6749 5.2). */
export function assertOver(answer: Answer<ErrorBody>, why: string): void {
  assert.equal(answer.status, 400, `${why}: the refresh was answered with ${answer.status} ${answer.text}`)
  assert.equal(answer.body.error, 'invalid_grant', why)
}

/** Nothing is over: the client tries again later with what it has. */
export function assertLater(answer: Answer<ErrorBody>, why: string): void {
  assert.equal(answer.status, 503, `${why}: the refresh was answered with ${answer.status} ${answer.text}`)
  assert.equal(answer.body.error, 'temporarily_unavailable', why)
  assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/, `${why}: Retry-After`)
}

export function assertRenewed(answer: Answer<ErrorBody>, why: string): void {
  assert.equal(answer.status, 200, `${why}: the refresh was answered with ${answer.status} ${answer.text}`)
}

/** A tool has a token of the provider's that the provider takes. */
export function assertWorks(seen: ToolSees, why: string): asserts seen is ToolSees & { is: 'token' } {
  const answer = seen.is === 'turned away' ? ` with ${seen.answer.status} ${seen.answer.text}` : ''
  assert.equal(seen.is, 'token', `${why}: ${seen.is}${answer}`)
  assert.ok(seen.is === 'token' && seen.works, `${why}: the provider does not take its token`)
}

/** Everything is as if nothing had been. */
export async function assertUnharmed(world: World, installation: Installation, why: string): Promise<void> {
  assertRenewed(await world.refresh(installation), why)
  assertWorks(await world.tool(installation), why)
}

export async function assertSignedOut(world: World, installation: Installation): Promise<void> {
  const { status, text } = await installation.client.revoke(installation.tokens.refresh_token)
  assert.equal(status, 200, `the revocation was answered with ${status} ${text}`)
  assert.equal(await world.isLetIn(installation), false, 'its access token is let in after its sign-out')
}

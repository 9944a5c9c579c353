import assert from 'node:assert/strict'
import type { Post } from '@drawbridge/core/provider'
import {
  assertNoSecrets,
  assertSecure,
  endpointsOf,
  type OpenedProvider,
  type ProviderCase,
  providerCase,
  type SignedIn,
} from './case.ts'
import { outages } from './outages.ts'

/**
 * For a provider with `exchange`. The suite itself is at the other end and takes whatever it is asked: none of this says
 * that a real provider knows the grant type.
 */
export const furtherTokenCases: readonly ProviderCase[] = [
  providerCase('another token is asked for with its scopes, and not in a URL', async (opened) => {
    if (!opened.provider.exchange) return
    const signedIn = await opened.signIn('member')
    const before = structuredClone(signedIn.tokens)
    const { default: ours, supported = [], toUpstream = same } = opened.provider.scopes
    const scopes = toUpstream([...new Set([...ours, ...supported])])
    const posted: { url: string; values: string }[] = []
    const response = await exchange(opened, signedIn, scopes, async (url, parameters) => {
      posted.push({ url, values: Object.values(parameters).join(' ') })
      return Response.json({ access_token: 'another', token_type: 'Bearer' })
    })
    assert.ok(posted.length > 0, 'it must ask through `post`, which says who we are')
    for (const { url } of posted) {
      assertSecure(url, 'what `exchange` asks')
      assertNoSecrets(url, signedIn)
    }
    const sent = posted.flatMap(({ values }) => values.split(/[\s,]+/))
    for (const scope of scopes) assert.ok(sent.includes(scope), `the scope "${scope}" is not sent`)
    assert.equal(response.status, 200)
    const body: unknown = await response.json()
    assert.ok(body && typeof body === 'object' && 'access_token' in body, 'the answer is for core to read')
    assert.deepEqual(signedIn.tokens, before, 'what it was given must stay as it was')
  }),

  providerCase('another token that is refused stays refused', async (opened) => {
    const { provider } = opened
    if (!provider.exchange) return
    const refusal = async () => Response.json({ error: 'invalid_grant' }, { status: 400 })
    const answer = await exchange(opened, await opened.signIn('member'), provider.scopes.default, refusal)
    const response = (await provider.conform?.(answer, 'exchange')) ?? answer
    assert.equal(response.status, 400, 'a refusal (RFC 6749 5.2) is an answer for core to read')
    assert.deepEqual(await response.json(), { error: 'invalid_grant' })
  }),

  ...outages
    .filter(({ name }) => !name.startsWith('200'))
    .map(({ name, answer }) =>
      providerCase(`an outage where another token is asked for stays one: ${name}`, async (opened) => {
        const { provider } = opened
        if (!provider.exchange) return
        const signedIn = await opened.signIn('member')
        const attempt = exchange(opened, signedIn, provider.scopes.default, async () => answer())
        const status = await attempt.then(
          (response) => response.status,
          (error: unknown) => {
            assert.ok(error instanceof Error)
            assertNoSecrets(`${error.message} ${error.stack}`, signedIn)
          },
        )
        assert.ok(
          status === undefined || status >= 500 || status === 429,
          `it made ${status} of it, and a user would be refused`,
        )
      }),
    ),
]

async function exchange(
  opened: OpenedProvider,
  { tokens }: SignedIn,
  scopes: readonly string[],
  post: Post,
): Promise<Response> {
  const endpoints = endpointsOf(opened)
  assert.ok(
    endpoints.token,
    '`exchange` needs the endpoints that core would discover: return them as `endpoints` where you open it, `token` at least',
  )
  const response = await opened.provider.exchange?.({
    tokens,
    scopes: Object.freeze([...scopes]),
    endpoints,
    post,
  })
  assert.ok(response, '`exchange` must resolve to a Response')
  return response
}

function same(scopes: readonly string[]): readonly string[] {
  return scopes
}

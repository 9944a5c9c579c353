import assert from 'node:assert/strict'
import type { OAuthProvider } from '@drawbridge/core/provider'
import { assertSecure, type ProviderCase, providerCase } from './case.ts'

/** What the flow itself sends (RFC 6749, RFC 7636, RFC 7523, OpenID Connect). */
const FLOW = [
  'client_id',
  'redirect_uri',
  'state',
  'nonce',
  'code_challenge',
  'code_challenge_method',
] as const
const OWN = {
  authorize: [...FLOW, 'response_type', 'scope', 'request', 'request_uri'],
  token: [
    ...FLOW,
    'grant_type',
    'code',
    'code_verifier',
    'client_secret',
    'client_assertion',
    'refresh_token',
  ],
  // A provider may want the scopes again when it refreshes.
  refresh: [
    ...FLOW,
    'grant_type',
    'code',
    'code_verifier',
    'client_secret',
    'client_assertion',
    'refresh_token',
  ],
}

type Prompt = NonNullable<OAuthProvider['prompts']>[number]
const PROMPTS: readonly Prompt[] = ['login', 'select_account', 'none']

/** RFC 6749 3.3. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/

export const shapeCases: readonly ProviderCase[] = [
  providerCase('the id fits into a path and a subject, and never changes', async ({ provider }, open) => {
    assert.match(
      provider.id,
      /^(?!client$)[a-z0-9][a-z0-9_-]{0,31}$/,
      'lower-case letters, digits, - and _; not "client"',
    )
    assert.equal((await open()).provider.id, provider.id, 'the same configuration must give the same id')
  }),

  providerCase('there is a label for people', ({ provider }) => {
    assert.ok(provider.label.trim().length > 0 && provider.label.length <= 60, 'label: 1 to 60 characters')
    assert.doesNotMatch(provider.label, /\p{Cc}/u, 'label must not contain control characters')
  }),

  providerCase('there is a client, with its secret where its method needs one', ({ provider }) => {
    assert.ok(provider.client.id, 'client.id must not be empty')
    if ('secret' in provider.client.auth)
      assert.ok(provider.client.auth.secret, 'client.auth.secret is empty')
  }),

  providerCase('endpoints are https, or on the loopback interface', ({ provider }) => {
    const { authorization, token } = provider.endpoints
    assert.ok(provider.issuer || (authorization && token), 'without an issuer, name authorization and token')
    if (typeof provider.issuer === 'string') assertSecure(provider.issuer, 'issuer')
    for (const [name, url] of Object.entries(provider.endpoints)) {
      assertSecure(url, `endpoints.${name}`)
      const { username, password, hash } = new URL(url)
      assert.equal(username + password + hash, '', `endpoints.${name}: no credentials, no fragment`)
    }
  }),

  providerCase('extra parameters do not replace those of the flow', ({ provider }) => {
    const { parameters = {} } = provider
    const scopes = Object.freeze([...provider.scopes.default])
    const all: [keyof typeof OWN, Record<string, string>][] = [
      ['authorize', parameters.authorize?.({ scopes, again: false }) ?? {}],
      ['authorize', parameters.authorize?.({ scopes, again: true }) ?? {}],
      ['token', parameters.token?.({ scopes }) ?? {}],
      ['refresh', parameters.refresh?.({ scopes }) ?? {}],
    ]
    for (const [leg, extra] of all) {
      const taken = OWN[leg].filter((name) => name in extra)
      assert.deepEqual(taken, [], `parameters.${leg} must leave these to the flow`)
      for (const [name, value] of Object.entries(extra))
        assert.equal(typeof value, 'string', `${leg} ${name}`)
    }
  }),

  providerCase(
    'what it says it does of `prompt` are words that core knows, and is asked for',
    ({ provider }) => {
      const { prompts = [], parameters = {}, issuer, openid } = provider
      const scopes = Object.freeze([...provider.scopes.default])
      const asked = (prompt?: Prompt) =>
        JSON.stringify(parameters.authorize?.({ scopes, prompt, again: false }))
      const unknown = prompts.filter((prompt) => !PROMPTS.includes(prompt))
      assert.deepEqual(unknown, [], `prompts: only ${PROMPTS.join(', ')}`)
      const different = new Set([undefined, ...prompts].map(asked))
      assert.equal(
        different.size,
        new Set(prompts).size + 1,
        'prompts has one that `authorize` does not send',
      )
      const saysWhen = issuer !== undefined && openid !== false
      assert.ok(
        saysWhen || !prompts.includes('login'),
        'prompts has "login", and no id_token says when that was (auth_time)',
      )
    },
  ),

  providerCase('words for scopes are short, and about scopes that clients may ask for', ({ provider }) => {
    const { default: ours, supported = [], descriptions = {} } = provider.scopes
    for (const [scope, words] of Object.entries(descriptions)) {
      assert.ok([...ours, ...supported].includes(scope), `descriptions: "${scope}" is in no list`)
      for (const text of typeof words === 'string' ? [words] : Object.values(words)) {
        assert.ok(text.trim().length > 0 && text.length <= 120, `descriptions.${scope}: 1 to 120 characters`)
        assert.doesNotMatch(text, /\p{Cc}/u, `descriptions.${scope} must not contain control characters`)
      }
    }
  }),

  providerCase('scopes translate to the provider and back', ({ provider }) => {
    const { toUpstream = same, fromUpstream = same, default: ours, supported = [] } = provider.scopes
    const all = [...new Set([...(provider.scopes.hidden ?? []), ...ours, ...supported])]
    const sent = toUpstream(Object.freeze([...all]))
    for (const scope of [...all, ...sent])
      assert.match(scope, SCOPE_TOKEN, 'a scope is one token (RFC 6749 3.3)')
    const back = fromUpstream(Object.freeze([...sent]), Object.freeze([...all]))
    assert.deepEqual([...back].sort(), [...all].sort(), 'fromUpstream must undo toUpstream')
    for (const scope of all) {
      const alone = fromUpstream([...toUpstream([scope])], [scope])
      assert.ok(alone.includes(scope), `"${scope}" alone must come back, too`)
    }
    assert.equal(new Set(sent).size, all.length, 'two scopes must not become one')
  }),
]

function same(scopes: readonly string[]): readonly string[] {
  return scopes
}

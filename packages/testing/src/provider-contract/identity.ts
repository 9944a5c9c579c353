import assert from 'node:assert/strict'
import {
  assertNoSecrets,
  assertSecure,
  identify,
  identifyAgain,
  interrupted,
  outcome,
  type ProviderCase,
  providerCase,
  recorded,
} from './case.ts'
import { outages } from './outages.ts'

export const identityCases: readonly ProviderCase[] = [
  providerCase('sub is the same at each sign-in, and no e-mail address', async (opened) => {
    const first = await identify(opened, await opened.signIn('member'))
    const second = await identify(opened, await opened.signIn('member'))
    assert.equal(typeof first.sub, 'string', 'sub must be a string')
    assert.equal(second.sub, first.sub, 'sub must be stable')
    assert.match(first.sub, /^[\x21-\x7e]{1,255}$/, 'sub: 1 to 255 visible ASCII characters')
    assert.doesNotMatch(first.sub, /@/, 'an e-mail address may belong to somebody else tomorrow')
  }),

  providerCase('who it was is who it is when it is checked again', async (opened) => {
    const signedIn = await opened.signIn('member')
    const first = await identify(opened, signedIn)
    const second = await identifyAgain(opened, signedIn, first)
    assert.equal(second.sub, first.sub, 'with what was kept of the sign-in, sub must be the same')
    const third = await identifyAgain(opened, signedIn, second)
    assert.deepEqual(third, second, 'and nothing may get lost from one time to the next')
  }),

  providerCase('an id_token makes no other person of somebody', async (opened) => {
    const member = await opened.signIn('member')
    if (!member.claims) return
    const { sub } = await identify(opened, member)
    const without = await outcome(identify(opened, { ...member, claims: undefined }))
    if (without.is === 'identity') assert.equal(without.identity.sub, sub, 'with an id_token and without')
    else assert.equal(without.is, 'outage', 'that there is no id_token says nothing about the account')
    const other = await opened.signIn('other')
    const mixed = await outcome(identify(opened, { ...other, claims: member.claims, answer: member.answer }))
    if (mixed.is !== 'identity') return
    const { identity } = mixed
    const theirs = identity.sub === sub ? member : other
    assert.deepEqual(identity, await identify(opened, theirs), 'of two people it made one')
  }),

  providerCase('an id_token that nobody checked identifies nobody', async (opened) => {
    const member = await opened.signIn('member')
    const other = await identify(opened, await opened.signIn('other'))
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const id_token = `${part({ alg: 'none' })}.${part({ ...member.claims, sub: other.sub })}.`
    const result = await outcome(
      identify(opened, {
        ...member,
        answer: { ...member.answer, id_token },
        callback: { ...member.callback, id_token },
      }),
    )
    if (result.is === 'identity') assert.notEqual(result.identity.sub, other.sub)
  }),

  providerCase('two people have two subs', async (opened) => {
    const member = await identify(opened, await opened.signIn('member'))
    const other = await identify(opened, await opened.signIn('other'))
    assert.notEqual(other.sub, member.sub)
  }),

  providerCase('an account is called what its person calls it', async (opened) => {
    for (const person of ['member', 'other'] as const) {
      const signedIn = await opened.signIn(person)
      const { sub, account, claims } = await identify(opened, signedIn)
      const names = namesIn(claims).filter((name) => name !== sub)
      assert.ok(
        account !== undefined || names.length === 0,
        `account: it says ${names.join(', ')} of somebody`,
      )
      if (account === undefined) continue
      assert.match(account, /^[^\p{Cc}]{1,254}$/u, 'account: one short line, which is shown to people')
      assert.ok(account !== sub || names.length === 0, `account: nobody knows theirs as ${sub}`)
      assertNoSecrets(account, signedIn)
    }
  }),

  providerCase('claims survive being stored', async (opened) => {
    const { claims } = await identify(opened, await opened.signIn('member'))
    assert.deepEqual(JSON.parse(JSON.stringify(claims)), claims, 'claims must be plain JSON')
  }),

  providerCase('claims carry no token', async (opened) => {
    const signedIn = await opened.signIn('member')
    assertNoSecrets(JSON.stringify(await identify(opened, signedIn)), signedIn)
  }),

  providerCase('identify changes neither what it is given nor the provider', async (opened) => {
    const signedIn = deepFreeze(await opened.signIn('member'))
    const before = JSON.stringify(opened.provider)
    await identify(opened, signedIn)
    assert.equal(JSON.stringify(opened.provider), before, 'the provider must not change')
  }),

  providerCase(
    'tokens travel in headers or bodies, never in a URL',
    async (opened) => {
      const signedIn = await opened.signIn('member')
      const { call, urls } = recorded(opened.call)
      await identify(opened, signedIn, call)
      assert.ok(urls.length > 0, "identify made no request; if it needs none, pass { without: ['calls'] }")
      for (const url of urls) {
        assertSecure(url, 'a request of identify')
        assertNoSecrets(url, signedIn)
      }
    },
    'calls',
  ),

  providerCase(
    'a refused account is told so, kindly',
    async (opened) => {
      const signedIn = await opened.signIn('refused')
      const result = await outcome(identify(opened, signedIn))
      assert.equal(result.is, 'refused', 'identify must throw AccessDenied')
      assert.match(
        result.error.message,
        /^[^\p{Cc}]{1,200}$/u,
        'the message is shown to a person: one short line',
      )
      assertNoSecrets(result.error.message, signedIn)
    },
    'refusal',
  ),

  ...outages.map(({ name, answer }) =>
    providerCase(
      `an outage is not a refusal: ${name}`,
      async (opened) => {
        const { call, urls } = recorded(opened.call)
        const { sub } = await identify(opened, await opened.signIn('member'), call)
        for (let nth = 1; nth <= urls.length; nth++) {
          const signedIn = await opened.signIn('member')
          const result = await outcome(identify(opened, signedIn, interrupted(opened.call, nth, answer)))
          assert.notEqual(
            result.is,
            'refused',
            `request ${nth} of ${urls.length}: this says nothing about the account`,
          )
          if (result.is === 'identity')
            assert.equal(result.identity.sub, sub, 'nor may it change who somebody is')
          else assertNoSecrets(`${result.error.message} ${result.error.stack}`, signedIn)
        }
      },
      'calls',
    ),
  ),

  ...outages.map(({ name, answer }) =>
    providerCase(
      `an outage lets nobody in: ${name}`,
      async (opened) => {
        const { call, urls } = recorded(opened.call)
        await outcome(identify(opened, await opened.signIn('refused'), call))
        for (let nth = 1; nth <= urls.length; nth++) {
          const signedIn = await opened.signIn('refused')
          const result = await outcome(identify(opened, signedIn, interrupted(opened.call, nth, answer)))
          assert.notEqual(
            result.is,
            'identity',
            `request ${nth} of ${urls.length} failed, and the refused got in`,
          )
        }
      },
      'refusal',
    ),
  ),
]

function deepFreeze<Value>(value: Value): Value {
  if (value !== null && typeof value === 'object') Object.values(Object.freeze(value)).forEach(deepFreeze)
  return value
}

/** What somebody is called in claims, by the names that most providers have for it. */
function namesIn(claims: unknown): string[] {
  const known = ['email', 'preferred_username', 'username', 'login', 'name'] as const
  const said: Partial<Record<(typeof known)[number], unknown>> = Object(claims)
  return known
    .map((name) => said[name])
    .filter((name): name is string => typeof name === 'string' && name !== '')
}

import type { OAuthProvider } from '@drawbridge/core/provider'
import { describe, expect, it } from 'vitest'
import { API, opened, type Truth } from './provider-contract.fixture.ts'
import { type OpenedProvider, providerContract } from './provider-contract.ts'

describe('a provider that keeps the contract', () => {
  for (const c of providerContract()) it(c.name, () => c.run(() => opened()))
})

const honest: Record<string, [Partial<OAuthProvider>, Truth]> = {
  'ten sign-ins, each of which ends alone': [{ tokens: 'per-user' }, { keeps: 10 }],
  'one sign-in, and the next replaces it': [{ tokens: 'per-user' }, { keeps: 1 }],
  'one authorization for all of a user': [{ tokens: 'per-user', revocation: 'user' }, { ends: 'user' }],
  'one refresh token for all of a user': [
    { tokens: 'per-user', revocation: 'user' },
    { ends: 'user', refreshOnce: true },
  ],
  'no refresh token, ever': [{ tokens: 'per-login' }, { never: true }],
  'sign-ins of their own that end together': [{ revocation: 'user' }, { ends: 'user' }],
}

describe.each(Object.entries(honest))('a provider with %s, that says so', (_, [declared, truth]) => {
  for (const c of providerContract()) it(c.name, () => c.run(() => opened(() => declared, truth)))
})

describe('a provider whose revocation is an endpoint', () => {
  const open = (): OpenedProvider => {
    const { provider, ...rest } = opened()
    const { revoke, ...withoutRevoke } = provider
    const revocation = `${API}/rfc7009`
    return { ...rest, provider: { ...withoutRevoke, endpoints: { ...provider.endpoints, revocation } } }
  }
  for (const c of providerContract()) it(c.name, () => c.run(open))

  it('cannot be left out', async () => {
    const failed: string[] = []
    for (const c of providerContract({ without: ['revoke'] }))
      await c.run(open).catch(() => failed.push(c.name))
    expect(failed).toEqual(['there really is no revocation'])
  })
})

describe('a provider whose endpoints are discovered', () => {
  const open = (endpoints: OpenedProvider['endpoints']) => (): OpenedProvider => {
    const { provider, ...rest } = opened()
    return { ...rest, endpoints, provider: { ...provider, issuer: 'https://acme.test', endpoints: {} } }
  }
  const found = { token: 'https://acme.test/token' }
  for (const c of providerContract()) it(c.name, () => c.run(open(found)))

  it('asks for them where it has an exchange', async () => {
    const failed: string[] = []
    for (const c of providerContract()) {
      await c.run(open(undefined)).catch(({ message }: Error) => failed.push(`${c.name}: ${message}`))
    }
    expect(failed).toHaveLength(2)
    for (const each of failed) {
      expect(each).toMatch(
        /another token .*: `exchange` needs the endpoints that core would discover: .*`endpoints`.*token/,
      )
    }
  })
})

describe('what it does not have is left out', () => {
  it('only when said so', () => {
    const names = (without?: Parameters<typeof providerContract>[0]) =>
      providerContract(without).map((c) => c.name)
    expect(names({ without: ['revoke'] }).filter((name) => /revo/.test(name))).toEqual([
      'there really is no revocation',
    ])
    expect(names({ without: ['refusal', 'calls', 'revoke', 'conform'] })).toHaveLength(33)
    expect(names().length).toBeGreaterThan(40)
  })
})

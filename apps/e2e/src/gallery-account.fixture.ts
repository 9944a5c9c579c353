import type { AccountPage } from '../../../packages/core/src/pages/account.ts'
import type { SignedOutPage } from '../../../packages/core/src/pages/signed-out.ts'

export const account: AccountPage = {
  account: { name: 'ada@acme.dev', provider: { id: 'github', label: 'GitHub' } },
  severalProviders: true,
  clients: [
    {
      id: 'app-a',
      anchor: 'app-a',
      name: `Claude Code ${'Donaudampfschifffahrt'.repeat(4)}`,
      destinations: ['localhost', '127.0.0.1'],
      kind: 'loopback',
      access: [
        {
          resource: { url: 'https://mcp.acme.dev/mcp' },
          scopes: [{ name: 'profile' }, { name: 's'.repeat(90) }],
        },
      ],
      since: 1_763_683_200,
      used_at: 1_763_983_200,
      ends_at: 1_766_683_200,
      endsForDisuse: true,
      doubted: true,
    },
    {
      id: 'app-b',
      anchor: 'app-b',
      name: 'Claude',
      verifiedDomain: 'claude.ai',
      destinations: ['claude.ai'],
      kind: 'https',
      access: [
        { resource: { url: 'https://mcp.acme.dev/mcp', name: 'Acme files' }, scopes: [{ name: 'email' }] },
        { resource: { url: 'https://mcp.acme.dev/mail', name: 'Acme mail' }, scopes: [] },
      ],
      since: 1_763_683_200,
      used_at: 1_763_983_200,
      ends_at: 1_766_683_200,
      endsForDisuse: false,
      doubted: false,
    },
  ],
  unlisted: 3,
  apiKeys: [{ id: 'k', anchor: 'key-k', name: 'Nightly builds', hint: 'dbk_...LUiy', since: 1_763_683_200 }],
  notice: 'stale',
  at: 'app-a',
  anotherUrl: 'https://mcp.acme.dev/account?account=choose',
  csrf: 'csrf-1',
  action: '/answer',
}
export const signedOut: SignedOutPage = {
  providers: [
    {
      id: 'github',
      label: 'GitHub',
      choice: true,
      icon: {
        svg: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><circle cx="1" cy="1" r="1"/></svg>',
      },
    },
    { id: 'entra', label: 'Acme single sign-on', choice: false },
  ],
  choose: true,
  notice: 'ended',
  openUrl: 'https://mcp.acme.dev/account',
  csrf: 'csrf-1',
  action: '/answer',
}

export const accounts: Readonly<Record<string, AccountPage>> = {
  account: { ...account, notice: undefined },
  'account-stale': account,
  'account-ended': { ...account, notice: 'ended', unlisted: 0, apiKeys: [] },
  'account-again': {
    ...account,
    notice: 'again',
    clients: account.clients.slice(1),
    unlisted: 0,
    apiKeys: [],
  },
  'account-one': {
    ...account,
    severalProviders: false,
    notice: undefined,
    clients: account.clients.slice(1).map((client) => ({ ...client, endsForDisuse: true })),
    unlisted: 0,
    apiKeys: [],
  },
  'account-keys': { ...account, notice: undefined, clients: [], unlisted: 0 },
  'account-empty': { ...account, notice: undefined, clients: [], unlisted: 0, apiKeys: [] },
}
export const signedOuts: Readonly<Record<string, SignedOutPage>> = {
  'signed-out': { ...signedOut, choose: false, notice: undefined },
  'signed-out-ended': { ...signedOut, choose: false },
  'signed-out-one': {
    ...signedOut,
    providers: signedOut.providers.slice(0, 1),
    choose: false,
    notice: undefined,
  },
  'signed-out-over': { ...signedOut, choose: false, notice: 'over' },
  'signed-out-again': { ...signedOut, notice: 'again' },
}

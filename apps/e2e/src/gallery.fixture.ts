import { arabic, english, german, type Messages } from '@drawbridge/core/languages'
// The pages are no public export: what people see is looked at here before any flow is built on it.
import type { ConsentPage } from '../../../packages/core/src/pages/consent.ts'
import type { ErrorName, ErrorPage } from '../../../packages/core/src/pages/error.ts'
import { createPages, type ShownPages } from '../../../packages/core/src/pages/pages.ts'
import type { SignInPage } from '../../../packages/core/src/pages/sign-in.ts'
import type { Theme } from '../../../packages/core/src/pages/theme.ts'
import { accounts, signedOuts } from './gallery-account.fixture.ts'

const logo = `<svg viewBox="0 0 32 32"><style>path{stroke:#fff}</style><script>top.pwned = 1</script>
<rect width="32" height="32" rx="8" fill="#0b7a5b"/><path d="M8 22 16 8l8 14" stroke-width="3" fill="none"/></svg>`

export const themes: Readonly<Record<string, Theme>> = {
  plain: {},
  themed: { accent: '#0b7a5b', logo },
  pale: { accent: '#ffe94a' },
}
export const languages: readonly Messages[] = [english, german, arabic]

/** The pages of one server in a theme and a language. */
export function shown(theme: string, messages: Messages = english): ShownPages {
  return createPages({
    issuer: 'https://mcp.acme.dev',
    name: 'Acme Tools',
    theme: themes[theme],
    messages,
  }).for(new Request('https://mcp.acme.dev'))
}

const mark = {
  svg: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"><script>top.pwned = 1</script><rect width="20" height="20" rx="4" fill="#fff"/><circle cx="10" cy="10" r="6" fill="#24292f"/></svg>',
}

export const consent: ConsentPage = {
  client: { id: '0f8fad5b-d9cb-469f-a165-70867728950e', name: 'Claude Code', uri: 'https://claude.ai/code' },
  redirect: { uri: 'http://localhost:33418/callback', kind: 'loopback' },
  scopes: [
    { name: 'profile' },
    {
      name: 'repo:read',
      description: { en: 'Read your repositories', de: 'Ihre Repositorys lesen', ar: 'قراءة مستودعاتك' },
    },
  ],
  resource: { url: 'https://mcp.acme.dev/mcp' },
  providers: [{ id: 'github', label: 'GitHub' }],
  lifetime: { idle: 30 * 86_400, absolute: 180 * 86_400 },
  csrf: 'csrf-1',
  action: '/answer',
}

const onTheWeb: Partial<ConsentPage> = {
  client: {
    id: 'https://claude.ai/oauth/client.json',
    name: 'Claude',
    verifiedDomain: 'claude.ai',
    policies: { privacy: 'https://claude.ai/privacy', terms: 'https://claude.ai/terms' },
  },
  redirect: { uri: 'https://claude.ai/api/mcp/auth_callback', kind: 'https' },
}

export const severalProviders: ConsentPage = {
  ...consent,
  ...onTheWeb,
  scopes: ['openid', 'email', 'offline_access', 'files:read', 'mail:send'].map((name) => ({ name })),
  providers: [
    { id: 'github', label: 'GitHub', icon: mark, choice: true },
    { id: 'google', label: 'Google', choice: true },
    { id: 'entra', label: 'Acme single sign-on' },
  ],
  policies: { privacy: 'https://acme.dev/privacy', terms: 'https://acme.dev/terms' },
}

const inACustomApp: Partial<ConsentPage> = {
  client: { id: 'cursor', name: 'Cursor', listed: true },
  redirect: { uri: 'cursor://anysphere.cursor-mcp/oauth/callback', kind: 'private-use' },
}

const long: ConsentPage = {
  ...consent,
  client: {
    id: `https://x.example/${'abcdef'.repeat(60)}`,
    name: `Donaudampfschifffahrtsgesellschaft Clаude ${'W'.repeat(300)}`,
    uri: `https://x.example/${'y'.repeat(500)}`,
    registeredAt: 1_763_683_200,
  },
  redirect: { uri: `https://${'claude-ai.'.repeat(20)}evil.example/${'z'.repeat(900)}`, kind: 'https' },
  scopes: [{ name: 'scope'.repeat(50) }, { name: 's', description: 'Describe'.repeat(40) }],
  resource: { url: `https://mcp.acme.dev/${'deep/'.repeat(60)}`, name: 'The one and only production server' },
  providers: [{ id: 'github', label: `GitHub ${'Enterprise'.repeat(12)}` }],
  account: { name: `${'someone'.repeat(20)}@example.com`, provider: 'github' },
  accountUrl: `https://mcp.acme.dev/${'deep/'.repeat(20)}account`,
}

export const attack = `"'></title></style></bdi><script>pwned = 1</script><img src=/leak onerror="pwned = 1"><a href="javascript:pwned = 1">x</a>`
export const hostile: ConsentPage = {
  ...consent,
  client: { id: attack, name: attack, uri: 'javascript:pwned = 1', verifiedDomain: attack },
  redirect: { uri: `https://claude.ai/${attack}`, kind: 'https' },
  scopes: [{ name: attack }, { name: 's', description: attack }],
  resource: { url: attack, name: attack },
  providers: [
    { id: attack, label: attack },
    { id: 'github', label: 'GitHub' },
  ],
  csrf: attack,
}

const manyScopes: ConsentPage = {
  ...consent,
  scopes: ['issues', 'pulls', 'releases', 'wiki', 'actions', 'secrets', 'teams', 'billing'].flatMap((name) =>
    ['read', 'write'].map((verb) => ({ name: `${name}:${verb}` })),
  ),
}

const consents: Readonly<Record<string, ConsentPage>> = {
  consent,
  'several-providers': severalProviders,
  'consent-known-account': {
    ...consent,
    ...onTheWeb,
    providers: [{ id: 'github', label: 'GitHub', icon: mark, choice: true }],
    account: { name: 'ada@example.com', provider: 'github' },
    accountUrl: 'https://mcp.acme.dev/account',
    remembers: true,
    policies: { privacy: 'https://acme.dev/privacy', terms: 'https://acme.dev/terms' },
  },
  'consent-choice': {
    ...consent,
    providers: [{ id: 'github', label: 'GitHub', icon: mark, choice: true }],
  },
  'consent-own-people': {
    ...consent,
    providers: [{ id: 'acme', label: 'your Acme account', always: true }],
    accountUrl: 'https://mcp.acme.dev/account',
  },
  'private-use': { ...consent, ...inACustomApp, scopes: [] },
  'consent-doubted': {
    ...consent,
    ...onTheWeb,
    client: {
      id: 'https://claude-ai.example/client.json',
      name: 'Claude',
      verifiedDomain: 'claude-ai.example',
      doubted: true,
    },
    redirect: { uri: 'https://claude-ai.example/callback', kind: 'https' },
  },
  'consent-two-alphabets': { ...consent, client: { id: 'x', name: 'Clаude' } },
  'consent-nameless': { ...consent, client: { id: 'x' } },
  'consent-again': { ...consent, again: { openUrl: 'https://mcp.acme.dev/consent?transaction=t' } },
  'many-scopes': manyScopes,
  'consent-claimed-domain': {
    ...consent,
    client: { id: 'https://claude.ai/oauth/client.json', name: 'Claude Code', verifiedDomain: 'claude.ai' },
  },
  'consent-unverified-web': {
    ...consent,
    client: { id: 'x', name: 'Notes', uri: 'https://notes.example', registeredAt: 1_763_683_200 },
    redirect: { uri: 'https://notes.example/mcp/callback', kind: 'https' },
  },
  'consent-listed': {
    ...consent,
    client: { id: 'team', name: 'Acme desk', listed: true },
    redirect: { uri: 'https://desk.acme.dev/callback', kind: 'https' },
    lifetime: undefined,
    asksAccount: true,
  },
  long,
  hostile,
}

export const signIn: SignInPage = {
  label: 'your Acme account',
  icon: mark,
  leadsTo: { client: 'Claude Code' },
  fields: [
    { name: 'username', label: 'User name', type: 'text', value: 'ada' },
    { name: 'password', label: 'Password', type: 'password' },
    { name: 'code', label: 'Code from your app', type: 'one-time-code' },
  ],
  error: 'invalid',
  csrf: 'csrf-1',
  action: '/answer',
}

export const hostileSignIn: SignInPage = {
  ...signIn,
  label: attack,
  leadsTo: { client: attack },
  icon: { svg: attack },
  fields: [{ name: attack, label: attack, type: 'text', autocomplete: attack, value: attack }],
  csrf: attack,
}

const signIns: Readonly<Record<string, SignInPage>> = {
  'sign-in-first': { ...signIn, error: undefined },
  'sign-in': signIn,
  'sign-in-again': { ...signIn, error: 'again' },
  'sign-in-locked': { ...signIn, error: 'locked' },
  'sign-in-hostile': {
    ...hostileSignIn,
    // What to fill in is the operator's to say, and axe looks at it.
    fields: hostileSignIn.fields.map((field) => ({ ...field, autocomplete: undefined })),
  },
  'sign-in-for-account': { ...signIn, error: undefined, leadsTo: { page: 'account' } },
}

const errors = Object.keys({
  linkExpired: 400,
  formRefused: 403,
  clientUnavailable: 400,
  clientHost: 400,
  unlistedClient: 400,
  unknownRedirect: 400,
  unavailable: 503,
  tooManyRequests: 429,
  unexpected: 500,
  requestDenied: 400,
  requestFailed: 400,
  signInUnderWay: 400,
  signInDenied: 403,
  signInFailed: 502,
} satisfies Partial<Record<ErrorName, number>>) as ErrorName[]

const accountUrl = 'https://mcp.acme.dev/account?account=choose'
const errorDetails: Readonly<Record<string, Partial<ErrorPage>>> = {
  signInDenied: { tryAgainUrl: accountUrl, detail: 'access_denied: The person turned back.' },
  signInFailed: { tryAgainUrl: accountUrl, detail: 'server_error: The sign-in service did not answer.' },
}

type State = (pages: ShownPages) => Promise<Response>

/** Every page, in every state it has. */
export const states: Readonly<Record<string, State>> = {
  ...Object.fromEntries(
    Object.entries(consents).map(([name, data]): [string, State] => [name, (pages) => pages.consent(data)]),
  ),
  ...Object.fromEntries(
    Object.entries(signIns).map(([name, data]): [string, State] => [name, (pages) => pages.signIn(data)]),
  ),
  ...Object.fromEntries(
    errors.map((error): [string, State] => [
      `error-${error}`,
      (pages) => pages.error({ error, status: 400, reference: '7f3a-91bc', ...errorDetails[error] }),
    ]),
  ),
  'unknown-client': (pages) =>
    pages.error({
      error: 'unknownClient',
      status: 400,
      detail: 'invalid_client: no client of this client_id is registered',
      reference: '7f3a-91bc',
    }),
  'client-document': (pages) =>
    pages.error({
      error: 'clientDocument',
      status: 400,
      detail: 'client_id is not the URL of this document',
      reference: '7f3a-91bc',
    }),
  'invalid-request': (pages) =>
    pages.error({
      error: 'invalidRequest',
      status: 400,
      detail: 'invalid_scope: "files:write" is no scope of this resource',
      backTo: { url: 'https://claude.ai/api/mcp/auth_callback?error=invalid_scope', host: 'claude.ai' },
      reference: '7f3a-91bc',
    }),
  'impossible-prompt': (pages) =>
    pages.error({
      error: 'impossiblePrompt',
      status: 400,
      detail: 'consent_required: The person has to be asked.',
      backTo: { url: 'https://claude.ai/api/mcp/auth_callback?error=consent_required', host: 'claude.ai' },
      reference: '7f3a-91bc',
    }),
  'other-browser': (pages) =>
    pages.error({
      error: 'otherBrowser',
      status: 403,
      openUrl: `https://mcp.acme.dev/consent?transaction=${'s'.repeat(300)}`,
      reference: '7f3a-91bc',
    }),
  ...Object.fromEntries(
    Object.entries(accounts).map(([name, data]): [string, State] => [name, (pages) => pages.account(data)]),
  ),
  ...Object.fromEntries(
    Object.entries(signedOuts).map(([name, data]): [string, State] => [
      name,
      (pages) => pages.signedOut(data),
    ]),
  ),
  ...Object.fromEntries(
    (['granted', 'denied', 'failed'] as const).map((outcome): [string, State] => [
      `hand-over-${outcome}`,
      (pages) =>
        pages.handOver({
          url: 'cursor://anysphere.cursor-mcp/oauth/callback?code=c1&state=s1',
          client: 'Cursor',
          outcome,
          detail: outcome === 'failed' ? 'server_error: The sign-in service did not answer.' : undefined,
        }),
    ]),
  ),
  done: (pages) => pages.done(),
}

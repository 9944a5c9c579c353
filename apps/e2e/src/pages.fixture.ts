import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
// The pages are no public export: what people see is looked at here before any flow is built on it.
import type { ConsentPage } from '../../../packages/core/src/pages/consent.ts'
import { createPages } from '../../../packages/core/src/pages/pages.ts'
import type { SignInPage } from '../../../packages/core/src/pages/sign-in.ts'

const logo = `<svg viewBox="0 0 32 32"><style>path{stroke:#fff}</style><script>top.pwned = 1</script>
<rect width="32" height="32" rx="8" fill="#0b7a5b"/><path d="M8 22 16 8l8 14" stroke-width="3" fill="none"/></svg>`
export const plain = createPages({ issuer: 'https://mcp.acme.dev', name: 'Acme Tools' })
const themed = createPages({
  issuer: 'https://mcp.acme.dev',
  name: 'Acme Tools',
  theme: { accent: '#0b7a5b', logo },
})
const pale = createPages({ issuer: 'https://mcp.acme.dev', name: 'Acme Tools', theme: { accent: '#ffe94a' } })

export const consent: ConsentPage = {
  client: { id: '0f8fad5b-d9cb-469f-a165-70867728950e', name: 'Claude Code', uri: 'https://claude.ai/code' },
  redirect: { uri: 'http://localhost:33418/callback', kind: 'loopback' },
  scopes: [{ name: 'profile' }, { name: 'repo:read', description: 'Read your repositories' }],
  resource: { url: 'https://mcp.acme.dev/mcp' },
  providers: [{ id: 'github', label: 'GitHub' }],
  csrf: 'csrf-1',
  action: '/answer',
}
const severalProviders: ConsentPage = {
  ...consent,
  client: { id: 'https://claude.ai/oauth/client.json', name: 'Claude', verifiedDomain: 'claude.ai' },
  redirect: { uri: 'https://claude.ai/api/mcp/auth_callback', kind: 'https' },
  scopes: ['openid', 'email', 'offline_access', 'files:read', 'mail:send'].map((name) => ({ name })),
  providers: [
    { id: 'github', label: 'GitHub' },
    { id: 'google', label: 'Google' },
    { id: 'entra', label: 'Acme single sign-on' },
  ],
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

const mark = {
  svg: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><script>top.pwned = 1</script><circle cx="1" cy="1" r="1"/></svg>',
}
const signIn: SignInPage = {
  label: 'your Acme account',
  icon: mark,
  client: 'Claude Code',
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
  client: attack,
  icon: { svg: attack },
  fields: [{ name: attack, label: attack, type: 'text', autocomplete: attack, value: attack }],
  csrf: attack,
}

export const looks: Record<string, () => Promise<Response>> = {
  '/consent': () => plain.consent(consent),
  '/several-providers': () => themed.consent(severalProviders),
  '/private-use': () =>
    pale.consent({
      ...consent,
      client: { id: 'cursor', name: 'Cursor', listed: true },
      redirect: { uri: 'cursor://anysphere.cursor-mcp/oauth/callback', kind: 'private-use' },
      scopes: [],
    }),
  '/long': () => plain.consent(long),
  '/unknown-client': () =>
    plain.error({
      ...plain.messages.unknownClient,
      status: 400,
      detail: 'invalid_client: no client of this client_id is registered',
      reference: '7f3a-91bc',
    }),
  '/other-browser': () =>
    themed.error({
      ...themed.messages.otherBrowser,
      status: 403,
      openUrl: `https://mcp.acme.dev/authorize?state=${'s'.repeat(300)}`,
    }),
  '/sign-in': () => plain.signIn(signIn),
  '/done': () => plain.done(),
}

export interface Received {
  path: string
  body: string
  headers: IncomingHttpHeaders
}

export interface Site {
  origin: string
  close(): Promise<void>
}

export function html(text: string): Response {
  return new Response(text, { headers: { 'Content-Type': 'text/html; charset=utf-8' } })
}

export async function serve(answer: (request: Received) => Promise<Response>): Promise<Site> {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const answered = await answer({ path: request.url ?? '', body, headers: request.headers })
    response.writeHead(answered.status, Object.fromEntries(answered.headers))
    response.end(await answered.text())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

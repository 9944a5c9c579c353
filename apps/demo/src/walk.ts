import { browser, chooseButton, type Page } from '@drawbridge/testing'
import {
  discoverAuthorizationServerMetadata,
  discoverOAuthProtectedResourceMetadata,
  exchangeAuthorization,
  refreshAuthorization,
  registerClient,
  startAuthorization,
} from '@modelcontextprotocol/sdk/client/auth.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { steps } from './steps.ts'

const redirectUrl = 'http://127.0.0.1:33418/callback'

/** The whole flow, once, with the official client's own functions; the driver's browser does what a person does. */
export async function walk(mcpUrl: string, print: (line: string) => void): Promise<void> {
  const { step } = steps(print)
  const resource = new URL(mcpUrl)

  await step(
    'knock',
    () => initialize(mcpUrl),
    (response) => `${response.status}, and where to sign in: ${response.headers.get('www-authenticate')}`,
  ).then((response) => expectStatus(response.status, 401))

  const metadata = await step(
    'discovery',
    async () => {
      const { authorization_servers = [] } = await discoverOAuthProtectedResourceMetadata(mcpUrl)
      const found = await discoverAuthorizationServerMetadata(authorization_servers[0] ?? '')
      return found ?? fail('no authorization server metadata')
    },
    ({ issuer, scopes_supported = [] }) => `issuer ${issuer}, scopes ${scopes_supported.join(' ')}`,
  )

  const clientInformation = await step(
    'registration',
    () =>
      registerClient(metadata.issuer, {
        metadata,
        clientMetadata: {
          client_name: 'Demo client',
          redirect_uris: [redirectUrl],
          token_endpoint_auth_method: 'none',
        },
      }),
    ({ client_id }) => `client ${client_id}, made for this one installation`,
  )

  const pending = await startAuthorization(metadata.issuer, {
    metadata,
    clientInformation,
    redirectUrl,
    scope: 'read:user',
    state: crypto.randomUUID(),
    resource,
  })
  const person = browser()
  const until = (url: URL) => url.href.startsWith(redirectUrl)
  const consent = await step(
    'consent',
    () => person.open(pending.authorizationUrl, { until }),
    (page) =>
      `the page asks: ${/Let .*?\?/.exec(page.text.replace(/[\u2066-\u2069]/g, ''))?.[0] ?? fail('no question')}`,
  )
  const signInPage = await step(
    'approve',
    () => person.submit(consent, press(consent), {}, { until }),
    (page) => `on to ${new URL(page.url).origin}, with a PKCE challenge of our own`,
  )
  const back = await step(
    'login',
    async () => {
      const page = await person.submit(signInPage, press(signInPage, 'octocat'), {}, { until })
      return page.leftFor ?? fail(`still at ${page.url}`)
    },
    ({ searchParams }) => `octocat, back at the client with a code and iss=${searchParams.get('iss')}`,
  )
  const code = back.searchParams.get('code') ?? fail('no code')

  const tokens = await step(
    'tokens',
    () =>
      exchangeAuthorization(metadata.issuer, {
        metadata,
        clientInformation,
        authorizationCode: code,
        codeVerifier: pending.codeVerifier,
        redirectUri: redirectUrl,
        resource,
      }),
    ({ expires_in, scope }) => `an access token for ${expires_in} s (${scope}) and a refresh token`,
  )

  await step(
    'tool call',
    () => callTool(mcpUrl, tokens.access_token, 'whoami'),
    (answer) => answer,
  )
  await step(
    'upstream call',
    () => callTool(mcpUrl, tokens.access_token, 'my_profile'),
    (answer) => answer,
  )

  const refresh = (refreshToken: string | undefined) =>
    refreshAuthorization(metadata.issuer, {
      metadata,
      clientInformation,
      refreshToken: refreshToken ?? fail('no refresh token'),
      resource,
    })
  const renewed = await step(
    'refresh',
    async () => {
      const [one, other] = await Promise.all([refresh(tokens.refresh_token), refresh(tokens.refresh_token)])
      if (one.refresh_token !== other.refresh_token) fail('two parallel refreshes disagree')
      return one
    },
    () => 'twice at once, and both got the same successor: nobody is logged out',
  )

  await step(
    'revoke',
    async () => {
      const { revocation_endpoint } = metadata as { revocation_endpoint?: string }
      const response = await fetch(revocation_endpoint ?? fail('no revocation endpoint'), {
        method: 'POST',
        body: new URLSearchParams({
          token: renewed.refresh_token ?? '',
          client_id: clientInformation.client_id,
        }),
      })
      return expectStatus(response.status, 200)
    },
    (status) => `${status}, here and at the provider`,
  )
  await step(
    'refused',
    async () => {
      const answers = await Promise.all([
        initialize(mcpUrl, renewed.access_token).then(({ status }) => status),
        refresh(renewed.refresh_token).then(
          () => fail('the revoked refresh token still works'),
          (error: unknown) => (error instanceof Error ? error.constructor.name : 'error'),
        ),
      ])
      expectStatus(Number(answers[0]), 401)
      return answers
    },
    ([status, refused]) => `the access token gets ${status}, the refresh token ${refused}`,
  )
}

async function callTool(mcpUrl: string, access_token: string, name: string): Promise<string> {
  const client = new Client({ name: 'demo', version: '1.0.0' })
  const requestInit = { headers: { authorization: `Bearer ${access_token}` } }
  await client.connect(new StreamableHTTPClientTransport(new URL(mcpUrl), { requestInit }))
  try {
    const { content, isError } = await client.callTool({ name })
    const [first] = Array.isArray(content) ? content : []
    if (isError || first?.type !== 'text') fail(`the tool ${name} answered ${JSON.stringify(content)}`)
    return String(first.text)
  } finally {
    await client.close()
  }
}

function initialize(mcpUrl: string, access_token?: string): Promise<Response> {
  return fetch(mcpUrl, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(access_token && { authorization: `Bearer ${access_token}` }),
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'demo', version: '1.0.0' },
      },
    }),
  })
}

function press(page: Page, user?: string) {
  return chooseButton(page, { user }) ?? fail(`nothing to press on ${page.url}`)
}

function expectStatus(status: number, expected: number): number {
  return status === expected ? status : fail(`status ${status} instead of ${expected}`)
}

function fail(message: string): never {
  throw new Error(message)
}

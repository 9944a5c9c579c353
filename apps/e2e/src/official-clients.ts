import { type Browser, type SignInOptions, signIn } from '@drawbridge/testing'
import * as v2 from '@modelcontextprotocol/client'
import * as v1Auth from '@modelcontextprotocol/sdk/client/auth.js'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport as SseTransportV1 } from '@modelcontextprotocol/sdk/client/sse.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

/** What an installation keeps on disk between its runs. */
export interface Installation {
  /** Where the client describes itself: it uses that instead of registering, where the server says that it may. */
  clientMetadataUrl?: string
  /** Signs its requests to the token endpoint, as the SDKs have it. */
  addClientAuthentication?: (...request: never[]) => unknown
  registration?: unknown
  tokens?:
    | { access_token: string; refresh_token?: string | undefined; scope?: string | undefined }
    | undefined
  /** How often a person had to sign in. */
  logins: number
  /** How the person signs in. Default: as `octocat`. */
  as?: SignInOptions
  /** From now on the person says no. */
  declines?: boolean
}

/** An official client, unmodified but for who clicks: signs in when told to, also in mid-session, and calls tools. */
export interface OfficialClient {
  /** Names. */
  listTools(): Promise<string[]>
  callTool(
    name: string,
    args?: Record<string, unknown>,
    onprogress?: (progress: { progress: number }) => void,
  ): Promise<{ text: string; isError: boolean }>
  /** Of the protocol until 2025-11-25, where the server keeps sessions. */
  sessionId(): string | undefined
  close(): Promise<void>
}

export type Connect = (url: string, installation: Installation, person: Browser) => Promise<OfficialClient>

const redirectUrl = 'http://127.0.0.1:33418/callback'
const clientMetadata = {
  client_name: 'Official client',
  redirect_uris: [redirectUrl],
  token_endpoint_auth_method: 'none',
}

/** The provider both SDK lines ask for; only their types differ. */
function keeper(installation: Installation, person: Browser) {
  let verifier = ''
  let back: URL | undefined
  return {
    redirectUrl,
    clientMetadata,
    ...(installation.clientMetadataUrl && { clientMetadataUrl: installation.clientMetadataUrl }),
    ...(installation.addClientAuthentication && {
      addClientAuthentication: installation.addClientAuthentication as never,
    }),
    clientInformation: () => installation.registration as never,
    saveClientInformation: (information: unknown) => {
      installation.registration = information
    },
    tokens: () => installation.tokens as never,
    saveTokens: (tokens: unknown) => {
      installation.tokens = tokens as Installation['tokens']
    },
    invalidateCredentials: (what: string) => {
      if (what === 'tokens' || what === 'all') installation.tokens = undefined
      if (what === 'client' || what === 'all') installation.registration = undefined
    },
    saveCodeVerifier: (value: string) => {
      verifier = value
    },
    codeVerifier: () => verifier,
    state: () => crypto.randomUUID(),
    async redirectToAuthorization(url: URL) {
      installation.logins++
      back = await signIn(person, url, {
        user: 'octocat',
        approve: installation.declines !== true,
        ...installation.as,
      })
    },
    /** Where the browser came back. */
    returned(): URLSearchParams {
      if (!back) throw new Error('nobody was sent to sign in')
      return back.searchParams
    },
  }
}

function answerOf(result: object) {
  const { content, isError } = result as { content?: { text?: string }[]; isError?: boolean }
  return { text: content?.[0]?.text ?? '', isError: isError === true }
}

export const officialClients: Readonly<Record<string, Connect>> = { v1: connectV1(), v2: connectV2() }

/** Speaks the protocol of 2026-07-28, which it does not by default. */
export const officialClientOf2026: Connect = connectV2({ versionNegotiation: { mode: 'auto' } })

/** Of the protocol of 2024-11-05, with its two addresses. */
export const officialSseClients: Readonly<Record<string, Connect>> = {
  v1: connectV1(SseTransportV1),
  v2: connectV2({}, v2.SSEClientTransport),
}

function connectV1(Transport: typeof TransportV1 | typeof SseTransportV1 = TransportV1): Connect {
  return async (url, installation, person) => {
    const authProvider = keeper(installation, person)
    const connect = () => {
      // One that could not connect by HTTP+SSE cannot be used again.
      client = new ClientV1({ name: 'official-v1', version: '1.0.0' })
      transport = new Transport(new URL(url), { authProvider })
      return client.connect(transport)
    }
    let client: ClientV1
    let transport: TransportV1 | SseTransportV1
    const signIn = async (error: unknown) => {
      if (!(error instanceof v1Auth.UnauthorizedError)) throw error
      await transport.finishAuth(authProvider.returned().get('code') ?? '')
    }
    await connect().catch((error) => signIn(error).then(connect))
    return {
      listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
      async callTool(name, args = {}, onprogress = undefined) {
        const options = onprogress && { onprogress }
        const call = () => client.callTool({ name, arguments: args }, undefined, options)
        return answerOf(await call().catch((error) => signIn(error).then(call)))
      },
      sessionId: () => ('sessionId' in transport ? transport.sessionId : undefined),
      close: () => client.close(),
    }
  }
}

function connectV2(
  options: ConstructorParameters<typeof v2.Client>[1] = {},
  Transport:
    | typeof v2.StreamableHTTPClientTransport
    | typeof v2.SSEClientTransport = v2.StreamableHTTPClientTransport,
): Connect {
  return async (url, installation, person) => {
    const authProvider = keeper(installation, person)
    const client = new v2.Client({ name: 'official-v2', version: '1.0.0' }, options)
    const connect = () => {
      transport = new Transport(new URL(url), { authProvider })
      return client.connect(transport)
    }
    let transport: v2.StreamableHTTPClientTransport | v2.SSEClientTransport
    const signIn = async (error: unknown) => {
      if (!(error instanceof v2.UnauthorizedError)) throw error
      await transport.finishAuth(authProvider.returned())
    }
    await connect().catch((error) => signIn(error).then(connect))
    return {
      listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
      async callTool(name, args = {}, onprogress = undefined) {
        const call = () => client.callTool({ name, arguments: args }, onprogress && { onprogress })
        return answerOf(await call().catch((error) => signIn(error).then(call)))
      },
      sessionId: () => ('sessionId' in transport ? transport.sessionId : undefined),
      close: () => client.close(),
    }
  }
}

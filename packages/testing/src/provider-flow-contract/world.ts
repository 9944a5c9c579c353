import assert from 'node:assert/strict'
import {
  type AuthInfo,
  type DrawbridgeEvent,
  type EventType,
  memory,
  oauthServer,
  type UpstreamToken,
} from '@drawbridge/core'
import { type FakeClock, fakeClock } from '../clock.ts'
import { type Browser, browser, type Page } from '../driver/browser.ts'
import {
  type Answer,
  type OAuthClient,
  type OAuthClientOptions,
  oauthClient,
  type Parameters,
  type PendingAuthorization,
  type TokenBody,
} from '../driver/oauth-client.ts'
import { chooseButton, signIn } from '../driver/sign-in.ts'
import { network } from '../network.ts'
import { type Between, betweenServerAnd } from './between.ts'
import type { OpenFlow, ProviderFlow } from './flow.ts'

export const ISSUER = 'https://mcp.contract.test'

/** Seconds. */
export const DAY = 86_400

/** A client that somebody has let in. */
export interface Installation {
  client: OAuthClient
  /** The newest. */
  tokens: TokenBody
}

/** A login on its way: consented to here, and the browser stands before the provider. */
export interface Begun {
  client: OAuthClient
  pending: PendingAuthorization
  browser: Browser
  /** What answered the consent. */
  page: Page
}

/** What a tool gets when it asks for the provider's token. */
export type ToolSees =
  | { is: 'token'; token: UpstreamToken; works: boolean; subject: string }
  | { is: 'ended' | 'unavailable' }
  /** Its client does not come this far: what the token endpoint said. */
  | { is: 'turned away'; answer: Answer<TokenBody> }

/** The predicate that the provider was opened with. */
export interface Permit {
  /** What it says of everybody from now on. */
  answer: unknown
  /** About whom it was asked, in the provider's words. */
  readonly asked: unknown[]
}

/** What becomes of an answer of the server: for planted mistakes that no provider could make. */
export type Tamper = (answer: Response, request: Request) => Response

/** A whole server with the provider, and everybody who has to do with it. */
export interface World {
  readonly flow: ProviderFlow
  readonly clock: FakeClock
  readonly between: Between
  readonly permit: Permit
  readonly events: readonly DrawbridgeEvent[]
  /** Every answer of the server, headers and all. */
  readonly answers: readonly string[]
  /** What clients were given. */
  readonly given: ReadonlySet<string>
  /** A new client. */
  client(options?: OAuthClientOptions): OAuthClient
  /** A new person's. */
  browser(): Browser
  /** Keys of the records under this prefix. */
  kept(prefix: string): Promise<readonly string[]>
  /** A new client begins, and the person agrees on our page. */
  begin(scope?: string, parameters?: Parameters): Promise<Begun>
  /** The person signs in at the provider. Resolves to the redirect to the client. */
  arrive(begun: Begun, person: string): Promise<URL>
  /** All of it: a new client, a browser of its own. */
  install(person: string, scope?: string): Promise<Installation>
  /** Keeps what came, as a client does. */
  refresh(installation: Installation): Promise<Answer<TokenBody>>
  /** As a tool that the client calls; the client refreshes where it has to. */
  tool(installation: Installation): Promise<ToolSees>
  /** Whether its access token is let in. */
  isLetIn(installation: Installation): Promise<boolean>
  /** The events of a type. */
  told<Type extends EventType>(type: Type): Extract<DrawbridgeEvent, { type: Type }>[]
}

export async function worldOf(
  open: OpenFlow,
  { tamper = (answer) => answer, hasPermit }: { tamper?: Tamper | undefined; hasPermit: boolean },
): Promise<World> {
  const clock = fakeClock()
  const permit: Permit = { answer: true, asked: [] }
  const permitted = async (claims: unknown) => {
    permit.asked.push(claims)
    return permit.answer as boolean
  }
  const flow = await open(clock, hasPermit ? { permit: permitted } : {})
  const { first, second } = flow.scopes
  const between = betweenServerAnd(network(flow.network))
  const events: DrawbridgeEvent[] = []
  const answers: string[] = []
  const given = new Set<string>()
  const storage = memory({ clock })
  const auth = oauthServer({
    issuer: ISSUER,
    secret: 'kM3vQ8zR1tY6wB9nL4pS7dF2gH5jX0cAqE8uT1iO3aZ=',
    storage,
    consent: 'remember',
    provider: flow.provider,
    scopes: { supported: { [first]: { upstream: [first] }, [second]: { upstream: [second] } } },
    onEvent: (event) => events.push(event),
    log: false,
    fetch: between.fetch,
    clock,
  })
  const fetch = network({
    ...flow.network,
    [ISSUER]: async (request) => {
      const response = tamper((await auth.handle(request)) ?? (await gate(request)), request)
      const headers = [...response.headers].map((header) => header.join(': ')).join('\n')
      answers.push(`${response.status}\n${headers}\n\n${await response.clone().text()}`)
      return response
    },
  })
  async function gate(request: Request): Promise<Response> {
    const entered = await auth.authenticate(request)
    return entered.ok ? new Response('in') : entered.response
  }
  function entered({ tokens }: Installation) {
    const headers = { authorization: `Bearer ${tokens.access_token}` }
    return auth.authenticate(new Request(`${ISSUER}/mcp`, { headers }))
  }
  async function upstreamOf(info: AuthInfo<unknown>): Promise<ToolSees> {
    try {
      const token = await auth.upstreamToken(info)
      const works = await flow.works(token.access_token)
      return { is: 'token', token, works, subject: String(info.extra.subject) }
    } catch (error) {
      if (error instanceof Error && error.name === 'UpstreamEnded') return { is: 'ended' }
      if (error instanceof Error && error.name === 'Unavailable') return { is: 'unavailable' }
      throw error
    }
  }
  function keep(tokens: Partial<TokenBody>): TokenBody {
    for (const token of [tokens.access_token, tokens.refresh_token]) if (token) given.add(token)
    return tokens as TokenBody
  }

  const world: World = {
    ...{ flow, clock, between, permit, events, answers, given },
    client: (options) => oauthClient({ mcpUrl: `${ISSUER}/mcp`, fetch, ...options }),
    browser: () => browser({ fetch, clock }),
    kept: async (prefix) => (await storage.list(prefix)).keys,
    async begin(scope = first, parameters = {}) {
      const client = world.client()
      await client.register()
      const pending = await client.authorize({ scope, ...parameters })
      const person = world.browser()
      const page = await consent(person, await person.open(pending.url))
      return { client, pending, browser: person, page }
    },
    async arrive({ browser: person, page, pending }, user) {
      assert.ok(page.leftFor, `the consent led to ${page.url} (${page.status}): ${page.text.slice(0, 200)}`)
      return signIn(person, page.leftFor, { user, redirectUri: pending.redirect_uri })
    },
    async install(person, scope = first) {
      const client = world.client()
      const parameters = { scope }
      const tokens = await client.login(world.browser(), { user: person, parameters })
      return { client, tokens: keep(tokens) }
    },
    async refresh(installation) {
      const answer = await installation.client.refresh(installation.tokens.refresh_token)
      if (answer.status === 200) installation.tokens = keep(answer.body)
      return answer
    },
    async tool(installation) {
      const now = await entered(installation)
      if (now.ok) return upstreamOf(now.auth)
      const answer = await world.refresh(installation)
      const then = answer.status === 200 ? await entered(installation) : undefined
      return then?.ok ? upstreamOf(then.auth) : { is: 'turned away', answer }
    },
    isLetIn: async (installation) => (await entered(installation)).ok,
    told: <Type extends EventType>(type: Type) =>
      events.filter((event): event is Extract<DrawbridgeEvent, { type: Type }> => event.type === type),
  }
  return world
}

/** The person agrees on our page, and the browser stops before it leaves us. */
async function consent(person: Browser, page: Page): Promise<Page> {
  const button = chooseButton(page)
  assert.ok(
    button,
    `there is nothing to agree to on ${page.url} (${page.status}): ${page.text.slice(0, 200)}`,
  )
  return person.submit(page, button, {}, { until: (url) => url.origin !== ISSUER })
}

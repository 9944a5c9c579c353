import {
  logEvents,
  type Mountable,
  memory,
  oauthServer,
  type RequestContext,
  type Storage,
} from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { mcp } from '@drawbridge/mcp'
import { devGitHub, devOidc, failing, fakeClock, network } from '@drawbridge/testing'
import { refreshOf } from '../../../../packages/testing/src/driver/forms.ts'
import { directory, password } from '../endpoints/sign-in.fixture.ts'
import { createServer } from '../mcp-server.ts'
import { apple } from '../providers/apple.ts'
import { issuer, secret, upstreamHost } from '../world.ts'
import { initialAccessToken, type SetupName, setups } from './setups.fixture.ts'
import { type Shot, type Wired, wired } from './shot.fixture.ts'
import { type Web, web } from './web.fixture.ts'

/** What people choose to sign in with. */
export const providerIds = ['github', 'apple', 'acme'] as const
export type ProviderId = (typeof providerIds)[number]

const appleHost = 'https://login.test'
/** Where browsers may be sent to sign in. */
export const signInPlaces: Readonly<Record<ProviderId, string>> = {
  github: `${upstreamHost}/login/oauth/authorize`,
  apple: `${appleHost}/authorize`,
  acme: `${issuer}/sign-in/acme`,
}

/** A client that the operator listed. */
export const listed = {
  client_id: 'listed app',
  client_secret: 'a listed secret with 43 characters in it ...',
}

export interface Answer {
  status: number
  headers: Headers
  text: string
  /** Whether what is mounted answered, and not the application around it. */
  isOurs: boolean
}

export type Handle = Mountable['handle']
/** For testing the tests: something done wrongly around a server that does it right. */
export type Mistake = (handle: Handle, inside: { storage: Storage; tell(line: string): void }) => Handle

export interface Subject {
  setup: SetupName
  /** Makes what is made once, such as keys. */
  ready(): Promise<void>
  mounted: Mountable
  /** Straight to what is mounted. */
  send(request: Wired): Promise<Answer>
  /** A request of a person's browser to a provider. */
  upstream(request: Request): Promise<Response>
  /** What the server told since the last look: events, lines of its log, faults. */
  told(): string
  /** Faults that somebody must hear of: errors that nobody expected. */
  faults(): string[]
  /** Keys that were written or deleted since the last look, and whether they are new. */
  changes(): Change[]
  /** What is out of order at the moment. `store` fails from this operation on. */
  outage: { store: number | undefined; provider: boolean }
  /** The hosts of clients. */
  web: Web
  /** Unix milliseconds. */
  now(): number
  advance(seconds: number): void
  /** From now on another instance answers, on the same store. */
  another(): Promise<void>
  /** Waits for what goes on after an answer. */
  settle(): Promise<void>
  /** What only the server and its providers know. */
  secrets: ReadonlySet<string>
}

export interface Change {
  key: string
  kind: string
  what: 'created' | 'replaced' | 'deleted'
}

/** Time that passes for whoever waits, so that retries take none. */
function patientClock() {
  const clock = fakeClock()
  return {
    ...clock,
    sleep: async (milliseconds: number) => clock.advance(Math.max(0, milliseconds) / 1000),
  }
}

export function subject(setup: SetupName = 'usual', mistake?: Mistake): Subject {
  const clock = patientClock()
  const inner = memory({ clock })
  const outage: Subject['outage'] = { store: undefined, provider: false }
  const changes: Change[] = []
  const lines: string[] = []
  const faults: string[] = []
  const background = new Set<Promise<unknown>>()
  const secrets = new Set([secret, 'dev-secret', listed.client_secret, password, initialAccessToken])
  const hosts = web()
  let operations = 0

  const watched = watching(inner, changes)
  const storage = failing(watched, () => outage.store !== undefined && operations++ >= outage.store)
  const hub = devGitHub({ clock })
  const cupertino = devOidc({ clock })
  const own = directory().provider
  const internet = network({ [upstreamHost]: hub.fetch, [appleHost]: cupertino.fetch })
  const settings = { clientId: 'dev-client', clientSecret: 'dev-secret', host: upstreamHost }
  const offered = {
    github: github(settings),
    apple: apple(appleHost),
    acme: {
      ...own,
      verify: (...given: Parameters<typeof own.verify>) => {
        if (outage.provider) throw new Error('the directory is out')
        return own.verify(...given)
      },
    },
  }
  const toListener = logEvents({ level: 'debug', write: (line) => lines.push(line) })
  function instance() {
    const auth = oauthServer({
      issuer,
      secret,
      storage,
      clock,
      providers: providerIds.map((id) => offered[id]),
      ...setups[setup].options,
      clients: [{ ...listed, redirect_uris: ['https://listed.example/callback'] }],
      egress: hosts.egress,
      fetch: (async (input: string | URL | Request, init?: RequestInit) => {
        if (outage.provider) throw new TypeError('fetch failed: the provider is out')
        const response = await internet(input, init)
        await note(response.clone())
        return response
      }) as typeof fetch,
      onEvent: [
        (event) => {
          lines.push(JSON.stringify(event))
          if (event.type === 'request.failed') faults.push(JSON.stringify(event))
        },
        toListener,
      ],
      log: false,
    })
    const served = mcp({
      auth,
      server: () => createServer(upstreamHost),
      responses: 'json',
      clock,
      onError: (error) => faults.push(String(error)),
      // Whatever an adapter is reached by.
      allowedHosts: ['mcp.test', '127.0.0.1'],
    })
    return { auth, served }
  }
  let current = instance()
  const now: Handle = (request, context) => current.served.handle(request, context)
  const handle = mistake?.(now, { storage, tell: (line) => lines.push(line) }) ?? now
  const mounted: Mountable = {
    routes: current.served.routes,
    handle: (request, context: RequestContext = {}) =>
      handle(request, {
        clientAddress: '192.0.2.7',
        ...context,
        waitUntil(work) {
          background.add(work)
          context.waitUntil?.(work)
        },
      }),
  }

  /** The provider's tokens, which nobody outside may see. */
  async function note(response: Response) {
    const text = await response.text()
    for (const [, value = ''] of text.matchAll(/"(?:access|refresh|id)_token":"([^"]+)"/g)) secrets.add(value)
  }

  async function ready() {
    await current.auth.ready()
    changes.length = 0
    lines.length = 0
  }

  return {
    setup,
    ready,
    web: hosts,
    now: () => clock.now(),
    advance: (seconds) => clock.advance(seconds),
    async another() {
      current = instance()
      await ready()
    },
    mounted,
    outage,
    secrets,
    upstream: (request) => internet(request),
    async send({ method, target, headers, body }) {
      const init = { method, headers: new Headers(headers), ...(body && { body }) }
      const response = await mounted.handle(new Request(issuer + target, init))
      if (!response) return { status: 404, headers: new Headers(), text: '', isOurs: false }
      return { status: response.status, headers: response.headers, text: await response.text(), isOurs: true }
    },
    told: () => lines.splice(0).join('\n'),
    faults: () => faults.splice(0),
    changes: () => changes.splice(0),
    async settle() {
      operations = 0
      for (const work of background) await work.catch(() => {})
      background.clear()
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

/** A page that sends the browser on to an app counts as what it does: a redirect. */
function asRedirect(answer: Answer): Answer {
  const location = answer.status === 200 && refreshOf(answer.text)
  if (!location) return answer
  const headers = new Headers(answer.headers)
  headers.set('location', location)
  return { ...answer, status: 302, headers }
}

function watching(storage: Storage, changes: Change[]): Storage {
  const note = (key: string, what: Change['what']) =>
    changes.push({ key, kind: key.split('/')[0] ?? '', what })
  return {
    ...storage,
    async put(key, value, options) {
      const version = await storage.put(key, value, options)
      if (version !== undefined) note(key, options.ifVersion === null ? 'created' : 'replaced')
      return version
    },
    async delete(key, options) {
      const isDeleted = await storage.delete(key, options)
      if (isDeleted) note(key, 'deleted')
      return isDeleted
    },
  }
}

/** Sends a request as data. */
export async function fire(to: Pick<Subject, 'send'>, request: Shot): Promise<Answer> {
  return asRedirect(await to.send(wired(request)))
}

import { ConfigurationError, checkCall, checkMembers, inWords } from '@drawbridge/core'
import { isEventStore } from './events.ts'
import type {
  AnyOptions,
  EndpointOptions,
  EventOptions,
  LegacySseOptions,
  PublicLimits,
  PublicOptions,
  RequireOptions,
  SessionOptions,
  StreamOptions,
} from './options.ts'
import { checkPath } from './paths.ts'

/** Throws {@link ConfigurationError} for what a compiler does not see, or was not asked. */
export function checkOptions<User, Server>(options: AnyOptions<User, Server>): void {
  checkCall<AnyOptions<User, Server>>('mcp({ auth, server: createServer })', options, {
    auth: true,
    server: true,
    path: 'text',
    health: 'text',
    sessions: true,
    responses: true,
    streams: true,
    legacySse: true,
    require: true,
    public: true,
    allowedHosts: 'texts',
    allowedOrigins: 'texts',
    maxBodyBytes: 'count',
    onError: 'function',
    onNotice: 'function',
    clock: 'clock',
  })
  const { server, path, health, sessions } = options
  if (typeof sessions !== 'boolean') {
    checkMembers<SessionOptions>('sessions', sessions, {
      idleSeconds: 'count',
      max: 'count',
      maxPerUser: 'count',
    })
  }
  checkStreams(options)
  if (typeof options.legacySse !== 'boolean') {
    checkMembers<LegacySseOptions>('legacySse', options.legacySse, {
      path: 'text',
      messagesPath: 'text',
      idleSeconds: 'count',
      max: 'count',
      maxPerUser: 'count',
    })
  }
  checkMembers<RequireOptions<User>>('require', options.require, {
    scopes: true,
    tools: 'object',
    resources: 'object',
    prompts: 'object',
    roles: 'function',
    lists: true,
  })
  checkMembers<PublicOptions>('public', options.public, {
    tools: 'texts',
    resources: 'texts',
    prompts: 'texts',
    list: true,
    discovery: 'flag',
    limits: true,
    challenge: true,
  })
  checkMembers<PublicLimits>('public.limits', options.public?.limits, {
    bodyBytes: 'count',
    streamSeconds: 'count',
    concurrent: 'count',
  })
  checkOneOf('responses', options.responses, ['sse', 'json'])
  checkOneOf('require.lists', options.require?.lists, ['reachable', 'allowed', 'all'])
  checkOneOf('public.list', options.public?.list, ['all', 'public'])
  checkOneOf('public.challenge', options.public?.challenge, ['http', 'result'])
  checkGate(options)
  if (typeof server !== 'function') {
    throw new ConfigurationError(
      'server',
      'is not a function',
      'Pass a function that builds a new server each time, `server: () => { const server = new McpServer(...); ...; return server }`, not one shared server.',
    )
  }
  checkPath('path', path, '/mcp')
  checkPath('health', health, '/health')
}

function checkStreams({ streams, sessions }: EndpointOptions): void {
  checkMembers<StreamOptions>('streams', streams, {
    keepAliveSeconds: 'seconds',
    retrySeconds: 'seconds',
    events: true,
  })
  const events = streams?.events
  if (events === undefined || events === false) return
  if (!sessions) {
    throw new ConfigurationError(
      'streams.events',
      'is for streams of sessions, and there are none',
      'Set `sessions: true`, or leave it out: without a session nobody can come back to a stream.',
    )
  }
  if (events === true || isEventStore(events)) return
  checkMembers<EventOptions>('streams.events', events, {
    keepSeconds: 'count',
    maxPerStream: 'count',
    maxBytesPerSession: 'count',
    maxBytes: 'count',
  })
}

function checkOneOf(option: string, given: unknown, choices: readonly string[]): void {
  if (given === undefined || choices.some((choice) => choice === given)) return
  const got = typeof given === 'string' ? `is "${given}"` : `is ${inWords(given)}`
  throw new ConfigurationError(option, got, `Use ${choices.join(' or ')}.`)
}

/** An open server is one on which nobody wrote `auth`: an `auth` that came to nothing is a mistake. */
function checkGate<User, Server>(options: AnyOptions<User, Server>): void {
  const { auth } = options
  if (!Object.hasOwn(options, 'auth')) {
    const useless = (['require', 'public'] as const).find((name) => options[name] !== undefined)
    if (useless === undefined) return
    throw new ConfigurationError(
      useless,
      'is for servers that know who is calling, and there is no `auth`',
      'Pass what oauthServer, oauthProxy or resourceServer returned as `auth`, or leave it out: this server is open to all.',
    )
  }
  if (!isAuth(auth) && typeof Object(auth).at === 'function') {
    throw new ConfigurationError(
      'auth',
      'has several resources and none is the default',
      "Name one of them, as `auth: auth.at('/files')`, or mark one in `resources` with `default: true`.",
    )
  }
  if (!isAuth(auth)) {
    const awaited = typeof Object(auth).then === 'function' ? 'Await it first. ' : ''
    throw new ConfigurationError(
      'auth',
      `is not an Auth (${inWords(auth)})`,
      `${awaited}Pass what oauthServer, oauthProxy or resourceServer returned.`,
    )
  }
}

function isAuth(given: unknown): boolean {
  const { authenticate, handle, routes, resource } = Object(given) as Readonly<Record<string, unknown>>
  return (
    typeof authenticate === 'function' &&
    typeof handle === 'function' &&
    Array.isArray(routes) &&
    routes.every((route) => typeof Object(route).path === 'string') &&
    typeof resource === 'string' &&
    URL.canParse(resource)
  )
}

import type { Auth, Mountable, ScopeNeed } from '../auth.ts'
import { ConfigurationError } from '../errors.ts'
import { checkMembers, inWords } from '../known-options.ts'
import { requiredScopes } from '../syntax/scopes.ts'

/**
 * For adapters: checks what `drawbridge(...)` or `protect(...)` was given.
 *
 * @param need what `protect` takes beside an Auth
 * @throws {ConfigurationError} saying what to write instead, also for an McpServer, a factory and a promise
 * @example
 * checkMounted('drawbridge', x)
 * checkMounted('protect', auth, need)
 */
export function checkMounted(
  call: 'drawbridge' | 'protect',
  given: Mountable | Pick<Auth, 'authenticate'>,
  need?: ScopeNeed | undefined,
): void {
  if (call === 'drawbridge') {
    if (!isMountable(given)) {
      throw notMounted('drawbridge()', given, 'drawbridge(mcp({ auth, server: createServer }))')
    }
  } else if (isServer(given) && !isAuth(given)) {
    throw new ConfigurationError('protect()', 'has several resources and none is the default', chooseOne)
  } else if (!isAuth(given)) {
    throw notMounted('protect()', given, "protect(auth, { scopes: ['files:read'] })", 'and no Auth')
  }
  checkMembers<ScopeNeed>('protect', need, { scopes: 'texts', methods: 'texts' })
  requiredScopes('protect.scopes', need?.scopes, (given as Partial<Auth>).grantableScopes)
}

function isMountable(given: unknown): boolean {
  const { handle, routes } = Object(given) as Readonly<Record<string, unknown>>
  return typeof handle === 'function' && Array.isArray(routes)
}

const chooseOne =
  "Name one of them, as protect(auth.at('/files')), or mark one in `resources` with `default: true`."

function isServer(given: unknown): boolean {
  return typeof Object(given).at === 'function'
}

/** Whether it can be asked who may enter. */
function isAuth(given: unknown): boolean {
  return typeof Object(given).authenticate === 'function'
}

function notMounted(call: string, given: unknown, example: string, more = ''): ConfigurationError {
  const got = [`is ${inWords(given)}`, more].filter(Boolean).join(' ')
  const awaited = typeof Object(given).then === 'function' ? ' Await it first.' : ''
  return new ConfigurationError(
    call,
    got,
    `Write ${example}, with the auth that oauthProxy, oauthServer or resourceServer returned.${awaited}`,
  )
}

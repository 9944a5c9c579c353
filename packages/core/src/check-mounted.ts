import type { Auth, Mountable, ScopeNeed } from './auth.ts'
import { ConfigurationError } from './errors.ts'
import { checkMembers, inWords } from './known-options.ts'

/**
 * For adapters: checks what `drawbridge(...)` was given.
 *
 * @throws {ConfigurationError} saying what to write instead, also for an McpServer, a factory and a promise
 * @example
 * checkMountable(x)
 */
export function checkMountable(x: Mountable): void {
  const { handle, routes } = Object(x) as Partial<Mountable>
  if (typeof handle === 'function' && Array.isArray(routes)) return
  throw notMounted('drawbridge()', x, 'drawbridge(mcp({ auth, server: createServer }))')
}

/**
 * For adapters: checks what `protect(...)` was given.
 *
 * @throws {ConfigurationError} saying what to write instead
 * @example
 * checkProtected(auth, need)
 */
export function checkProtected(auth: Pick<Auth, 'authenticate'>, need: ScopeNeed | undefined): void {
  if (!isAuth(auth)) {
    throw notMounted('protect()', auth, "protect(auth, { scopes: ['files:read'] })", 'and no Auth')
  }
  checkMembers<ScopeNeed>('protect', need, { scopes: 'texts', methods: 'texts' })
}

/** Whether it can be asked who may enter. */
export function isAuth(given: unknown): given is Pick<Auth, 'authenticate'> {
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

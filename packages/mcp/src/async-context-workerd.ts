/**
 * `@drawbridge/mcp/async-context` on Workers. With `nodejs_als` alone there is no `process` to ask, and only an import
 * finds the module; without either flag an import that cannot be caught would keep the Worker from starting.
 */

import type { AsyncContext, AsyncContextConstructor } from './async-context.ts'

export type { AsyncContext, AsyncContextConstructor } from './async-context.ts'

const hooks: { AsyncLocalStorage?: AsyncContextConstructor } = await import('node:async_hooks').catch(
  () => ({}),
)

/** As that of `async-context.ts`. */
export function asyncContext<Value>(): AsyncContext<Value> | undefined {
  return hooks.AsyncLocalStorage && new hooks.AsyncLocalStorage()
}

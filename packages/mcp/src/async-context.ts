/** A value for everything that a piece of work leads to, and for nothing else. As far as we use Node's class. */
export interface AsyncContext<Value> {
  run<T>(value: Value, work: () => T): T
  getStore(): Value | undefined
}

/** Node's `AsyncLocalStorage`. */
export type AsyncContextConstructor = new <Value>() => AsyncContext<Value>

/**
 * A context that follows work, where the runtime has such a thing; `undefined` elsewhere. Nothing is imported for it, so
 * that whoever imports this package may be a runtime without Node's modules. Node, Bun, Deno and Workers with
 * `nodejs_compat` are asked for their module, others may have the class as a global.
 *
 * @example
 * const context = asyncContext<Request>()
 * context?.run(request, () => handler())
 */
export function asyncContext<Value>(): AsyncContext<Value> | undefined {
  const { AsyncLocalStorage, process } = globalThis as Globals
  const Found = process?.getBuiltinModule?.('node:async_hooks')?.AsyncLocalStorage ?? AsyncLocalStorage
  return Found && new Found()
}

/** What may be there. */
interface Globals {
  AsyncLocalStorage?: AsyncContextConstructor
  process?: {
    getBuiltinModule?: (name: string) => { AsyncLocalStorage?: AsyncContextConstructor } | undefined
  }
}

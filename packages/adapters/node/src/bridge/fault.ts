/**
 * What to hand to an error handler. Frameworks take `next(undefined)` and `next('route')` for "go on", so that a guard
 * which passes such a thing along lets the request through.
 *
 * @param thrown whatever was thrown; errors are returned as they are
 * @example
 * ```ts
 * check(req).then(() => next(), (thrown) => next(fault(thrown)))
 * ```
 */
export function fault(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown
  // Also an error of another realm: what knows errors by `instanceof` would not see one in it.
  return new Error('Something else than an error was thrown.', { cause: thrown })
}

/**
 * Calls a function that only listens. Its fault is not the flow's: what it throws is ignored, and so is a promise that
 * fails, since async functions pass for listeners and a rejection that nobody handles would end the process.
 */
export function tell<Args extends readonly unknown[]>(
  listener: (...args: Args) => unknown,
  ...args: Args
): void {
  try {
    const result = listener(...args)
    if (isThenable(result)) settled(result)
  } catch {
    // Such as a full disk.
  }
}

/** Lets a promise that nobody waits for fail. */
export function settled(work: PromiseLike<unknown>): void {
  work.then(undefined, () => {})
}

/** What an async function answers, also one of another realm or library. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof Object(value).then === 'function'
}

/** Marks what belongs into `onEvent` and not into `log`: to the eye both are functions of one argument. */
export const eventListener: unique symbol = Symbol.for('drawbridge.event-listener')

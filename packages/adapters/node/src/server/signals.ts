const exitCodes = { SIGTERM: 0, SIGINT: 130 } as const
type Signal = keyof typeof exitCodes

/**
 * Closes on SIGTERM and SIGINT, and ends the process then: something else may be open in it, such as a pool. The second signal
 * does not wait. Where others listen for the signal, the end of the process is theirs.
 *
 * @returns stops listening for signals
 */
export function onSignals(close: () => Promise<void>, hurry: () => void): () => void {
  const signals = Object.keys(exitCodes) as Signal[]
  let called = false
  const listener = (signal: Signal) => {
    if (called) return hurry()
    called = true
    close()
      .catch(console.error)
      .finally(() => {
        if (process.listenerCount(signal) === 0) process.exit(exitCodes[signal])
      })
  }
  for (const signal of signals) process.on(signal, listener)
  return () => {
    for (const signal of signals) process.off(signal, listener)
  }
}

/** What would end a Node process. */
export async function unhandledDuring(work: () => Promise<unknown>): Promise<unknown[]> {
  const unhandled: unknown[] = []
  const before = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  const note = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', note)
  await work()
  await new Promise((resolve) => setTimeout(resolve, 20))
  process.off('unhandledRejection', note)
  for (const listener of before) process.on('unhandledRejection', listener)
  return unhandled
}

import type { Channel, Connect, Dispatcher } from './channel.ts'

/** A new server for every request, closed when its response has been sent or its client is gone. */
export function stateless<User>(connect: Connect<User>, onError: (error: unknown) => void): Dispatcher<User> {
  const open = new Set<Channel>()

  async function end(channel: Channel): Promise<void> {
    if (!open.delete(channel)) return
    try {
      await channel.close()
    } catch (error) {
      onError(error)
    }
  }

  return {
    async serve(incoming) {
      const channel = await connect({ auth: incoming.auth, request: incoming.request }, { incoming })
      open.add(channel)
      const done = () => {
        incoming.signal.removeEventListener('abort', done)
        void end(channel)
      }
      // Nobody is left to answer: let the tools stop too.
      incoming.signal.addEventListener('abort', done)
      if (incoming.signal.aborted) done()
      try {
        return { response: await channel.handle(incoming), done }
      } catch (error) {
        done()
        throw error
      }
    },
    async close() {
      await Promise.all([...open].map(end))
    },
  }
}

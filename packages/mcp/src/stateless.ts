import type { Connect, Connection, Dispatcher } from './connection.ts'

/** A new server for every request, closed when its response has been sent or its client is gone. */
export function stateless<User>(connect: Connect<User>, onError: (error: unknown) => void): Dispatcher<User> {
  const open = new Set<Connection>()

  async function end(connection: Connection): Promise<void> {
    if (!open.delete(connection)) return
    try {
      await connection.close()
    } catch (error) {
      onError(error)
    }
  }

  return {
    async serve(exchange) {
      const connection = await connect({ auth: exchange.auth, request: exchange.request }, {})
      open.add(connection)
      const done = () => {
        exchange.signal.removeEventListener('abort', done)
        void end(connection)
      }
      // Nobody is left to answer: let the tools stop too.
      exchange.signal.addEventListener('abort', done)
      if (exchange.signal.aborted) done()
      try {
        return { response: await connection.handle(exchange), done }
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

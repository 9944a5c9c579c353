import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** The network between a pool and PostgreSQL, and what can happen to it. */
export interface NetworkProxy {
  /** The database's URL, through here. */
  url: string
  /** The next statement that matches reaches the server, whose answer is lost together with the connection. */
  loseAnswerTo(statement: RegExp): void
  /** How often an answer was lost. */
  readonly lost: number
  /** Nothing goes through the connections there are any more, and nobody is told. */
  freeze(): void
  close(): Promise<void>
}

export async function startProxy(databaseUrl: string): Promise<NetworkProxy> {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  let losing: RegExp | undefined
  let lost = 0

  const server = createServer((client) => {
    const database = connect(Number(target.port || 5432), target.hostname)
    let loseNext = false
    const both = [client, database]
    const destroy = () => {
      for (const socket of both) socket.destroy()
    }
    for (const socket of both) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        destroy()
      })
    }
    client.on('data', (data) => {
      if (losing?.test(data.toString('latin1'))) {
        losing = undefined
        loseNext = true
      }
      database.write(data)
    })
    database.on('data', (data) => {
      if (loseNext) {
        lost++
        destroy()
      } else client.write(data)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')

  const url = new URL(databaseUrl)
  url.hostname = '127.0.0.1'
  url.port = String(address.port)
  return {
    url: url.href,
    loseAnswerTo(statement) {
      losing = statement
    },
    get lost() {
      return lost
    },
    freeze() {
      for (const socket of sockets) socket.pause()
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** The network between a client and Redis, and what can happen to it. */
export interface Network {
  port: number
  /** Whether a command's answer is lost, together with the connection, after the command has reached Redis. */
  losesAnswer: (command: string) => boolean
  /** How often an answer was lost. */
  readonly lost: number
  /** Nothing goes through any more, and nobody is told. */
  freeze(): void
  thaw(): void
  /** Ends all connections, and refuses new ones. */
  disconnect(): Promise<void>
  reconnect(): Promise<void>
}

export async function startProxy(port: number): Promise<Network> {
  const sockets = new Set<Socket>()
  let lost = 0
  let frozen = false

  const server = createServer((client) => {
    const redis = connect(port, '127.0.0.1')
    let loseNext = false
    const both = [client, redis]
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
    if (frozen) client.pause()
    client.on('data', (data) => {
      loseNext ||= proxy.losesAnswer(data.toString('latin1'))
      redis.write(data)
    })
    redis.on('data', (data) => {
      if (loseNext) {
        lost++
        destroy()
      } else client.write(data)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')

  const proxy: Network = {
    port: address.port,
    losesAnswer: () => false,
    get lost() {
      return lost
    },
    freeze() {
      frozen = true
      for (const socket of sockets) socket.pause()
    },
    thaw() {
      frozen = false
      for (const socket of sockets) socket.resume()
    },
    async disconnect() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
    async reconnect() {
      server.listen(address.port, '127.0.0.1')
      await once(server, 'listening')
    },
  }
  return proxy
}

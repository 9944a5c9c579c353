import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** The network between a client and its server, and what can happen to it. */
export interface TcpProxy {
  readonly port: number
  /** The same URL, but by way of here. */
  through(url: string): string
  /**
   * Asked about everything a client sends, as it arrives. `true`: it reaches the server, and the answer is lost
   * together with the connection. May be replaced at any time; at first nothing is lost.
   */
  losesAnswer: (sent: string) => boolean
  /** Loses the answer to the next thing sent that matches, and to nothing else. */
  loseNextAnswer(to: RegExp): void
  /** How many answers were lost. */
  readonly lost: number
  /** Nothing goes through any more, and nobody is told. New connections may be spared. Default: they are not. */
  freeze(options?: { newConnections?: boolean | undefined }): void
  thaw(): void
  /** Ends all connections, and refuses new ones. */
  disconnect(): Promise<void>
  reconnect(): Promise<void>
  close(): Promise<void>
}

/**
 * Stands between a client and a server on this machine, so that a test decides when their network fails. What
 * {@link dropReplies} does to a `Storage`, this does to a database's own client, which may try things again by itself.
 *
 * @param target Where the server listens. Default host: `127.0.0.1`.
 * @example
 * ```ts
 * const proxy = await tcpProxy({ port: 6379 })
 * const client = await createClient({ url: proxy.through('redis://127.0.0.1:6379') }).connect()
 * proxy.loseNextAnswer(/SET/)
 * ```
 */
export async function tcpProxy(target: { port: number; host?: string | undefined }): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let lost = 0
  let frozen = false

  const listener = createServer((client) => {
    const server = connect(target.port, target.host ?? '127.0.0.1')
    let losing = false
    const end = () => {
      client.destroy()
      server.destroy()
    }
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        end()
      })
      if (frozen) socket.pause()
    }
    client.on('data', (data) => {
      losing ||= proxy.losesAnswer(data.toString('latin1'))
      server.write(data)
    })
    server.on('data', (data) => {
      if (!losing) return client.write(data)
      lost++
      end()
    })
  })

  async function open(port: number): Promise<number> {
    listener.listen(port, '127.0.0.1')
    await once(listener, 'listening')
    return (listener.address() as AddressInfo).port
  }

  const port = await open(0)
  const proxy: TcpProxy = {
    port,
    through(url) {
      const through = new URL(url)
      through.hostname = '127.0.0.1'
      through.port = String(port)
      return through.href
    },
    losesAnswer: () => false,
    loseNextAnswer(to) {
      proxy.losesAnswer = (sent) => {
        if (!to.test(sent)) return false
        proxy.losesAnswer = () => false
        return true
      }
    },
    get lost() {
      return lost
    },
    freeze({ newConnections = true } = {}) {
      frozen = newConnections
      for (const socket of sockets) socket.pause()
    },
    thaw() {
      frozen = false
      for (const socket of sockets) socket.resume()
    },
    async disconnect() {
      if (!listener.listening) return
      const closed = new Promise((resolve) => listener.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
    async reconnect() {
      if (!listener.listening) await open(port)
    },
    close: () => proxy.disconnect(),
  }
  return proxy
}

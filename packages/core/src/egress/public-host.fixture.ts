import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type RequestOptions, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Egress } from './egress.ts'
import { type GuardedEgressParts, guardedEgress } from './guarded.ts'
import { httpsConnection } from './node/connect.ts'

/** The address that the world of these tests has its one public host at. */
export const publicAddress = '93.184.215.14'

/**
 * Of nothing but this host, which is nowhere but in these tests: for `client.example` and its address, from 2020 to 9999.
 * Made once with openssl, which a newcomer need not have, and node:crypto makes none.
 */
export const certificate = `-----BEGIN CERTIFICATE-----
MIIBdjCCARygAwIBAgIBATAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5jbGllbnQu
ZXhhbXBsZTAgFw0yMDAxMDEwMDAwMDBaGA85OTk5MTIzMTIzNTk1OVowGTEXMBUG
A1UEAwwOY2xpZW50LmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASZ
9rTHoSHfvOmdgBqKZ6751cFmimY1E0i7E2/FmU8Ofqunm4DTdNOx67E9MiTmLMqr
7QhublI5oZ5QI506pt4to1MwUTAfBgNVHREEGDAWgg5jbGllbnQuZXhhbXBsZYcE
XbjXDjAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBS7pmZpdk+x4HBl0NJ3uMzV
P0m//DAKBggqhkjOPQQDAgNIADBFAiBNrzLQkgd8M+jzsCyvOkkMAACziV1ktpUu
ILNqldHeFQIhANm9r7JPLyZbnFLQUQVLvVkg+AJB/oFbwZUeN5Me0jVw
-----END CERTIFICATE-----`

export const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgae1PjR11CUc8HSVR
pNdEirMVHJnkrKLXCPGHOOxHK2ehRANCAASZ9rTHoSHfvOmdgBqKZ6751cFmimY1
E0i7E2/FmU8Ofqunm4DTdNOx67E9MiTmLMqr7QhublI5oZ5QI506pt4t
-----END PRIVATE KEY-----`

export interface PublicHost {
  requests: IncomingMessage[]
  /** Connections that were made, TLS or not; each resolves when it is gone. */
  connections: { closed: Promise<void>; resumed: boolean | undefined }[]
  /** The addresses that were connected to, in order. */
  dialled: (string | undefined)[]
  /** Names that were resolved, in order. */
  resolved: string[]
  /** The guard as it is in production, but for whom it asks for names and where the public address leads. */
  egress(parts?: Partial<GuardedEgressParts> & Differences): Egress
  close(): Promise<void>
}

export interface Differences {
  /** Whether its certificate is. Default true. */
  trusted?: boolean
  /** What its name resolves to. Default: the public address. */
  addresses?: readonly string[]
  /** The port that the public address leads to. Default: its own. */
  leadsTo?: number
}

/** `client.example` with real TLS on loopback, where the public address leads, and no other does. */
export async function publicHost(
  handle: (incoming: IncomingMessage, outgoing: ServerResponse) => void = (_, outgoing) => outgoing.end('{}'),
): Promise<PublicHost> {
  const requests: IncomingMessage[] = []
  const connections: PublicHost['connections'] = []
  const dialled: PublicHost['dialled'] = []
  const resolved: string[] = []
  const server = createServer({ key, cert: certificate }, (incoming, outgoing) => {
    requests.push(incoming)
    handle(incoming, outgoing)
  })
  server.on('upgrade', (incoming) => {
    requests.push(incoming)
  })
  server.on('connection', (socket) => {
    socket.on('error', () => {})
    const closed = new Promise<void>((done) => socket.on('close', () => done()))
    const connection: PublicHost['connections'][number] = { closed, resumed: undefined }
    connections.push(connection)
    server.once('secureConnection', (secure: TLSSocket) => {
      connection.resumed = secure.isSessionReused()
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo

  const dial = (trusted: boolean, leadsTo: number) => (options: RequestOptions) => {
    dialled.push(options.host ?? undefined)
    // What the tests have listening nowhere refuses connections, as a closed port does.
    const to = options.host === publicAddress ? leadsTo : 1
    return request({ ...options, host: '127.0.0.1', port: to, ...(trusted && { ca: certificate }) })
  }
  return {
    requests,
    connections,
    dialled,
    resolved,
    egress: ({ trusted = true, addresses = [publicAddress], leadsTo = port, ...parts } = {}) =>
      guardedEgress({
        resolve: async (name) => {
          resolved.push(name)
          return addresses
        },
        connect: httpsConnection(dial(trusted, leadsTo)),
        ...parts,
      }),
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

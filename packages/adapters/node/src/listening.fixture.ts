import { once } from 'node:events'
import type { Server } from 'node:http'
import type { Http2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { Mountable } from '@drawbridge/core'
import type { RunningApp } from '@drawbridge/testing'

/** Puts a server on a free port of 127.0.0.1. */
export async function listening(server: Server | Http2Server): Promise<RunningApp> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        if ('closeAllConnections' in server) server.closeAllConnections()
      }),
  }
}

/** Something to mount that answers `/token`. */
export function mounting(answer: Mountable['handle']): Mountable {
  return {
    routes: [{ path: '/token', methods: ['POST'] }],
    handle: async (request, context) =>
      new URL(request.url).pathname === '/token' ? answer(request, context) : undefined,
  }
}

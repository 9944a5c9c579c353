import { request as httpRequest } from 'node:http'
import type { Mountable, RequestContext } from '@drawbridge/core'
import type { Application } from '../body-readers.ts'
import type { SetupName } from './setups.fixture.ts'
import type { Wired } from './shot.fixture.ts'
import { type Answer, type Subject, subject } from './subject.fixture.ts'

/** Milliseconds. */
const patience = 20_000

/** An application that is started once, and a new server in it for each run, reached over the network. */
export async function behind(
  application: Application,
): Promise<{ open(setup: SetupName): Subject; close(): Promise<void> }> {
  let current: Subject = subject()
  let isOurs = false
  const mounted: Mountable = {
    routes: current.mounted.routes,
    async handle(request, context?: RequestContext) {
      const response = await current.mounted.handle(request, context)
      isOurs = response !== undefined
      return response
    },
  }
  const { url, close } = await application(mounted)
  return {
    open(setup) {
      const fresh = subject(setup)
      current = fresh
      return {
        ...fresh,
        async send(request) {
          isOurs = false
          const answer = await overHttp(url, request).catch((error: Error) => unanswered(request, error))
          return { ...answer, isOurs }
        },
      }
    },
    close,
  }
}

/** Bytes of a request's head. Beyond it Node closes the connection, and may or may not be heard to say 431. */
const longestHead = 16_000

/** No status there is, so that it is seen. */
function unanswered({ target, headers }: Wired, error: Error): Omit<Answer, 'isOurs'> {
  const status = target.length + headers.flat().join().length > longestHead ? 431 : 599
  return { status, headers: new Headers(), text: error.message }
}

// Of the connection, and not of what is asked: wrong ones leave both sides waiting.
const framing = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'expect',
  'te',
  'trailer',
  'proxy-connection',
])

function overHttp(base: string, { method, target, headers, body }: Wired): Promise<Omit<Answer, 'isOurs'>> {
  const { host, hostname, port } = new URL(base)
  const sent = headers.filter(([name]) => !framing.has(name.toLowerCase()))
  const length = method === 'GET' || method === 'HEAD' ? [] : ['content-length', String(body?.length ?? 0)]
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      // A connection for each: one that is kept may be closed at the very moment it is used.
      {
        agent: false,
        hostname,
        port,
        method,
        path: target,
        headers: ['host', host, ...sent.flat(), ...length],
        timeout: patience,
      },
      (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('error', reject)
        incoming.on('end', () => {
          const received = new Headers()
          for (const [name, values] of Object.entries(incoming.headersDistinct)) {
            for (const value of values ?? []) received.append(name, value)
          }
          resolve({
            status: incoming.statusCode ?? 0,
            headers: received,
            text: Buffer.concat(chunks).toString(),
          })
        })
      },
    )
    outgoing.on('timeout', () =>
      outgoing.destroy(new Error(`no answer within ${patience} ms: ${method} ${target}`)),
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

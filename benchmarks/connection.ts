import { connect, type Socket } from 'node:net'

/** An HTTP answer. */
export interface Answer {
  status: number
  /** The lines after the status, as they came. */
  head: string
  body: string
}

/** One kept-alive connection, which carries one request at a time. */
export interface Connection {
  /** @throws Error when the server closes in the middle of an answer */
  send(request: string): Promise<Answer>
  close(): void
}

/**
 * A connection that does as little as an HTTP client can, since `fetch` would take more time than the servers that are
 * measured. Reconnects where the server has closed after an answer.
 *
 * @param port on 127.0.0.1
 * @example
 * const answer = await connection(3000).send(requestText({ method: 'GET', path: '/', port: 3000 }))
 */
export function connection(port: number): Connection {
  let socket: Socket | undefined
  let received = ''
  let pending: { resolve(answer: Answer): void; reject(error: Error): void } | undefined

  function open(): Socket {
    received = ''
    const opened = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1')
    opened.on('data', (text: string) => {
      received += text
      const read = answerIn(received)
      if (!read || !pending) return
      const { resolve } = pending
      pending = undefined
      received = received.slice(read.length)
      if (/^connection: close\r?$/im.test(read.answer.head)) forget(opened)
      resolve(read.answer)
    })
    const fail = (error: Error) => {
      forget(opened)
      pending?.reject(error)
      pending = undefined
    }
    opened.on('error', fail)
    opened.on('close', () => socket === opened && fail(new Error(`127.0.0.1:${port} closed the connection`)))
    return opened
  }
  function forget(closed: Socket): void {
    if (socket === closed) socket = undefined
    closed.destroy()
  }

  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        pending = { resolve, reject }
        socket ??= open()
        socket.write(request, 'latin1')
      }),
    close: () => socket && forget(socket),
  }
}

/** A request as it goes over the wire. A body has a length, and its type is among the headers. */
export function requestText(request: {
  method: 'GET' | 'POST'
  path: string
  port: number
  headers?: Readonly<Record<string, string>> | undefined
  body?: string | undefined
}): string {
  const { method, path, port, headers = {}, body } = request
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const length = body === undefined ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`
  const start = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${lines.join('')}${length}\r\n`
  return body === undefined ? start : start + Buffer.from(body).toString('latin1')
}

/** All values of a header. */
export function headerValues(answer: Answer, name: string): string[] {
  return [...answer.head.matchAll(new RegExp(`^${name}: *(.*?)\\r?$`, 'gim'))].map(([, value = '']) => value)
}

function answerIn(text: string): { answer: Answer; length: number } | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const lineEnd = text.indexOf('\r\n')
  const status = Number(text.slice(9, 12))
  const head = text.slice(lineEnd + 2, end)
  const start = end + 4
  const told = /^content-length: *(\d+)/im.exec(head)?.[1]
  if (told !== undefined) {
    const length = start + Number(told)
    return text.length < length
      ? undefined
      : { answer: { status, head, body: text.slice(start, length) }, length }
  }
  if (!/^transfer-encoding: *chunked/im.test(head))
    return { answer: { status, head, body: '' }, length: start }
  let body = ''
  for (let at = start; ; ) {
    const sizeEnd = text.indexOf('\r\n', at)
    if (sizeEnd === -1) return undefined
    const size = Number.parseInt(text.slice(at, sizeEnd), 16)
    const next = sizeEnd + 2 + size + 2
    if (text.length < next) return undefined
    if (size === 0) return { answer: { status, head, body }, length: next }
    body += text.slice(sizeEnd + 2, next - 2)
    at = next
  }
}

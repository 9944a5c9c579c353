import type { Handler } from '../listen.ts'

/**
 * A provider names itself by the origin it was asked at. Whoever asks `localhost` is told `localhost`, and not the address
 * behind it: an issuer has to be the one that was configured.
 */
export function atLocalhost(handler: Handler): Handler {
  return (request) => {
    const url = new URL(request.url)
    url.hostname = 'localhost'
    return handler(request.headers.get('host') === url.host ? new Request(url, request) : request)
  }
}

import { isLoopback, printable } from '@drawbridge/core/syntax'
import { isObject } from './json-rpc.ts'

/** How many addresses the operator is told of, ever: strangers choose them. */
const most = 5

/**
 * Sees whether a client was given another address than that of `resource`, such as 127.0.0.1 for localhost. It cannot sign in
 * then: a client trusts the metadata of a resource only for that resource (RFC 9728 3.3). To the client they are two servers; here
 * they may well be one, and somebody has to say so.
 */
export function misdirection(resource: string | undefined, notice: (text: string) => void) {
  const told = new Set<string>()

  return {
    /** The answer; where it is 401 for who had no token, with the address that would do. */
    async explained(request: Request, response: Response): Promise<Response> {
      if (!resource || response.status !== 401 || request.headers.has('authorization')) return response
      const asked = askedFor(request, new URL(resource))
      if (asked === undefined) return response
      if (told.size < most && !told.has(asked)) {
        told.add(asked)
        notice(
          `A client asked for ${asked}, and this server is ${resource}: to clients these are two, and none signs in. Give the client ${resource}, or put ${asked} into \`issuer\` or \`resource\`. If a proxy writes another host into requests, let it keep the one that it was asked for.`,
        )
      }
      const body: unknown = await response
        .clone()
        .json()
        .catch(() => undefined)
      if (!isObject(body) || !('error_description' in body)) return response
      const error_description = `${body.error_description} You asked ${asked}, and this server is ${resource}: give the client that address.`
      const headers = new Headers(response.headers)
      headers.delete('content-length')
      return new Response(JSON.stringify({ ...body, error_description }), { status: 401, headers })
    },
  }
}

/** The origin a client was given, when that is known and not the resource's. */
function askedFor({ url, headers }: Request, resource: URL): string | undefined {
  const forwarded = first(headers.get('x-forwarded-host'))
  const host = forwarded ?? headers.get('host') ?? new URL(url).host
  const scheme = first(headers.get('x-forwarded-proto')) ?? resource.protocol.slice(0, -1)
  if (!/^https?$/.test(scheme) || !URL.canParse(`${scheme}://${host}`)) return undefined
  const { origin, hostname } = new URL(`${scheme}://${host}`)
  if (origin === resource.origin) return undefined
  // A proxy may name this process as it knows it, which is nothing that anybody typed.
  const isInternal = isLoopback(hostname) || !/[a-z]/i.test(hostname) || !hostname.includes('.')
  return isInternal && !forwarded && !isLoopback(resource.hostname) ? undefined : printable(origin)
}

/** Proxies add to such a header, and the first entry is the client's. */
function first(value: string | null): string | undefined {
  return value?.split(',')[0]?.trim().toLowerCase() || undefined
}

import type { OAuthServerWithDefault } from '@drawbridge/core'

/** The smallest application: `/upstream` is the provider's token, everything else that is not OAuth the AuthInfo. */
export function application(auth: OAuthServerWithDefault): (request: Request) => Promise<Response> {
  return async (request) => {
    const handled = await auth.handle(request)
    if (handled) return handled
    const result = await auth.authenticate(request)
    if (!result.ok) return result.response
    if (new URL(request.url).pathname !== '/upstream') return Response.json(result.auth)
    return auth.upstreamToken(result.auth).then(
      (token) => Response.json(token),
      ({ name, message }: Error) =>
        name === 'Unavailable'
          ? Response.json({ error: name, message }, { status: 503, headers: { 'retry-after': '2' } })
          : Response.json({ error: name, message }, { status: 403 }),
    )
  }
}

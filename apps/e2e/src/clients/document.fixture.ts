import { type Published, published } from '../published.ts'
import { type World, world } from '../world.ts'

export const url = 'https://app.test/oauth/client.json'
export const redirectUri = 'http://127.0.0.1:33418/callback'

export const document = (more: Record<string, unknown> = {}) => ({
  client_id: url,
  client_name: 'Example App',
  redirect_uris: ['http://127.0.0.1/callback', 'https://app.test/callback'],
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  ...more,
})

type Options = Parameters<typeof world>[0]

/** A server, and a web on which this document stands. */
export function withDocuments(
  options: Options = {},
  first: unknown = document(),
): { w: World; web: Published } {
  const web = published()
  if (first !== undefined) web.put(url, first)
  return { w: world({ egress: web.egress, ...options }), web }
}

export const appOf = (w: World, client_id = url, redirect = redirectUri) =>
  w.client({ credentials: { client_id }, redirectUri: redirect })

/** The page that an authorization request of this client comes to. */
export async function authorized(w: World, client_id = url, redirect = redirectUri) {
  const pending = await appOf(w, client_id, redirect).authorize()
  return w.browser().open(pending.url.href)
}

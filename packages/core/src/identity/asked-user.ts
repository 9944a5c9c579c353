import { jsonAnswer } from './json-answer.ts'
import { AccessDenied, type Login } from './provider.ts'

/**
 * What a provider's API says of whoever signed in, asked with their access token.
 *
 * @param url an endpoint that answers in JSON with an object
 * @throws {AccessDenied} when the token is refused and cannot be refreshed: the person ended the sign-in over there
 * @throws Error for anything else, which is an outage
 * @example
 * identify: async (login) => {
 *   const user = await askedUser(login, 'https://api.acme.dev/me')
 *   return { sub: String(user.id), claims: { name: user.name } }
 * }
 */
export async function askedUser(
  { tokens, call }: Pick<Login<unknown>, 'tokens' | 'call'>,
  url: string,
): Promise<Readonly<Record<string, unknown>>> {
  const response = await call(url, {
    headers: { accept: 'application/json', authorization: `Bearer ${tokens.access_token}` },
  })
  // A token that expires may just have been replaced elsewhere; its refresh will tell.
  if (response.status === 401 && tokens.expires_at === undefined) {
    throw new AccessDenied('The provider no longer accepts this sign-in. Please sign in again.')
  }
  const { status, body } = await jsonAnswer(response, url)
  if (status === 200 && typeof body === 'object' && body !== null && !Array.isArray(body)) {
    return body as Readonly<Record<string, unknown>>
  }
  throw new Error(`${new URL(url).host} answered ${status}, and not with who this is`)
}

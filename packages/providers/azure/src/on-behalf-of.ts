import { type OAuthProvider, refusal } from '@drawbridge/core/provider'
import { isOwn } from './scope-names.ts'

type Exchange = NonNullable<OAuthProvider['exchange']>

const notOurs =
  "The sign-in asked for no scope of the app's own API, and Entra acts on behalf of nobody else."

/**
 * Another API's token for the same user, for the token of the app's own that is kept.
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow
 */
export const onBehalfOf: Exchange = async ({ tokens, scopes, endpoints, post }) => {
  if (!isOwn(tokens.scopes)) return refusal('invalid_grant', notOurs)
  return post(endpoints.token, {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: tokens.access_token,
    scope: scopes.join(' '),
    requested_token_use: 'on_behalf_of',
  })
}

import * as oauth from 'oauth4webapi'
import type { ClientAuth } from './provider.ts'

/** How each request to the provider's token endpoint says who we are. Secrets and assertions are asked for each time. */
export function upstreamAuthentication(auth: ClientAuth): oauth.ClientAuth {
  switch (auth.method) {
    case 'none':
      return oauth.None()
    case 'client_secret_basic':
      return async (_, { client_id }, __, headers) => {
        headers.set('authorization', basicCredentials(client_id, await textOf(auth.secret)))
      }
    case 'client_secret_post':
      return async (_, { client_id }, body) => {
        body.set('client_id', client_id)
        body.set('client_secret', await textOf(auth.secret))
      }
    case 'private_key_jwt':
      return oauth.PrivateKeyJwt(auth.kid === undefined ? auth.key : { key: auth.key, kid: auth.kid })
    case 'assertion':
      return async (_, { client_id }, body) => {
        body.set('client_id', client_id)
        body.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
        body.set('client_assertion', await auth.assertion())
      }
  }
}

function textOf(secret: string | (() => string | Promise<string>)): string | Promise<string> {
  return typeof secret === 'string' ? secret : secret()
}

/**
 * RFC 6749 2.3.1 has both form-encoded, and many servers compare them as they come. So only that is encoded which would
 * not survive a server that decodes, or the header: then both kinds understand `-`, `_`, `~`, `.`, `!` and `=`.
 */
function basicCredentials(client_id: string, secret: string): string {
  const pair = `${client_id.replace(/[%+:]|[^\x20-\x7E]/gu, encodeURIComponent)}:${secret.replace(/[%+]|[^\x20-\x7E]/gu, encodeURIComponent)}`
  return `Basic ${btoa(pair)}`
}

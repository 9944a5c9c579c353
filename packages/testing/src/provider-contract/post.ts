import type { Call, OAuthProvider, Post } from '@drawbridge/core/provider'

/** A form that says who we are as the provider's `client.auth` wants it, as core sends it. */
export function postAs({ client }: OAuthProvider, call: Call): Post {
  return async (url, parameters) => {
    const body = new URLSearchParams(parameters)
    const headers = new Headers({ accept: 'application/json' })
    const { auth } = client
    if (auth.method === 'client_secret_basic') {
      headers.set('authorization', `Basic ${btoa(`${client.id}:${await secretOf(auth.secret)}`)}`)
    } else {
      body.set('client_id', client.id)
    }
    if (auth.method === 'client_secret_post') body.set('client_secret', await secretOf(auth.secret))
    if (auth.method === 'assertion') {
      body.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
      body.set('client_assertion', await auth.assertion())
    }
    if (auth.method === 'private_key_jwt') {
      throw new TypeError('The contract does not sign: open it with `assertion` in place of private_key_jwt.')
    }
    return call(url, { method: 'POST', headers, body })
  }
}

async function secretOf(secret: string | (() => string | Promise<string>)): Promise<string> {
  return typeof secret === 'string' ? secret : secret()
}

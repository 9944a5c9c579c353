import { isCodeChallenge } from '../crypto/pkce.ts'
import { randomText } from '../crypto/random.ts'
import { type Offered, requestedAccess } from '../grants/requested-access.ts'
import type { Form } from '../http/forms.ts'
import type { Provider } from '../identity/provider.ts'
import { OAuthError } from '../oauth-error.ts'
import type { RegisteredClient } from '../records/client-metadata.ts'
import type { AuthorizationRequest, Prompt } from '../records/transaction.ts'
import { isGoodRedirect } from './redirect-to-client.ts'
import type { Server } from './server.ts'

// What `/authorize` checks of a request (RFC 6749 4.1.1, RFC 7636 4.3, RFC 8707 2), in steps that other ways to bring one
// can share.

/** A longer `state` could neither be kept for everybody nor be sent back in a URL. */
const maximumStateBytes = 4096
/** An address has 254 characters (RFC 5321 4.5.3.1). */
const maximumHint = 256

/** Where the client is answered; `undefined`: at no address that it may be answered at. */
export function requestedRedirect(
  server: Pick<Server, 'redirectUris'>,
  client: RegisteredClient,
  form: Form,
): string | undefined {
  const [only, ...others] = client.redirect_uris
  const redirect_uri = form.get('redirect_uri') ?? (others.length === 0 ? only : undefined)
  return redirect_uri !== undefined && isGoodRedirect(server, client, redirect_uri) ? redirect_uri : undefined
}

/** The client's own, which goes back to it. Throws `invalid_request` for one that could not: then nothing does. */
export function requestedState({ client_id }: RegisteredClient, form: Form): string | undefined {
  const state = form.get('state')
  if (state === undefined || storedBytes(state) <= maximumStateBytes) return state
  throw new OAuthError('invalid_request', `The state is longer than ${maximumStateBytes} bytes.`, {
    event: { type: 'authorize.refused', reason: 'invalid_request', client_id },
  })
}

/** What the parameters of an authorization request come to. Throws an `OAuthError` that the client is to hear. */
export function authorizationRequest(
  server: Offered & Pick<Server, 'consent' | 'own' | 'providers'>,
  client: RegisteredClient,
  form: Form,
  answered: { redirect_uri: string; state: string | undefined },
): AuthorizationRequest {
  const response_type = form.get('response_type')
  if (response_type === undefined)
    throw new OAuthError('invalid_request', 'The parameter response_type is missing.')
  if (response_type !== 'code') throw new OAuthError('unsupported_response_type', 'Use response_type=code.')
  if ((form.get('response_mode') ?? 'query') !== 'query') {
    throw new OAuthError('invalid_request', 'Use response_mode=query, or leave it out.')
  }
  const code_challenge = form.get('code_challenge')
  if (code_challenge === undefined) {
    throw new OAuthError('invalid_request', 'The parameter code_challenge is missing: PKCE is required.')
  }
  if (form.get('code_challenge_method') !== 'S256' || !isCodeChallenge(code_challenge)) {
    throw new OAuthError(
      'invalid_request',
      'Use code_challenge_method=S256 with its 43 characters of challenge.',
    )
  }
  const { resource, scopes } = requestedAccess(server, client, form)
  const { prompt, asks_consent } = promptsOf(server, form)
  const { client_id, correlation = randomText(9) } = client
  return {
    client_id,
    ...answered,
    redirect_uri_named: form.get('redirect_uri') !== undefined,
    code_challenge,
    resource,
    scopes,
    prompt,
    asks_consent,
    login_hint: loginHint(form),
    correlation,
  }
}

/**
 * What the person is to be asked (OpenID Connect Core 3.1.2.1): consent here, the rest at the provider. Prompts that nobody
 * knows change nothing. Throws where what is asked for cannot be.
 */
function promptsOf(
  server: Pick<Server, 'consent' | 'own' | 'providers'>,
  form: Form,
): Pick<AuthorizationRequest, 'prompt' | 'asks_consent'> {
  const asked = form.get('prompt')?.split(' ').filter(Boolean) ?? []
  const prompt = (['none', 'login', 'select_account'] as const).find((known) => asked.includes(known))
  if (prompt === 'none' && asked.length > 1) {
    throw new OAuthError('invalid_request', 'Use prompt=none alone.')
  }
  if (prompt === 'none' && !knowsNone(server)) {
    throw new OAuthError('consent_required', 'This server asks its users; leave out prompt=none.')
  }
  if (prompt === 'login' && !server.providers.some((provider) => canAsk(provider, prompt))) {
    throw new OAuthError('login_required', 'Nobody can be made to sign in again; leave out prompt=login.')
  }
  return { prompt, asks_consent: asked.includes('consent') || undefined }
}

/** For metadata: what can come of a `prompt`, with the providers that there are. */
export function supportedPrompts(server: Pick<Server, 'consent' | 'own' | 'providers'>): readonly string[] {
  const known = (['login', 'select_account', 'none'] as const).filter(
    (prompt) =>
      server.providers.some((provider) => canAsk(provider, prompt)) &&
      (prompt !== 'none' || knowsNone(server)),
  )
  return server.consent === 'skip' ? known : ['consent', ...known]
}

/** Whether anybody is ever let in without being asked. */
function knowsNone({ consent, own }: Pick<Server, 'consent' | 'own'>): boolean {
  return consent !== 'always' && own !== undefined
}

/** Whether a provider can be told so, and does it. Who signs in at a page of ours is always asked. */
export function canAsk(provider: Provider, prompt: Prompt): boolean {
  return provider.type === 'form' ? prompt === 'login' : (provider.prompts?.includes(prompt) ?? false)
}

/** Only a hint: one that could be no name or address is left out. */
function loginHint(form: Form): string | undefined {
  const hint = form.get('login_hint')
  return hint !== undefined && hint.length <= maximumHint && !/\p{Cc}/u.test(hint) ? hint : undefined
}

/** As it will lie in a record, which is JSON. */
function storedBytes(text: string): number {
  return new TextEncoder().encode(JSON.stringify(text)).length - 2
}

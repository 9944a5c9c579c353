import { ConfigurationError } from '../errors.ts'
import { checkCall } from '../known-options.ts'
import { askedUser } from './asked-user.ts'
import {
  AccessDenied,
  type AuthorizationParameters,
  type Endpoints,
  type Identity,
  type Login,
  type OAuthProvider,
  type ProviderScopes,
} from './provider.ts'
import { type ClientCredentials, providerClient } from './provider-client.ts'

/** What an OpenID provider says of somebody (OpenID Connect Core 5.1). */
export interface OpenIdClaims {
  readonly sub: string
  readonly name?: string | undefined
  readonly email?: string | undefined
  readonly email_verified?: boolean | undefined
  readonly picture?: string | undefined
  readonly [claim: string]: unknown
}

/** Options of {@link openIdConnect}. */
export interface OpenIdConnectOptions<Claims = OpenIdClaims>
  extends ClientCredentials,
    Pick<OAuthProvider, 'id' | 'label' | 'icon' | 'parameters' | 'response_mode' | 'pkce'> {
  /** See {@link OAuthProvider.prompts}. Default: `login` and `none`, which OpenID Connect wants of all. */
  prompts?: OAuthProvider['prompts'] | undefined
  /** As the provider publishes it; a function where each tenant has its own: see {@link OAuthProvider.issuer}. */
  issuer: NonNullable<OAuthProvider['issuer']>
  /** Written endpoints win over discovered ones. */
  endpoints?: Partial<Endpoints> | undefined
  /** `openid` is sent in any case. Default: `openid`, `profile` and `email`. */
  scopes?: ProviderScopes | undefined
  /** Default `per-login`. */
  tokens?: OAuthProvider['tokens'] | undefined
  /** Default `token`. */
  revocation?: OAuthProvider['revocation'] | undefined
  conform?: OAuthProvider['conform'] | undefined
  revoke?: OAuthProvider['revoke'] | undefined
  exchange?: OAuthProvider['exchange'] | undefined
  /**
   * Whether this account may enter; only `true` lets it in. Asked again when a sign-in is checked again. May throw
   * {@link AccessDenied} to say why not; any other error is an outage. Default: everybody whom the provider lets in.
   */
  permit?: ((claims: OpenIdClaims) => boolean | Promise<boolean>) | undefined
  /** Who this is, and what tools learn. Default: `sub`, and what the provider says of the person. */
  identity?: ((claims: OpenIdClaims) => Identity<Claims>) | undefined
  /**
   * `false`: its userinfo endpoint is never asked. Default: it is asked where the id_token lacks what the scopes `email`
   * and `profile` promise, and when a sign-in is checked again and there is no newer id_token.
   */
  userinfo?: false | undefined
  /** Further claims that the provider promises, for which userinfo is asked where the id_token lacks them: `['groups']`. */
  promised?: readonly string[] | undefined
  /** Makes the provider's claims what OpenID Connect says, before anything looks at them. They may be of userinfo alone. */
  conformClaims?: ((claims: OpenIdClaims) => OpenIdClaims) | undefined
}

/** Seconds after which an id_token no longer says how things are. */
const current = 3600

/** Claims about the token, and not about the person (RFC 7519 4.1, OpenID Connect Core 2). */
const ofTheToken = new Set([
  ...['iss', 'aud', 'azp', 'exp', 'iat', 'nbf', 'jti'],
  ...['nonce', 'at_hash', 'c_hash', 'auth_time', 'sid'],
])

const members = {
  id: 'text',
  label: 'text',
  icon: 'object',
  issuer: true,
  clientId: 'text',
  clientSecret: 'text',
  clientAuth: true,
  endpoints: 'object',
  scopes: 'object',
  parameters: 'object',
  prompts: 'texts',
  response_mode: true,
  pkce: 'flag',
  tokens: 'text',
  revocation: 'text',
  conform: 'function',
  revoke: 'function',
  exchange: 'function',
  permit: 'function',
  identity: 'function',
  userinfo: 'flag',
  promised: 'texts',
  conformClaims: 'function',
} as const

/**
 * A whole OpenID provider, from its issuer. What it makes is plain data: spread it, and replace what is different.
 *
 * @param caller Who calls it, for messages about what is missing. A provider package names its own function.
 * @throws {ConfigurationError} for missing credentials, and options there are not
 * @example
 * ```ts
 * const provider = openIdConnect({
 *   id: 'acme',
 *   label: 'Acme',
 *   issuer: 'https://login.acme.dev',
 *   clientId,
 *   clientSecret,
 *   permit: ({ email, email_verified }) => email_verified === true && email?.endsWith('@acme.dev') === true,
 * })
 * ```
 */
export function openIdConnect<Claims = OpenIdClaims>(
  options: OpenIdConnectOptions<Claims>,
  caller: { call: string; where: string } = {
    call: 'openIdConnect()',
    where: `on the app's page at ${options?.label}`,
  },
): OAuthProvider<Claims> {
  checkCall<OpenIdConnectOptions<Claims>>('openIdConnect({ id, label, issuer })', options, members)
  const { id, label, icon, issuer, response_mode, pkce, parameters, conform, revoke, exchange } = options
  if (typeof issuer !== 'function' && !URL.canParse(issuer)) {
    throw new ConfigurationError(
      'issuer',
      `"${issuer}" is not a URL`,
      'Pass it as the provider publishes it.',
    )
  }
  const { scopes, promised } = scopesOf(options.scopes ?? { default: ['openid', 'profile', 'email'] })
  const needed = [...promised, ...(options.promised ?? [])]
  return {
    type: 'oauth',
    id,
    label,
    icon,
    client: providerClient(options, id, caller),
    issuer,
    endpoints: { ...options.endpoints },
    scopes,
    parameters: {
      ...parameters,
      authorize: (request) => asked(request, parameters?.authorize?.(request) ?? {}),
    },
    // Core 15.1 has every provider do these, and say `auth_time` to whoever sends `max_age`. Some refuse `select_account`.
    prompts: options.prompts ?? ['login', 'none'],
    response_mode,
    pkce,
    tokens: options.tokens ?? 'per-login',
    revocation: options.revocation ?? 'token',
    ...(conform && { conform }),
    ...(revoke && { revoke }),
    ...(exchange && { exchange }),
    async identify(login) {
      const said = await claimsOf(login, needed, options.userinfo !== false)
      const claims = options.conformClaims?.(said) ?? said
      if (options.permit && (await options.permit(claims)) !== true) {
        throw new AccessDenied('This account has no access here. You can try again with another one.')
      }
      const identity = options.identity?.(claims) ?? {
        sub: claims.sub,
        claims: aboutThePerson(claims) as Claims,
      }
      return { account: accountOf(claims), ...identity }
    },
  }
}

/**
 * With what is asked of the person (OpenID Connect Core 3.1.2.1). What somebody wants now wins over a `prompt` that the
 * provider gets each time, but for one that brings a refresh token.
 */
function asked(
  { prompt, login_hint, again }: AuthorizationParameters,
  own: Record<string, string>,
): Record<string, string> {
  return {
    ...(login_hint && { login_hint }),
    ...own,
    ...(prompt && { prompt: (again && own.prompt) || prompt }),
    // Only then does the id_token have to say when (Core 2). Who just signed in does not have to do it twice.
    ...(prompt === 'login' && { max_age: again ? '3600' : '0' }),
  }
}

/** With `openid` among them, and what the others promise of the person (OpenID Connect Core 5.4). */
function scopesOf(given: ProviderScopes) {
  const asked = [...given.default, ...(given.hidden ?? [])]
  return {
    scopes: asked.includes('openid') ? given : { ...given, hidden: ['openid', ...(given.hidden ?? [])] },
    promised: [...(asked.includes('email') ? ['email'] : []), ...(asked.includes('profile') ? ['name'] : [])],
  }
}

async function claimsOf(
  login: Login<unknown>,
  promised: readonly string[],
  mayAsk: boolean,
): Promise<OpenIdClaims> {
  const { claims, endpoints, previous, call } = login
  const age = call.clock.now() / 1000 - Number(claims?.iat)
  const isOld = previous !== undefined && !(age < current)
  const saysTooLittle = !claims || isOld || promised.some((name) => claims[name] === undefined)
  const further =
    endpoints.userinfo !== undefined && mayAsk && saysTooLittle
      ? await askedUser(login, endpoints.userinfo)
      : undefined
  const sub = claims?.sub ?? further?.sub
  if (typeof sub !== 'string' || sub === '')
    throw new Error('neither an id_token nor userinfo says who this is')
  // OpenID Connect Core 5.3.2: an answer about somebody else is not to be used.
  if (further && further.sub !== sub) throw new Error('userinfo is about somebody else than the id_token')
  return { ...claims, ...further, sub }
}

/** What people know their account by. */
function accountOf({ email, preferred_username, name }: OpenIdClaims): string | undefined {
  return [email, preferred_username, name].find((one): one is string => typeof one === 'string' && one !== '')
}

function aboutThePerson(claims: OpenIdClaims): OpenIdClaims {
  return {
    ...Object.fromEntries(Object.entries(claims).filter(([name]) => !ofTheToken.has(name))),
    sub: claims.sub,
  }
}

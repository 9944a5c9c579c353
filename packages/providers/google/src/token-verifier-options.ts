import {
  type AskedTokensOptions,
  askedTokensTable,
  ConfigurationError,
  checkCall,
  checkMembers,
  credential,
  variableOf,
} from '@drawbridge/core/provider'
import { secureUrl } from '@drawbridge/core/syntax'
import { checkRules, type GoogleOptions } from './options.ts'

/** Options of `googleTokenVerifier`. */
export interface GoogleTokenVerifierOptions
  extends AskedTokensOptions,
    Pick<GoogleOptions, 'allow' | 'permit'> {
  /**
   * The app's client id, or several: of a web and a desktop client of one project. Default: the environment variable
   * `DRAWBRIDGE_GOOGLE_CLIENT_ID`, or that of another `id`.
   */
  clientId?: string | readonly string[] | undefined
  /** The first part of subjects, `google|1234`: the same as the provider's, so that a user is one user. Default `google`. */
  id?: string | undefined
  /** Which tokens are Google's; others are left to the next verifier, and never shown to Google. Default: those with `ya29.` in front. */
  recognises?: ((token: string) => boolean) | undefined
  /** Default: Google's. */
  endpoints?: { tokeninfo?: string | undefined; userinfo?: string | undefined } | undefined
}

/** @throws {ConfigurationError} for an option that there is not, or that cannot be what it is */
export function checkVerifierOptions(options: GoogleTokenVerifierOptions): void {
  checkCall<GoogleTokenVerifierOptions>('googleTokenVerifier({ clientId })', options, {
    ...askedTokensTable,
    clientId: 'text or texts',
    id: 'text',
    allow: true,
    permit: 'function',
    recognises: 'function',
    endpoints: 'object',
  })
  checkRules(options.allow)
}

/** @throws {ConfigurationError} for none, and an empty one */
export function clientIdsOf(given: string | readonly string[] | undefined, id: string): readonly string[] {
  const where = "on the client's page in Google's console"
  const caller = { call: 'googleTokenVerifier()', variable: variableOf(id, 'CLIENT_ID'), where }
  const written = typeof given === 'object' ? given : [credential('clientId', given, caller)]
  if (written.length > 0 && written.every(Boolean)) return written
  throw new ConfigurationError('clientId', 'holds no client id', 'Name at least one, and no empty one.')
}

/** @throws {ConfigurationError} for one that is not https */
export function endpointsOf(given: GoogleTokenVerifierOptions['endpoints'] = {}): {
  tokeninfo: string
  userinfo: string
} {
  checkMembers('endpoints', given, { tokeninfo: 'text', userinfo: 'text' })
  const {
    tokeninfo = 'https://oauth2.googleapis.com/tokeninfo',
    userinfo = 'https://openidconnect.googleapis.com/v1/userinfo',
  } = given
  for (const [name, url] of Object.entries({ tokeninfo, userinfo }))
    secureUrl(`endpoints.${name}`, url, 'Pass an https URL.')
  return { tokeninfo, userinfo }
}

import {
  ConfigurationError,
  checkCall,
  type OAuthProvider,
  type OpenIdConnectOptions,
  type OptionTable,
} from '@drawbridge/core/provider'
import type { AzureClientAuth } from './client-auth.ts'
import { checkGraph, type GraphOptions } from './graph.ts'
import type { AzureUser } from './identity.ts'
import { type AzureAllow, checkRules } from './rules.ts'

/** What the provider and the verifier have in common. */
export interface AzureAccess {
  /** The "Application (client) ID". Default: the variable `DRAWBRIDGE_AZURE_CLIENT_ID`. */
  clientId?: string | undefined
  /** The first part of subjects, and of the callback path: never change it once there are users. Default `azure`. */
  id?: string | undefined
  /**
   * Whose accounts sign in: the id of a directory (a GUID), or `organizations`, `common` or `consumers`. Default: the variable
   * `DRAWBRIDGE_AZURE_TENANT`.
   */
  tenant?: string | undefined
  /**
   * Where: another cloud, a tenant of External ID, a policy of Azure AD B2C. Default: the variable
   * `DRAWBRIDGE_AZURE_AUTHORITY`, or `https://login.microsoftonline.com`.
   */
  authority?: string | undefined
  /** What the app's own API is called, under _Expose an API_. Default `api://<client id>`. */
  applicationIdUri?: string | undefined
  /**
   * Whether somebody whom `allow` lets in may enter; only `true` lets them in. Asked each time that the rules are. May
   * throw `AccessDenied` to say why not; any other error is an outage. Default: nobody else is refused.
   */
  permit?: ((user: AzureUser) => boolean | Promise<boolean>) | undefined
}

/** Options of {@link azure}. */
export type AzureOptions = Options & Credential

type Credential =
  | {
      /** A client secret's value. Default: the variable `DRAWBRIDGE_AZURE_CLIENT_SECRET`. */
      clientSecret?: string | undefined
      /** How the secret is sent, or what takes its place: `managedIdentity()`, `workloadIdentity()`, a certificate. */
      clientAuth?: Extract<AzureClientAuth, string> | undefined
    }
  | { clientSecret?: undefined; clientAuth: Exclude<AzureClientAuth, string> }

interface Options extends AzureAccess, Pick<OpenIdConnectOptions, 'endpoints'> {
  /** What people read on the button. Default `Microsoft`. */
  label?: string | undefined
  /**
   * Asked for at each sign-in. Short names are those of the app's own API: `files.read`. Those of another API are written in
   * full, and no client gets to see them: `https://graph.microsoft.com/Mail.Read`. Default `['openid', 'profile', 'email']`.
   */
  scopes?: readonly string[] | undefined
  /**
   * Scopes of other APIs, in full, that people agree to when they sign in. A tool gets a token for them with
   * `getUpstreamToken({ scopes })`. Needs a scope of the app's own API in `scopes`.
   */
  onBehalfOf?: readonly string[] | undefined
  /** What to ask Microsoft Graph about people. */
  graph?: GraphOptions | undefined
  /** More for the authorization URL: `{ domain_hint: 'acme.dev' }`. */
  parameters?: Readonly<Record<string, string>> | undefined
  /**
   * What Entra does of what it can be told to ask. Add `login` once the app registration has the optional claim `auth_time` in
   * its id_tokens: a client that asks for a new sign-in is refused where they do not say when it was. Default
   * `['select_account', 'none']`.
   */
  prompts?: OAuthProvider['prompts'] | undefined
  /** Left out: everybody of the one `tenant`. */
  allow?: AzureAllow | undefined
}

/** For the tables of both functions. */
export const accessTable: OptionTable<AzureAccess> = {
  clientId: 'text',
  id: 'text',
  tenant: 'text',
  authority: 'text',
  applicationIdUri: 'text',
  permit: 'function',
}

/** @throws {ConfigurationError} for an option that there is not, or that cannot be what it is */
export function checkOptions(options: AzureOptions): void {
  checkCall<AzureOptions>('azure({ tenant, clientId, clientSecret })', options, {
    ...accessTable,
    clientSecret: 'text',
    clientAuth: true,
    label: 'text',
    scopes: 'texts',
    onBehalfOf: 'texts',
    graph: 'object',
    endpoints: 'object',
    parameters: 'object',
    prompts: 'texts',
    allow: true,
  })
  checkRules(options.allow)
  checkGraph(options.graph)
  const { clientSecret, clientAuth }: { clientSecret?: unknown; clientAuth?: AzureClientAuth | undefined } =
    options
  if (clientSecret === undefined || typeof clientAuth !== 'object') return
  throw new ConfigurationError(
    'clientSecret',
    `is there, and so is clientAuth: ${clientAuth.method}`,
    'Pass one of them: clientAuth takes the place of the secret.',
  )
}

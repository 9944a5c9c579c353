import type { OptionTable } from '../known-options.ts'
import type { Endpoints, OAuthProvider } from './provider.ts'
import type { ClientCredentials } from './provider-client.ts'

/** What every provider package takes, by the names that all of them have. */
export interface ProviderOptions<User, Allow> extends ClientCredentials {
  /** Part of every subject and of the callback path: never change it once there are users. Default: the function's name. */
  id?: string | undefined
  /** What people read on the button. Default: what the provider is called. */
  label?: string | undefined
  /** Asked for at each sign-in. */
  scopes?: readonly string[] | undefined
  /** Written endpoints win over discovered ones. */
  endpoints?: Partial<Endpoints> | undefined
  /** More for the authorization URL: `{ prompt: 'select_account' }`. It wins over the provider's own, and never over the flow's, nor over what a client asks of the person. */
  parameters?: Readonly<Record<string, string>> | undefined
  /**
   * What it does of what it can be told to ask, where you know better: `[]` for none of it. `login` only where its id_tokens
   * have `auth_time`. Default: what its documentation says.
   */
  prompts?: OAuthProvider['prompts'] | undefined
  /** Who may enter, in the provider's own terms. Left out: everybody whom the provider lets in. */
  allow?: Allow | undefined
  /**
   * Whether somebody whom `allow` lets in may enter; only `true` lets them in. Asked each time that the rules are. May
   * throw `AccessDenied` to say why not; any other error is an outage. Default: nobody else is refused.
   */
  permit?: ((user: User) => boolean | Promise<boolean>) | undefined
}

/** Of these, for `checkCall`. */
export const providerOptionsTable: OptionTable<ProviderOptions<never, unknown>> = {
  clientId: 'text',
  clientSecret: 'text',
  clientAuth: true,
  id: 'text',
  label: 'text',
  scopes: 'texts',
  endpoints: 'object',
  parameters: 'object',
  prompts: 'texts',
  allow: true,
  permit: 'function',
}

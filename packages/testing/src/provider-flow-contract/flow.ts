import type { OAuthProvider } from '@drawbridge/core/provider'
import type { FakeClock } from '../clock.ts'
import type { Handler } from '../listen.ts'

/**
 * What a provider must have for a case to apply to it.
 *
 * - `refusal`: rules about who may enter.
 * - `permit`: an option that is a predicate about who may enter.
 * - `tenant`: accounts of tenants or organizations, of which not all may enter.
 * - `refresh`: refresh tokens.
 * - `revoke`: a way to end tokens.
 * - `id_token`: an id_token of each sign-in, whose keys it publishes.
 */
export type FlowFeature = 'refusal' | 'permit' | 'tenant' | 'refresh' | 'revoke' | 'id_token'

/** Makes the provider and a development provider that goes by this clock; called once per case. */
export type OpenFlow = (clock: FakeClock, options: FlowOptions) => ProviderFlow | Promise<ProviderFlow>

/** What a case wants of the provider. */
export interface FlowOptions {
  /** For the provider's option of that name, beside its rules. There in the cases that need `permit`. */
  permit?: ((claims: unknown) => Promise<boolean>) | undefined
}

/** A provider, and where it signs people in. */
export interface ProviderFlow {
  /** With rules, so that somebody is refused, if it has any. */
  provider: OAuthProvider
  /** The development provider by origin: `{ 'https://login.test': dev.fetch }`. */
  network: Readonly<Record<string, Handler>>
  /** Whom to press the button of on the provider's sign-in page. */
  people: {
    member: string
    /** May enter, too. */
    other: string
    /** May not, by the rules. Needed for `refusal`. */
    refused?: string | undefined
    /** Of a tenant or an organization that may not. Needed for `tenant`. */
    foreign?: string | undefined
  }
  /** Two of the provider's scopes that clients may ask for, of which neither includes the other. */
  scopes: {
    first: string
    /** None that is always asked for. */
    second: string
  }
  /** Whether the provider itself takes this access token now. */
  works(access_token: string): boolean | Promise<boolean>
  /** What somebody does in their account there: ends what they let the app do. */
  endAccess(person: string): void
  /** From now on the rules refuse this member, who left. Needed for `refusal`. */
  leave?(person: string): void
  /** Cleans up, at the end of the case. */
  dispose?(): void | Promise<void>
}

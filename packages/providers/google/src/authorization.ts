import type { AuthorizationParameters } from '@drawbridge/core/provider'
import type { GoogleOptions } from './options.ts'

/**
 * Google gives a refresh token only with `access_type=offline`, and after somebody's first consent only with
 * `prompt=consent`.
 * https://developers.google.com/identity/openid-connect/openid-connect#authenticationuriparameters
 */
export function authorizationParameters(
  { allow, parameters }: GoogleOptions,
  { again }: AuthorizationParameters,
): Record<string, string> {
  const { hostedDomains = [], emails = [] } = allow ?? {}
  const [domain, ...others] = emails.length > 0 ? [] : hostedDomains
  const all = {
    access_type: 'offline',
    // Only which accounts are offered: anybody can change it, and the claim is what counts.
    ...(domain !== undefined && { hd: others.length > 0 ? '*' : domain }),
    ...parameters,
  }
  return again && all.access_type === 'offline' ? { ...all, prompt: 'consent' } : all
}

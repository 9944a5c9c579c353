import { credential, variableOf } from '@drawbridge/core/provider'
import { hostOrigin } from '@drawbridge/core/syntax'

/**
 * The issuer at an AuthKit domain: https://workos.com/docs/reference/workos-connect/metadata
 *
 * @param from.call the function that was called, for messages
 * @throws {ConfigurationError} for none, and for what is no host
 */
export function issuerOf(id: string, from: { call: string; domain: string | undefined }): string {
  const domain = credential('domain', from.domain, {
    call: from.call,
    variable: variableOf(id, 'DOMAIN'),
    where: 'in the WorkOS dashboard, such as acme.authkit.app',
  })
  return hostOrigin('domain', domain, 'acme.authkit.app')
}

import { environment } from '../environment.ts'
import { ConfigurationError } from '../errors.ts'

/**
 * What a provider needs and cannot guess, from its options or from the environment.
 *
 * @param from.call the function that was called, for the message: `acme()`
 * @param from.variable the environment variable that stands in for the option
 * @param from.where where people find the value
 * @throws {ConfigurationError} when it is in neither, or empty
 * @example
 * const clientId = credential('clientId', options.clientId, {
 *   call: 'acme()',
 *   variable: 'DRAWBRIDGE_ACME_CLIENT_ID',
 *   where: "on the app's page in Acme's console",
 * })
 */
export function credential(
  option: string,
  given: string | undefined,
  from: { call: string; variable: string; where: string },
): string {
  const value = given ?? environment(from.variable)
  if (value) return value
  throw new ConfigurationError(
    option,
    'is missing',
    `Pass it to ${from.call}, or set ${from.variable}; the value is ${from.where}.`,
  )
}

/**
 * The environment variable of a provider's option: of the `id`, so that two apps at one provider each have their own.
 *
 * @param name the option in capitals, as in `CLIENT_ID`
 * @example
 * variableOf('acme-staging', 'CLIENT_ID') // DRAWBRIDGE_ACME_STAGING_CLIENT_ID
 */
export function variableOf(id: string, name: string): string {
  return `DRAWBRIDGE_${id.toUpperCase().replaceAll('-', '_')}_${name}`
}

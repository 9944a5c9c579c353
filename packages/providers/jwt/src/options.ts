import { ConfigurationError } from '@drawbridge/core/provider'

/** Checks a duration in seconds. Throws {@link ConfigurationError}. */
export function duration(option: string, given: number | undefined, otherwise: number): number {
  const value = given ?? otherwise
  if (!Number.isFinite(value) || value < 0) {
    throw new ConfigurationError(option, `is ${value}`, 'Pass a number of seconds, 0 or more.')
  }
  return value
}

/** One or several, as a list. */
export function listOf<T>(value: T | readonly T[]): readonly T[] {
  return isList(value) ? value : [value]
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value)
}

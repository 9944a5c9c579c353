/** For storage packages: the contract they implement. */

export type { Clock } from './clock.ts'
export { systemClock } from './clock.ts'
export { ConfigurationError } from './errors.ts'
export { checkCall, checkMembers, inWords, type OptionKind, type OptionTable } from './known-options.ts'
export { type LogOption, tellOperator } from './log/operator-log.ts'
export type { KeyPage, ListOptions, PutOptions, Storage, StoredValue } from './storage/storage.ts'

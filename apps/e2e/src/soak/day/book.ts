import type { Ledger } from '../ledger.ts'

/** What a day counts, in the order in which it is printed. */
export const dayRows = [
  'steps',
  'accounts of the one person',
  'sign-ins',
  'sign-ins to be tried again',
  'step-ups',
  'refreshes',
  'parallel refreshes of one token',
  'answers lost on their way',
  'tool calls',
  'tool calls answered with a later',
  'upstream refreshes',
  'identity checks',
  'sign-outs',
  'sign-outs while the same account signed in',
  'last sign-outs of an account',
  'revocations at a provider',
  'accesses ended in account settings',
  'sessions that ended with that',
  'outages of a provider',
  'requests lost to an outage',
  'slow answers of a provider',
  'faults of the store',
  'instances replaced',
  'looks at a session',
  'most sessions at once',
] as const

export type Book = Ledger<(typeof dayRows)[number]>

import { expect, expectTypeOf, it } from 'vitest'
import type { OAuthErrorCode } from '../errors.ts'
import type { DrawbridgeEvents, EventType } from '../events.ts'
import { type Notes, noteOf } from './event-notes.ts'

/** The events with a reason that has no note of its own. */
type Unnoted = {
  [Type in EventType]: DrawbridgeEvents[Type] extends { reason: infer Reason }
    ? [Reason] extends [keyof Notes[Type]]
      ? never
      : Type
    : never
}[EventType]

it('has a note for each reason of each event, those of OAuth errors too', () => {
  expectTypeOf<Unnoted>().toEqualTypeOf<never>()
  expectTypeOf<keyof Notes['request.refused']>().toEqualTypeOf<OAuthErrorCode>()
  expectTypeOf<keyof Notes['authorize.refused']>().toEqualTypeOf<
    | OAuthErrorCode
    | 'unknown_client'
    | 'client_unavailable'
    | 'client_document'
    | 'client_host'
    | 'redirect_uri'
  >()
})

it('weighs what a client did wrong by where it did it', () => {
  const weighs = (type: 'registration.refused' | 'authorize.refused' | 'request.refused') =>
    noteOf({ type, reason: 'invalid_request', detail: '', path: '/token' }).severity
  expect(weighs('registration.refused')).toBe('info')
  expect(weighs('authorize.refused')).toBe('info')
  expect(weighs('request.refused')).toBe('debug')
})

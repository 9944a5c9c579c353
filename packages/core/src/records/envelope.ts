/** What is sealed. */
export interface Envelope {
  schema: typeof schemaVersion
  v: unknown
  /** Unix seconds. */
  exp?: number
}

/**
 * Of every record. An instance that is not replaced yet meets what newer ones write: to it such a record is an outage,
 * and never absent. docs/storage-schema.md says how the next version is made.
 */
const schemaVersion = 1

/** Written by a later release than this one. */
export class NewerVersion extends Error {
  override readonly name = 'NewerVersion'
}

/** Instances' clocks may differ by this many seconds. */
export const clockSkew = 60

export function envelopeText(v: unknown, exp: number | undefined): string {
  return JSON.stringify({ schema: schemaVersion, v, exp })
}

/** @throws {NewerVersion}, and other errors for what no release of ours wrote */
export function envelopeOf(text: string): Envelope {
  const envelope: Envelope = JSON.parse(text)
  const schema: unknown = envelope.schema
  if (schema === schemaVersion) return envelope
  if (Number.isSafeInteger(schema) && Number(schema) > schemaVersion) {
    throw new NewerVersion(`schema version ${schema}`)
  }
  throw new Error('no schema version')
}

/** The store's own expiry rules; the sealed one only stops a tampered store from prolonging a record. */
export function isOver({ exp }: Envelope, now: number): boolean {
  return exp !== undefined && now >= exp + clockSkew
}

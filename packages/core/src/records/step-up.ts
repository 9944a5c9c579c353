import type { GrantRef } from './grant.ts'

/** A client of this grant was told that it needs more scope: `step-up/<owner>/<id>`. */
export interface StepUpRecord {
  /** Unix seconds. */
  refused_at: number
  /** What it was told that it needs. */
  scopes: readonly string[]
  /** A refresh was refused for it. */
  answered: boolean
}

export function stepUpKey(ref: GrantRef): string {
  return `step-up/${ref.replace('.', '/')}`
}

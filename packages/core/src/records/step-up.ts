import type { GrantRef } from './grant.ts'

/** A client of this grant was told that it needs more scope: `step-up/<owner>/<id>`. */
export interface StepUpRecord {
  /** Unix seconds. */
  refused_at: number
  /** A refresh was refused for it. */
  answered: boolean
}

export function stepUpKey(ref: GrantRef): string {
  return `step-up/${ref.replace('.', '/')}`
}

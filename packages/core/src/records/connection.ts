import type { UpstreamAnswer } from '../identity/provider.ts'

/** The provider's tokens for one login, or for one user: `connection/<owner>/<id>`. */
export interface ConnectionRecord extends UpstreamAnswer {
  owner: string
  id: string
  provider: string
  subject: string
  /** Unix seconds. */
  obtained_at: number
  /** What the store was told. */
  expires_at: number
  /** The provider said the authorization is over; only a new login helps. */
  ended?: boolean | undefined
}

export function connectionKey(owner: string, id: string): string {
  return `connection/${owner}/${id}`
}

/** All of one user's. */
export function connectionPrefix(owner: string): string {
  return `connection/${owner}/`
}

/** Everybody's: for administration. */
export const connectionKinds = 'connection/'

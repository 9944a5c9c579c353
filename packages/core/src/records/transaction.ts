/** One authorization request on its way through consent and the provider: `transaction/<sha256 of its handle>`. */
export interface TransactionRecord {
  client_id: string
  redirect_uri: string
  state?: string | undefined
  scopes: readonly string[]
  resource: string
  code_challenge: string
  /** Unix seconds. */
  created_at: number
  expires_at: number
  correlation: string
  /** What the person decided, and in which browser. */
  approval?: Approval | undefined
  /** Unix seconds; a callback is at work. */
  exchanging_at?: number | undefined
  /** Where the browser was sent at the end; kept so that a reload goes there again. */
  outcome?: { location: string; grant?: string | undefined } | undefined
}

export interface Approval {
  provider: string
  /** SHA-256 of the binding cookie's value. */
  binding: string
  /** Our own PKCE verifier and nonce for the upstream leg. */
  code_verifier: string
  nonce: string
}

export function transactionKey(handleHash: string): string {
  return `transaction/${handleHash}`
}

/** All of them: for administration. */
export const transactionPrefix = 'transaction/'

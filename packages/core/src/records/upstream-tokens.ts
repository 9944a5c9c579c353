/** What the provider gave us for a user. Never leaves the server. */
export interface UpstreamTokens {
  access_token: string
  token_type: string
  refresh_token?: string | undefined
  /** Unix seconds. Absent: the provider names no expiry. */
  expires_at?: number | undefined
  /** Unix seconds; when the provider says how long its refresh token lives. */
  refresh_expires_at?: number | undefined
  /** Scopes the provider granted, in our names. */
  scopes: readonly string[]
}

/** The claims of a checked id_token (OpenID Connect Core 2). */
export type UpstreamClaims = Readonly<Record<string, unknown>>

/** What the provider's token endpoint said; kept with the connection. */
export interface UpstreamAnswer {
  tokens: UpstreamTokens
  /** Of the newest id_token. */
  claims?: UpstreamClaims | undefined
  /** Members beyond those of the specifications. */
  answer: Readonly<Record<string, unknown>>
}

/**
 * Everything noteworthy, as one closed list. Events carry identifiers and reason codes, never a token, a code or a
 * secret. `correlation` is the same from a transaction through its grant to the requests made with it.
 */
export type DrawbridgeEvent =
  | ({ type: 'client.registered'; client_id: string } & Common)
  | ({ type: 'client.rejected'; reason: string } & Common)
  | ({ type: 'authorize.started'; client_id: string } & Common)
  | ({ type: 'authorize.refused'; client_id?: string; reason: string } & Common)
  | ({ type: 'consent.approved' | 'consent.denied'; client_id: string } & Common)
  | ({ type: 'consent.refused'; reason: 'csrf' | 'cross_site' | 'other_browser' } & Common)
  | ({
      type: 'callback.refused'
      reason: 'unknown_transaction' | 'other_browser' | 'other_provider' | 'issuer_mismatch' | 'not_approved'
    } & Common)
  | ({ type: 'callback.failed'; provider: string; reason: string } & Common)
  | ({ type: 'login.denied'; provider: string } & Common)
  | ({ type: 'grant.created' | 'grant.redeemed'; grant: string; client_id: string; subject: string } & Common)
  | ({ type: 'grant.ended'; grant: string; reason: GrantEnd } & Common)
  | ({ type: 'code.refused'; reason: string; grant?: string } & Common)
  | ({ type: 'refresh.rotated' | 'refresh.replayed' | 'refresh.lost_response'; grant: string } & Common)
  | ({ type: 'refresh.refused'; reason: string; grant?: string } & Common)
  | ({ type: 'upstream.refreshed' | 'upstream.ended'; provider: string; owner: string } & Common)
  | ({ type: 'upstream.unavailable'; provider: string; reason: string } & Common)
  | ({ type: 'upstream.revoked'; provider: string; outcome: 'done' | 'failed' } & Common)
  | ({ type: 'storage.unavailable'; operation: string } & Common)
  | ({ type: 'keys.created' | 'keys.rotated'; kid: string } & Common)
  | ({ type: 'keys.unknown_secret'; key_id: string } & Common)
  | ({ type: 'configuration.weakened'; option: string } & Common)

export type GrantEnd =
  | 'revoked'
  | 'code_replayed'
  | 'refresh_reused'
  | 'upstream_ended'
  | 'identity_refused'
  | 'capped'
  | 'administration'

interface Common {
  /** Joins the events of one flow. */
  correlation?: string
}

export type EventListener = (event: DrawbridgeEvent) => void

/** A listener that cannot break the flow it listens to. */
export function guardedListener(listener: EventListener | undefined): EventListener {
  if (!listener) return () => {}
  return (event) => {
    try {
      listener(event)
    } catch {
      // An observer's fault is not the flow's.
    }
  }
}

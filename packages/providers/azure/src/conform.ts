import { member, refusal, refusalBody } from '@drawbridge/core/provider'

type Leg = 'code' | 'refresh' | 'revoke' | 'exchange'

/**
 * What Entra's numbers mean in RFC 6749 5.2's terms, where its own word may say less.
 * https://learn.microsoft.com/entra/identity-platform/reference-error-codes
 */
const numbers: Readonly<Record<string, readonly number[]>> = {
  // Ended: by time, by a changed password, by an administrator.
  invalid_grant: [50173, 700082, 700084, 70043, 70044, 70008, 50057, 50105, 50132, 50133, 50089],
  // Secrets, certificates and federated credentials that are wrong or over.
  invalid_client: [7000215, 7000222, 7000218, 700024, 700027, 70021, 700211, 700212, 700213, 50012],
  temporarily_unavailable: [90033, 50033, 40010, 90006, 90012, 90024],
  // Somebody has to be there: to show a second factor, or because of a policy.
  interaction_required: [50072, 50074, 50076, 50078, 50079, 50158, 53000, 53001, 53002, 53003],
  consent_required: [65001],
}

/** What only another sign-in can mend: at a refresh, this one has ended. */
const needsSomebody = ['interaction_required', 'login_required', 'consent_required']

/** Says Entra's errors in the words that core decides by. */
export async function conform(response: Response, leg: Leg): Promise<Response> {
  const body = await refusalBody(response)
  const theirs = member(body, 'error')
  const meant = wordOf(body) ?? theirs
  // A tool's token is another matter: whoever is refused that one stays signed in.
  const error = leg !== 'exchange' && needsSomebody.includes(String(meant)) ? 'invalid_grant' : meant
  const status = error === 'invalid_client' ? 401 : 400
  if (typeof error !== 'string' || (error === theirs && status === response.status)) return response
  return refusal(error, member(body, 'error_description'))
}

function wordOf(body: unknown): string | undefined {
  const codes = member(body, 'error_codes')
  const numbered = Array.isArray(codes) ? codes : []
  return Object.entries(numbers).find(([, of]) => numbered.some((code) => of.includes(Number(code))))?.[0]
}

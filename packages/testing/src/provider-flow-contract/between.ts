/** What a request to the provider is for. */
export type Leg = 'code' | 'refresh' | 'other'

/** One request of the server, on its way to the provider. */
export interface Passage {
  readonly request: Request
  /** The form it brings, if it does. */
  readonly form: URLSearchParams | undefined
  readonly leg: Leg
  /** What bounds it in time. */
  readonly signal: AbortSignal | undefined
  /** Lets it through, with another form where one is given. */
  pass(form?: URLSearchParams): Promise<Response>
}

/** What happens to a request on its way. */
export type Fault = (passage: Passage) => Promise<Response> | Response

/** What stands between the server and the provider. */
export interface Between {
  readonly fetch: typeof fetch
  /** While there is one, requests go through it. */
  fault: Fault | undefined
  /** Each request that the server made, also those that never arrived; but for where it found the provider's metadata. */
  readonly asked: Leg[]
  /** What the token endpoint gave, as it arrived. */
  readonly granted: Readonly<Record<string, unknown>>[]
  /** Every token and code of the provider's that passed. */
  readonly secrets: Set<string>
  /** What a refresh token brings, asked for as the server last asked the token endpoint. `undefined`: it is over. */
  renew(refresh_token: string): Promise<string | undefined>
}

/** @param provider sends a request to the provider */
export function betweenServerAnd(provider: (request: Request) => Promise<Response>): Between {
  let latest: Pick<Passage, 'request' | 'form'> | undefined
  const between: Between = {
    fault: undefined,
    asked: [],
    granted: [],
    secrets: new Set(),
    async fetch(input, init) {
      const request = new Request(input, init)
      const form = await formOf(request)
      const leg = legOf(form)
      if (!request.url.includes('/.well-known/')) between.asked.push(leg)
      if (leg !== 'other') latest = { request, form }
      const pass = (changed?: URLSearchParams) => provider(changed ? withForm(request, changed) : request)
      const passage = { request, form, leg, signal: init?.signal ?? undefined, pass }
      const response = await (between.fault?.(passage) ?? pass())
      await note(between, leg, form, response)
      return response
    },
    async renew(refresh_token) {
      if (!latest?.form) throw new TypeError('the token endpoint was never asked')
      const credentials = [...latest.form].filter(([name]) => name.startsWith('client_'))
      const grant = { grant_type: 'refresh_token', refresh_token }
      const form = new URLSearchParams([...credentials, ...Object.entries(grant)])
      const body = await jsonOf(await provider(withForm(latest.request, form)))
      return typeof body?.access_token === 'string' ? body.access_token : undefined
    },
  }
  return between
}

/** The JSON object in an answer, if there is one. */
export async function jsonOf(response: Response): Promise<Record<string, unknown> | undefined> {
  try {
    const body: unknown = await response.clone().json()
    return typeof body === 'object' && body !== null && !Array.isArray(body)
      ? (body as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

async function formOf(request: Request): Promise<URLSearchParams | undefined> {
  const isForm = request.headers.get('content-type')?.includes('x-www-form-urlencoded')
  return isForm ? new URLSearchParams(await request.clone().text()) : undefined
}

function legOf(form: URLSearchParams | undefined): Leg {
  const grantType = form?.get('grant_type')
  return grantType === 'authorization_code' ? 'code' : grantType === 'refresh_token' ? 'refresh' : 'other'
}

function withForm({ url, method, headers }: Request, body: URLSearchParams): Request {
  return new Request(url, { method, headers, body })
}

async function note(
  { granted, secrets }: Between,
  leg: Leg,
  form: URLSearchParams | undefined,
  response: Response,
): Promise<void> {
  // A body that never ends is of no answer that grants anything.
  if (leg === 'other' || !response.headers.get('content-type')?.includes('json')) return
  if (response.headers.has(unending)) return
  const body = await jsonOf(response)
  if (!body) return
  if (response.ok) granted.push(body)
  for (const secret of [form?.get('code'), body.access_token, body.refresh_token, body.id_token]) {
    if (typeof secret === 'string' && secret.length >= 16) secrets.add(secret)
  }
}

/** A header by which an answer says that its body is not to be waited for. */
export const unending = 'x-unending'

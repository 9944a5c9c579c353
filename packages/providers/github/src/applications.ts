import { type Call, callJson, type JsonAnswer, jsonAnswer } from '@drawbridge/core/provider'
import type { Settings } from './options.ts'
import { isVerdict, unexpected } from './rest-api.ts'

/** Asks about a token with the app's own credentials: 404 when it is not of this app, or no more. */
export async function checkToken(
  access_token: string,
  call: Call,
  settings: Settings,
): Promise<JsonAnswer & { url: string }> {
  const { url, init } = request('POST', access_token, settings)
  return { ...(await callJson(call, url, init)), url }
}

/** Ends one token. The user's other tokens, and their approval of the app, stay. */
export async function endToken(access_token: string, call: Call, settings: Settings): Promise<void> {
  const { url, init } = request('DELETE', access_token, settings)
  const response = await call(url, init)
  if (response.status === 204) return
  const answer = await jsonAnswer(response, url)
  // Ended already, for GitHub does not know it.
  if (isVerdict(answer, 404) || isVerdict(answer, 422)) return
  throw unexpected(answer, url)
}

function request(
  method: 'POST' | 'DELETE',
  access_token: string,
  { apiUrl, clientId, clientSecret }: Settings,
) {
  return {
    url: `${apiUrl}/applications/${encodeURIComponent(clientId)}/token`,
    init: {
      method,
      headers: {
        accept: 'application/vnd.github+json',
        'content-type': 'application/json',
        authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}`,
      },
      body: JSON.stringify({ access_token }),
    },
  }
}

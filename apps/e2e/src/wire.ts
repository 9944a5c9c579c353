import type { DrawbridgeEvent } from '@drawbridge/core'
import { browser, type Network, oauthClient } from '@drawbridge/testing'
import { resource, secret, type World, world } from './world.ts'

/** What may be said aloud: everything else that a request or an answer carries counts as a credential. */
const publicNames = new Set([
  'client_id',
  'redirect_uri',
  'resource',
  'iss',
  'scope',
  'response_type',
  'grant_type',
  'code_challenge_method',
  'token_type_hint',
  'decision',
  'provider',
  'error',
  'error_description',
  'login',
])
/** In JSON most is public. */
const secretMembers = new Set(['access_token', 'refresh_token', 'client_secret'])

/** A world in which every credential that passes between clients, browsers, the server and the provider is noted. */
export interface WatchedWorld extends World {
  /** Every event there was, also when `events` is emptied. */
  history: readonly DrawbridgeEvent[]
  /** Everything seen so far that no log may hold, with where it was seen. */
  credentials: ReadonlyMap<string, string>
}

export function watchedWorld(options: Parameters<typeof world>[0] = {}): WatchedWorld {
  const credentials = new Map<string, string>([
    [secret, 'secret'],
    ['dev-secret', 'client_secret of the app at the provider'],
  ])
  const note = (name: string, value: string) => {
    // The front of our codes and tokens names the grant, as events do; the part after the last dot is the secret.
    for (const secretPart of new Set([value, value.slice(value.lastIndexOf('.') + 1)])) {
      if (secretPart.length < 8 || publicNames.has(name) || credentials.has(secretPart)) continue
      credentials.set(secretPart, name)
    }
  }
  const noteAll = (parameters: URLSearchParams) => {
    for (const [name, value] of parameters) note(name, value)
  }
  const noteJson = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [name, member] of Object.entries(value)) {
      if (typeof member === 'string' && secretMembers.has(name)) note(name, member)
      else noteJson(member)
    }
  }
  const noteBody = async (message: Request | Response): Promise<void> => {
    const text = await message.clone().text()
    const type = message.headers.get('content-type') ?? ''
    if (type.includes('urlencoded')) noteAll(new URLSearchParams(text))
    if (type.includes('json')) noteJson(JSON.parse(text))
  }

  const watched: Network = async (input, init) => {
    const request = new Request(input, init)
    noteAll(new URL(request.url).searchParams)
    const [scheme, value = ''] = (request.headers.get('authorization') ?? '').split(' ')
    note('authorization', value)
    if (scheme === 'Basic') note('client_secret', atob(value).split(':')[1] ?? '')
    for (const pair of request.headers.get('cookie')?.split('; ') ?? [])
      note('cookie', pair.slice(pair.indexOf('=') + 1))
    await noteBody(request)

    const response = await w.fetch(request)
    const location = response.headers.get('location')
    if (location) noteAll(new URL(location, request.url).searchParams)
    for (const cookie of response.headers.getSetCookie()) note('cookie', /=([^;]*)/.exec(cookie)?.[1] ?? '')
    await noteBody(response)
    return response
  }

  const history: DrawbridgeEvent[] = []
  const onEvent = (event: DrawbridgeEvent) => {
    history.push(event)
    w?.events.push(event)
  }
  const w = world({ ...options, onEvent, fetch: watched as typeof fetch })
  for (const { email } of w.provider.users) note('email', email ?? '')
  return {
    ...w,
    history,
    credentials,
    fetch: watched,
    browser: (more = {}) => browser({ fetch: watched, clock: w.clock, ...more }),
    client: (more = {}) => oauthClient({ mcpUrl: resource, fetch: watched, ...more }),
    call: (access_token, init = {}) => {
      if (access_token !== undefined) note('access_token', access_token)
      return w.call(access_token, init)
    },
  }
}

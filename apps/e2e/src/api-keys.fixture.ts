import { memory } from '@drawbridge/core'
import { type ApiKeyOptions, type ApiKeys, apiKeys } from '@drawbridge/core/api-keys'
import type { GitHubUser } from '@drawbridge/github'
import { resource, secret, world } from './world.ts'

/** Whom the provider knows as octocat. */
export const octocat = 'github|1001'

/** A server that lets API keys in; those of another instance, which shares nothing with it but the storage, are `keys`. */
export function withKeys(
  options: Parameters<typeof world>[0] = {},
  more: Partial<ApiKeyOptions<GitHubUser>> = {},
) {
  const storage = options.storage ?? memory()
  const here: { keys?: ApiKeys<GitHubUser> } = {}
  const nothing = { status: 'not-mine' } as const
  const accept = [{ verify: async (...given) => here.keys?.verify(...given) ?? nothing }] satisfies [
    Pick<ApiKeys<GitHubUser>, 'verify'>,
  ]
  const w = world({ ...options, storage, accept })
  const onEvent: ApiKeyOptions['onEvent'] = (event) => void w.events.push(event)
  const make = (own: Partial<ApiKeyOptions<GitHubUser>> = {}): ApiKeys<GitHubUser> =>
    apiKeys<GitHubUser>({ secret, storage, clock: w.clock, onEvent, log: false, ...more, ...own })
  here.keys = make()
  return { w, keys: make(), make, storage }
}

/** A request with this key, or with any other token. */
export function asking(token: string, at: string = resource): Request {
  return new Request(at, { method: 'POST', headers: { authorization: `Bearer ${token}` } })
}

export const user = { login: 'octocat' } as GitHubUser
/** A key like any other. */
export const ci = { subject: octocat, resource, name: 'CI', user }

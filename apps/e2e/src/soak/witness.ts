import { setTimeout as sleep } from 'node:timers/promises'
import type { DevGitHub } from '@drawbridge/testing'
import type { Random } from './random.ts'

/**
 * Stands beside the provider and remembers who used which refresh token. It works once: when the process that was
 * given its successor is killed before the store has it, the user's authorization at the provider is over, and nobody
 * could have done better.
 */
export interface Witness {
  /** The provider, whose token endpoint instances reach below a path of their own name. */
  fetch(request: Request): Promise<Response>
  /** Whether that happened to this user since `since`, in Unix milliseconds. */
  sawLoss(login: string, since: number): boolean
}

/** One authorization at the provider, whose tokens replace each other. */
interface Chain {
  login?: string
}

const namedTokenEndpoint = /^\/([^/]+)(\/login\/oauth\/access_token)$/
const mostRequests = 1000

export function witness(
  provider: DevGitHub,
  isKilled: (instance: string) => boolean,
  random: Random,
): Witness {
  const chains = new Map<string, Chain>()
  /** Which refresh token came with an access token. */
  const siblings = new Map<string, string>()
  /** Which instance used a refresh token. */
  const usedBy = new Map<string, string>()
  const losses = new Map<string, number>()

  /** Providers are some distance away, on the way there and back: time for others to come in between. */
  async function fromAfar(request: Request): Promise<Response> {
    await sleep(random.between(0, 50))
    const response = await provider.fetch(request)
    await sleep(random.between(0, 50))
    return response
  }

  /** A token that works no longer because a process took its successor into its grave. */
  function dead(refresh_token: string | undefined): void {
    const instance = refresh_token === undefined ? undefined : usedBy.get(refresh_token)
    if (refresh_token === undefined || instance === undefined || !isKilled(instance)) return
    const login = chains.get(refresh_token)?.login
    if (login !== undefined) losses.set(login, Date.now())
  }

  async function token(instance: string, path: string, request: Request): Promise<Response> {
    const form = await request.text()
    const url = new URL(path, request.url)
    const { method, headers, signal } = request
    const response = await fromAfar(new Request(url, { method, headers, signal, body: form }))
    const presented = new URLSearchParams(form).get('refresh_token') ?? undefined
    const answer = (await response
      .clone()
      .json()
      .catch(() => ({}))) as { access_token?: string; refresh_token?: string; error?: string }
    const { access_token, refresh_token } = answer
    if (access_token && refresh_token) {
      const chain = (presented && chains.get(presented)) || {}
      chains.set(refresh_token, chain)
      chains.set(access_token, chain)
      siblings.set(access_token, refresh_token)
      if (presented) usedBy.set(presented, instance)
    } else if (answer.error === 'bad_refresh_token') dead(presented)
    return response
  }

  return {
    async fetch(request) {
      if (provider.requests.length > mostRequests) provider.requests.length = 0
      const { pathname } = new URL(request.url)
      const [, instance, path] = namedTokenEndpoint.exec(pathname) ?? []
      if (instance !== undefined && path !== undefined) return token(instance, path, request)
      const response = await fromAfar(request)
      if (pathname.endsWith('/user')) {
        const access_token = request.headers.get('authorization')?.split(' ')[1] ?? ''
        const chain = chains.get(access_token)
        if (response.status === 401) dead(siblings.get(access_token))
        else if (response.ok && chain) {
          chain.login = ((await response.clone().json()) as { login: string }).login
        }
      }
      return response
    },
    sawLoss: (login, since) => (losses.get(login) ?? 0) >= since,
  }
}

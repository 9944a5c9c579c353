import { afterEach, beforeEach } from 'vitest'
import { fakeClock } from './clock.ts'
import { type DevGitHub, type DevGitHubOptions, devGitHub } from './dev-github.ts'
import { browser } from './driver/browser.ts'
import { signIn } from './driver/sign-in.ts'
import type { Listener } from './listen.ts'

const CALLBACK = 'http://127.0.0.1:9/callback/github'
const APPS = [
  { clientId: 'classic', clientSecret: 'classic-secret', callbackUrls: ['http://127.0.0.1/callback'] },
  { clientId: 'modern', clientSecret: 'modern-secret', mode: 'github-app' as const },
]

export let clock = fakeClock()
export let provider: DevGitHub
export let listener: Listener

export async function start(options: DevGitHubOptions = {}) {
  await listener?.close()
  clock = fakeClock()
  provider = devGitHub({ apps: APPS, clock, ...options })
  listener = await provider.listen()
}
beforeEach(() => start())
afterEach(() => listener.close())

export function authorizationUrl(parameters: Record<string, string> = {}): URL {
  const url = new URL('/login/oauth/authorize', listener.url)
  const all = {
    client_id: 'classic',
    redirect_uri: CALLBACK,
    scope: 'read:user',
    state: 'xyz',
    ...parameters,
  }
  for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value)
  return url
}

export async function codeFor(parameters: Record<string, string> = {}, user = 'octocat'): Promise<string> {
  const callback = await signIn(browser(), authorizationUrl(parameters), { user })
  return callback.searchParams.get('code') ?? ''
}

export async function token(parameters: Record<string, string>, headers: Record<string, string> = {}) {
  const response = await fetch(`${listener.url}/login/oauth/access_token`, {
    method: 'POST',
    headers: { accept: 'application/json', ...headers },
    body: new URLSearchParams({ client_id: 'classic', client_secret: 'classic-secret', ...parameters }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

export function api(path: string, access_token: unknown, init: RequestInit = {}) {
  return fetch(`${listener.url}/api/v3${path}`, {
    headers: { authorization: `Bearer ${access_token}` },
    ...init,
  })
}

export function asApp(clientId: string, secret: string, method: string, kind: string, access_token: unknown) {
  return fetch(`${listener.url}/applications/${clientId}/${kind}`, {
    method,
    headers: { authorization: `Basic ${btoa(`${clientId}:${secret}`)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ access_token }),
  })
}

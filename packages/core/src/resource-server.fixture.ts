import type { Auth } from './auth.ts'
import type { Verification, VerifiedToken, Verifier } from './resource-server/verifier.ts'
import { type ResourceServerOptions, resourceServer } from './resource-server.ts'

export const resource = 'https://mcp.test/mcp'
export const clock = { now: () => 1_700_000_000_000, sleep: async () => {} }

export function verified<User>(user: User, more: Partial<VerifiedToken<User>> = {}): Verification<User> {
  const token = {
    subject: 's',
    clientId: 'c',
    scopes: ['a'],
    expiresAt: 1_700_003_600,
    issuer: 'https://i.test',
    user,
  }
  return { status: 'valid', token: { ...token, ...more } }
}

/** A verifier with one answer, which counts how often it is asked. */
export function answering<User>(answer: Verification<User> | (() => Verification<User>)) {
  const asked: string[] = []
  const verifier: Verifier<User> = {
    async verify(token, context) {
      asked.push(`${token} for ${context.resource}`)
      return typeof answer === 'function' ? answer() : answer
    },
  }
  return { ...verifier, asked }
}

export const notMine: Verification<never> = { status: 'not-mine' }
export const invalid: Verification<never> = { status: 'invalid', reason: 'expired' }
export const unavailable: Verification<never> = { status: 'unavailable', reason: 'no answer' }

export function protect(options: Partial<ResourceServerOptions> = {}): Auth {
  return resourceServer({
    resource,
    authorizationServers: ['https://login.test'],
    verifier: answering(verified('ada')),
    log: false,
    clock,
    ...options,
  })
}

export async function status(auth: Auth, token = 'token'): Promise<number> {
  const result = await auth.authenticate(
    new Request(resource, { headers: { authorization: `Bearer ${token}` } }),
  )
  return result.ok ? 200 : result.response.status
}

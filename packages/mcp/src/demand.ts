import type { Auth, AuthInfo } from '@drawbridge/core'
import { missingScopes, unionScopes } from '@drawbridge/core/syntax'
import type { Line } from './channel.ts'
import { exposed } from './cors.ts'
import { challenged, notSignedIn, tooLittle } from './refusal.ts'
import { toolChallenge } from './tool-challenge.ts'

/** The way a challenge is sent: by status and header, or in a tool's result. */
export type Way = 'http' | 'result'

/** Answers what takes a sign-in, or more scope (RFC 6750 3.1). */
export interface Demands<User> {
  /** 401 with the challenge for what was tried. Reads no token, since there is none. */
  unauthorized(request: Request, scopes: readonly string[]): Promise<Response>
  /**
   * Asks for a sign-in, or for more scope.
   *
   * @param asked `info`: who did sign in
   * @param scopes all that the request takes
   */
  demand(
    asked: { request: Request; message: unknown; info?: AuthInfo<User> | undefined },
    scopes: readonly string[],
    way?: Way | undefined,
  ): Promise<Response>
}

/**
 * @param always scopes that everything takes
 * @param usual how it is said where nobody says otherwise
 */
export function demands<User>(
  auth: Auth<User> | undefined,
  line: Line<User>,
  {
    always,
    methods,
    usual,
  }: { always: readonly string[] | undefined; methods: readonly string[]; usual: Way },
): Demands<User> {
  return { unauthorized, demand }

  async function unauthorized(
    { url, method, headers }: Request,
    scopes: readonly string[],
  ): Promise<Response> {
    const need = unionScopes(always, scopes)
    const authentication = await gate().authenticate({ url, method, headers }, { scopes: need, methods })
    if (!authentication.ok) return authentication.response
    // Only a gate that needs no token gets here.
    throw new Error('auth.authenticate() let a request in that has no Authorization header')
  }

  async function demand(
    { request, message, info }: Parameters<Demands<User>['demand']>[0],
    scopes: readonly string[],
    way: Way = usual,
  ): Promise<Response> {
    const challenge = info ? await gate().challenge(info, { scopes }) : await unauthorized(request, scopes)
    const text = info ? tooLittle(missingScopes(scopes, info.scopes)) : notSignedIn
    const isStateless = line.isStateless?.({ request, message }) === true
    const result = way === 'result' && toolChallenge(challenge, message, { text, isStateless })
    return exposed(result || (info ? await challenged(challenge, text) : challenge))
  }

  function gate(): Auth<User> {
    if (!auth) throw new Error('nobody signs in where there is no `auth`')
    return auth
  }
}

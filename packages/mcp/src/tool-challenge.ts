import { isObject, rpcResult } from './json-rpc.ts'

/**
 * A challenge (RFC 6750 3) as the result of a tool, which ChatGPT looks for in `_meta["mcp/www_authenticate"]`. Everybody
 * else needs the HTTP status, so this is only for who asked for it.
 *
 * @param challenge the answer with status 401 or 403 in whose place it stands
 * @param message the parsed body
 * @param options.text for a person, or a model
 * @returns `undefined` where the message is not one call of a tool: nothing else has a result that can be an error
 * @example
 * toolChallenge(await auth.challenge(info, { scopes }), message, { text: 'Sign in.', isStateless: false }) ?? challenge
 */
export function toolChallenge(
  { headers }: Response,
  message: unknown,
  { text, isStateless }: { text: string; isStateless: boolean },
): Response | undefined {
  const given = headers.get('www-authenticate')
  if (given === null || !isObject(message) || message.method !== 'tools/call') return undefined
  if (typeof message.id !== 'string' && typeof message.id !== 'number') return undefined
  return rpcResult(message.id, {
    content: [{ type: 'text', text }],
    isError: true,
    _meta: { 'mcp/www_authenticate': [withError(given)] },
    // The protocol without sessions has no result without it, and the one before no such member.
    ...(isStateless && { resultType: 'complete' }),
  })
}

/** ChatGPT asks for both members, also where no token was sent and RFC 6750 wants neither. */
function withError(challenge: string): string {
  if (/\berror="/.test(challenge)) return challenge
  return `${challenge}, error="insufficient_scope", error_description="Sign in to use this."`
}

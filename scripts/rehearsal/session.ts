import { browser } from '../../packages/testing/src/driver/browser.ts'
import { oauthClient, type TokenBody } from '../../packages/testing/src/driver/oauth-client.ts'
import type { SignInOptions } from '../../packages/testing/src/driver/sign-in.ts'

/** An MCP client that somebody has signed in. */
export interface Session {
  /** What the server's `whoami` says, after a refresh where there is a token for it. Throws where either is not taken. */
  whoami(): Promise<string>
}

/** Registers a client at the server, and signs somebody in. */
export async function signedIn(mcpUrl: string, person: SignInOptions): Promise<Session> {
  const client = oauthClient({ mcpUrl })
  let tokens: Partial<TokenBody> = await client.login(browser(), person)
  return {
    async whoami() {
      // Not every authorization server gives one to a client that asks for nothing.
      if (tokens.refresh_token !== undefined) {
        const { status, body } = await client.refresh(tokens.refresh_token)
        if (status !== 200) throw new Error(`a refresh is answered with ${status} ${JSON.stringify(body)}`)
        tokens = { ...tokens, ...body }
      }
      return callTool(mcpUrl, tokens.access_token ?? '', 'whoami')
    },
  }
}

async function callTool(mcpUrl: string, access_token: string, name: string): Promise<string> {
  const response = await fetch(mcpUrl, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${access_token}`,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name } }),
  })
  const answer = await response.text()
  const [, text] = /"text":"([^"]*)"/.exec(answer) ?? []
  if (response.status !== 200 || text === undefined) throw new Error(`${name}: ${response.status} ${answer}`)
  return text
}

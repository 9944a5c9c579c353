import { browser } from '../../packages/testing/src/driver/browser.ts'
import { oauthClient } from '../../packages/testing/src/driver/oauth-client.ts'
import type { SignInOptions } from '../../packages/testing/src/driver/sign-in.ts'

/** An MCP client that somebody has signed in. */
export interface Session {
  /** What the server's `whoami` says, after a refresh. Throws where the refresh token or the access token is not taken. */
  whoami(): Promise<string>
}

/** Registers a client at the server, and signs somebody in. */
export async function signedIn(mcpUrl: string, person: SignInOptions): Promise<Session> {
  const client = oauthClient({ mcpUrl })
  let { refresh_token } = await client.login(browser(), person)
  return {
    async whoami() {
      const { status, body } = await client.refresh(refresh_token)
      if (status !== 200)
        throw new Error(`the refresh token is answered with ${status} ${JSON.stringify(body)}`)
      refresh_token = body.refresh_token ?? refresh_token
      return callTool(mcpUrl, body.access_token ?? '', 'whoami')
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

import { memory, oauthProxy } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { mcp } from '@drawbridge/mcp'
import { browser, devGitHub, type Listener } from '@drawbridge/testing'
import { createPrivateKeyJwtAuth as signingV2 } from '@modelcontextprotocol/client'
import { createPrivateKeyJwtAuth as signingV1 } from '@modelcontextprotocol/sdk/client/auth-extensions.js'
import { exportJWK, exportPKCS8, generateKeyPair } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { frameworks, freePort } from './frameworks.ts'
import { createServer } from './mcp-server.ts'
import { type Installation, officialClients } from './official-clients.ts'
import { type Published, published } from './published.ts'
import { secret } from './world.ts'

const provider = devGitHub()
const url = 'https://app.test/client.json'
const document = { client_id: url, client_name: 'Official', redirect_uris: ['http://127.0.0.1/callback'] }
let listener: Listener

beforeAll(async () => {
  listener = await provider.listen()
})
afterAll(() => listener.close())

/** A server that reads what is published, and an official client that is signed in there. */
async function connected(line: string, web: Published, installation: Installation) {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  const auth = oauthProxy({
    issuer,
    secret,
    storage: memory(),
    provider: github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: listener.url }),
    egress: web.egress,
    log: false,
  })
  const running = await frameworks.express?.(mcp({ auth, server: () => createServer(listener.url) }), {
    port,
    prefix: '',
  })
  const client = await officialClients[line]?.(`${issuer}/mcp`, installation, browser())
  return {
    auth,
    client,
    close: async () => {
      await client?.close()
      await running?.close()
    },
  }
}

describe.each(['v1', 'v2'])('the official client %s', (line) => {
  it('connects by the URL of its document, and registers nowhere', async () => {
    const web = published()
    web.put(url, { ...document, token_endpoint_auth_method: 'none' })
    const installation: Installation = { logins: 0, clientMetadataUrl: url }
    const session = await connected(line, web, installation)
    try {
      expect(installation.registration).toMatchObject({ client_id: url })
      expect((await session.auth.clients.list()).clients).toEqual([])
      installation.tokens = { ...installation.tokens, access_token: 'expired' }
      expect((await session.client?.callTool('whoami'))?.isError).toBe(false)
      expect(installation.logins).toBe(1)
    } finally {
      await session.close()
    }
  })

  it('signs its requests to the token endpoint', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
    const web = published()
    web.put('https://app.test/keys.json', { keys: [{ ...(await exportJWK(publicKey)), use: 'sig' }] })
    web.put(url, {
      ...document,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: 'https://app.test/keys.json',
    })
    const key = { issuer: url, subject: url, privateKey: await exportPKCS8(privateKey), alg: 'RS256' }
    const addClientAuthentication = line === 'v1' ? signingV1(key) : signingV2(key)
    const installation: Installation = { logins: 0, clientMetadataUrl: url, addClientAuthentication }
    const session = await connected(line, web, installation)
    try {
      installation.tokens = { ...installation.tokens, access_token: 'expired' }
      expect((await session.client?.callTool('whoami'))?.isError).toBe(false)
      expect(installation.logins).toBe(1)
    } finally {
      await session.close()
    }
  })
})

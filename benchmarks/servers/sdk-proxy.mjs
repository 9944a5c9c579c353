import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import { ProxyOAuthServerProvider } from '@modelcontextprotocol/sdk/server/auth/providers/proxyProvider.js'
import {
  getOAuthProtectedResourceMetadataUrl,
  mcpAuthRouter,
} from '@modelcontextprotocol/sdk/server/auth/router.js'
import express from 'express'

/** `mcpAuthRouter` in front of the stub provider, which registers the clients, too. */
export async function start({ port, upstream }) {
  const issuerUrl = new URL(`http://127.0.0.1:${port}`)
  const resourceServerUrl = new URL('/mcp', issuerUrl)
  const provider = new ProxyOAuthServerProvider({
    endpoints: {
      authorizationUrl: `${upstream}/authorize`,
      tokenUrl: `${upstream}/token`,
      registrationUrl: `${upstream}/register`,
    },
    verifyAccessToken: async (token) => ({
      token,
      clientId: 'bench',
      scopes: ['read'],
      expiresAt: Date.now() / 1000 + 3600,
    }),
    getClient: async (client_id) => ({ client_id, redirect_uris: ['http://127.0.0.1:33418/callback'] }),
  })
  const unlimited = { rateLimit: false }
  const app = express()
  app.use(
    mcpAuthRouter({
      provider,
      issuerUrl,
      resourceServerUrl,
      scopesSupported: ['read'],
      authorizationOptions: unlimited,
      tokenOptions: unlimited,
      clientRegistrationOptions: unlimited,
    }),
  )
  const resourceMetadataUrl = getOAuthProtectedResourceMetadataUrl(resourceServerUrl)
  app.post('/mcp', requireBearerAuth({ verifier: provider, resourceMetadataUrl }), (_request, response) =>
    response.json({ ok: true }),
  )
  await new Promise((resolve) => app.listen(port, '127.0.0.1', resolve))
  return { mcpPath: '/mcp', resource: resourceServerUrl.href, scope: 'read' }
}
